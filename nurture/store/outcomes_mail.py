"""What was decided of campaigns and mails."""

from datetime import datetime

from nurture.rules import effects as fx
from nurture.store.decided import Decisions, tell
from nurture.trips import Statement, Trip

_LEAVING = Statement(
    """
    UPDATE enrollment SET status = 'ended', ended_at = CAST(:now AS timestamptz), left_as = u.word, due_at = NULL,
        due_until = NULL
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:word AS text[])) AS u(lead_id, n, word)
    WHERE enrollment.lead_id = u.lead_id AND enrollment.n = u.n
    """
)


def save_leaving(trip: Trip, decided: Decisions, now: datetime) -> None:
    """Enrollments that ended."""
    rows = [(one.lead_id, left.n, left.word) for one, left in decided.each(fx.LeftCampaign)]
    tell(trip, _LEAVING, rows, "lead_id n word", now=now)


_CANCELLED = Statement(
    """
    UPDATE delivery SET state = 'cancelled', reason = u.rule, lease_token = NULL, leased_until = NULL
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:rule AS text[])) AS u(lead_id, rule)
    WHERE delivery.lead_id = u.lead_id AND delivery.state IN ('queued', 'leased')
    """
)


def save_cancelled(trip: Trip, decided: Decisions) -> None:
    """Mails on their way that do not go."""
    rows = [(one.lead_id, cancelled.rule) for one, cancelled in decided.each(fx.Cancelled)]
    tell(trip, _CANCELLED, rows, "lead_id rule")


_ENROLLED = Statement(
    """
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at, due_until, slow)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:campaign AS text[]),
                         CAST(:cycle AS int[]), CAST(:status AS text[]), CAST(:started_at AS timestamptz[]),
                         CAST(:due_at AS timestamptz[]), CAST(:due_until AS timestamptz[]), CAST(:slow AS bool[]))
    """
)


def save_enrolled(trip: Trip, decided: Decisions) -> None:
    """Enrollments that began."""
    rows = []
    for one, enrolled in decided.each(fx.Enrolled):
        e = enrolled.enrollment
        rows.append((one.lead_id, e.n, e.campaign, e.cycle, e.status, e.started_at, e.due_at, e.due_until, e.slow))
    tell(trip, _ENROLLED, rows, "lead_id n campaign cycle status started_at due_at due_until slow")


_PLANNED = Statement(
    """
    UPDATE enrollment SET status = u.status, due_at = u.due_at, due_until = u.due_until, slow = u.slow
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:status AS text[]),
                CAST(:due_at AS timestamptz[]), CAST(:due_until AS timestamptz[]), CAST(:slow AS bool[]))
        AS u(lead_id, n, status, due_at, due_until, slow)
    WHERE enrollment.lead_id = u.lead_id AND enrollment.n = u.n AND enrollment.status <> 'ended'
    """
)


def save_planned(trip: Trip, decided: Decisions) -> None:
    """When enrollments are decided again."""
    last = {(one.lead_id, planned.n): planned for one, planned in decided.each(fx.Planned)}
    rows = [(lead_id, n, p.status, p.due_at, p.due_until, p.slow) for (lead_id, n), p in last.items()]
    tell(trip, _PLANNED, rows, "lead_id n status due_at due_until slow")


_QUEUED = Statement(
    """
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, variant, template, state,
                          slot_at, slot_until, local_on, zone, queued_at)
    SELECT u.lead_id, (SELECT e.id FROM enrollment e WHERE e.lead_id = u.lead_id AND e.n = u.n),
           u.campaign, u.step, u.cycle, u.variant, u.template, 'queued', u.slot_at, u.slot_until, u.local_on, u.zone,
           CAST(:now AS timestamptz)
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:n AS int[]), CAST(:campaign AS text[]), CAST(:step AS text[]),
                CAST(:cycle AS int[]), CAST(:variant AS text[]), CAST(:template AS text[]),
                CAST(:slot_at AS timestamptz[]), CAST(:slot_until AS timestamptz[]), CAST(:local_on AS date[]),
                CAST(:zone AS text[]))
        AS u(lead_id, n, campaign, step, cycle, variant, template, slot_at, slot_until, local_on, zone)
    ON CONFLICT (lead_id, campaign, step, cycle) WHERE merged_from IS NULL DO UPDATE SET
        enrollment_id = excluded.enrollment_id, variant = excluded.variant, template = excluded.template,
        state = 'queued', slot_at = excluded.slot_at, slot_until = excluded.slot_until,
        local_on = excluded.local_on, zone = excluded.zone, reason = NULL, for_good = false
    WHERE delivery.state IN ('failed', 'cancelled')
    """
)


def save_queued(trip: Trip, decided: Decisions, now: datetime) -> None:
    """Mails that are to go."""
    rows = [
        (
            one.lead_id, q.enrollment, q.campaign, q.step, q.cycle, q.variant, q.template,
            q.slot.at, q.slot.until, q.slot.local_on, q.slot.zone,
        )
        for one, q in decided.each(fx.Queued)
    ]  # fmt: skip
    names = "lead_id n campaign step cycle variant template slot_at slot_until local_on zone"
    tell(trip, _QUEUED, rows, names, now=now)
