"""Leads: none is stuck in a campaign, and who has come to its end has had every step."""

from sqlalchemy import text

from chaos.audit import Audit, Broken, found
from chaos.workspace import STEPS
from chaos.world import World
from nurture.db import transaction

_STUCK = text("""
    SELECT e.lead_id FROM enrollment e WHERE e.status = 'active' AND (e.due_at IS NULL OR e.due_at <= :now)
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.enrollment_id = e.id AND d.state = 'queued' AND d.slot_at > :now)
""")
_MISSED = text("""
    SELECT e.lead_id, count(DISTINCT d.step) AS had FROM enrollment e
    LEFT JOIN delivery d ON d.lead_id = e.lead_id AND d.campaign = e.campaign
         AND (d.state IN ('sent', 'unknown') OR (d.state = 'failed' AND d.for_good))
    WHERE e.status = 'ended' AND e.left_as = 'finished'
    GROUP BY e.id HAVING count(DISTINCT d.step) < :steps
""")
_LATE = text("""
    SELECT id FROM delivery WHERE state = 'queued' AND slot_until <= :now
""")
_AT_SALES = text("""
    SELECT l.id FROM lead l
    WHERE (l.stage IN ('mql', 'sal', 'sql')) IS DISTINCT FROM EXISTS (
        SELECT FROM handoff h WHERE h.lead_id = l.id AND h.state IN ('offered', 'accepted', 'contacted', 'qualified'))
""")
_UNHANDED = text("""
    SELECT l.id FROM lead l JOIN enrollment e ON e.lead_id = l.id AND e.status <> 'ended'
    WHERE l.stage IN ('mql', 'sal', 'sql')
""")


def nobody_is_stuck(world: World) -> list[Broken]:
    now = {"now": world.clock.now}
    with transaction(world.engine) as db:
        stuck = list(db.execute(_STUCK, now).scalars())
        late = list(db.execute(_LATE, now).scalars())
    return [
        *found("in a campaign, and nothing will ever happen", stuck, "stuck"),
        *found("queued, and the window is over", late, "stuck"),
    ]


def nobody_missed_a_step(world: World) -> list[Broken]:
    with transaction(world.engine) as db:
        missed = db.execute(_MISSED, {"steps": STEPS}).all()
    return found(
        "at the campaign's end, with steps missing", [f"lead {row.lead_id}: {row.had}" for row in missed], "losses"
    )


def stage_and_handoff_agree(world: World) -> list[Broken]:
    with transaction(world.engine) as db:
        at_sales = list(db.execute(_AT_SALES).scalars())
        both = list(db.execute(_UNHANDED).scalars())
    return [
        *found("with sales by stage or by handoff, but not both", at_sales),
        *found("with sales and in a campaign", both),
    ]


AUDITS: tuple[Audit, ...] = (nobody_is_stuck, nobody_missed_a_step, stage_and_handoff_agree)
