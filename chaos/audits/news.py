"""Handoffs and news of them: who asked for a demo was handed over, sales heard of it, and under one id only."""

from collections import defaultdict

from sqlalchemy import text

from chaos.audit import Audit, Broken, found
from chaos.audits.events import asked_for
from chaos.world import World
from nurture.db import transaction

MARKS = {"webhook": "notice_{}", "email": "notice.notice_{}"}
"""What names a notice: its `webhook-id`; its mail's `Message-ID`, up to the @."""

_HANDED = text("SELECT DISTINCT l.email FROM handoff h JOIN lead l ON l.id = h.lead_id")
_TWICE = text("SELECT lead_id FROM handoff GROUP BY lead_id, cycle HAVING count(*) > 1")
_UNTOLD = text("""
    SELECT h.id FROM handoff h WHERE NOT EXISTS (
        SELECT FROM notice n WHERE n.handoff_id = h.id AND n.channel = 'webhook' AND n.kind = 'lead.requalified')
""")
_SENT = text("SELECT id, channel FROM notice WHERE channel IN ('webhook', 'email') AND state = 'sent'")
_OPEN = text("""
    SELECT id, state, last_error FROM notice
    WHERE state = 'leased' OR (state = 'queued' AND next_at <= :now)
       OR (state = 'failed' AND NOT (channel = 'email' AND last_error LIKE 'the mail server refused it: %'))
""")


def who_asked_was_handed_over(world: World) -> list[Broken]:
    with transaction(world.engine) as db:
        handed = set(db.execute(_HANDED).scalars())
        twice = list(db.execute(_TWICE).scalars())
        untold = list(db.execute(_UNTOLD).scalars())
    return [
        *found("asked for a demo, and was not handed over", sorted(asked_for(world) - handed), "losses"),
        *found("handed over twice in one cycle", twice, "doubles"),
        *found("handed over, and there is no news of it", untold, "losses"),
    ]


def sales_heard_once(world: World) -> list[Broken]:
    """Each notice that says sent has arrived, by webhook or by mail; no two ids tell of the same handoff.

    A mail to a rep may be refused for good, as any mail may; that is shown to an operator.
    """
    arrived = world.news.mails()
    ids = {one.message_id for one in arrived} | {one.token for one in (*world.sink.mails(), *world.esp.mails())}
    by_thing: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in arrived:
        if one.key == "lead.requalified":
            by_thing[one.recipient, one.key].add(one.message_id)
    with transaction(world.engine) as db:
        sent = [MARKS[row.channel].format(row.id) for row in db.execute(_SENT)]
        waiting = db.execute(_OPEN, {"now": world.clock.now}).all()
    return [
        *found("told, by our rows, and nobody heard it", [one for one in sent if one not in ids], "losses"),
        *found("one handoff told under two ids", [key for key, told in by_thing.items() if len(told) > 1], "doubles"),
        *found("news that nobody will be told", [f"{row.id} {row.state} {row.last_error}" for row in waiting], "stuck"),
    ]


def told_again(world: World) -> int:
    """How often news came again under the same id."""
    arrived = world.news.mails()
    return len(arrived) - len({one.message_id for one in arrived})


AUDITS: tuple[Audit, ...] = (who_asked_was_handed_over, sales_heard_once)
