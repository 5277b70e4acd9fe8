"""`report sla`: whether sales answered in time. Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import text

from nurture.agreement import WorkingHours
from nurture.app import App
from nurture.db import transaction
from nurture.reports.counting import make, told
from nurture.reports.figures import Facts, Figure, Form, Unit
from nurture.reports.handed import OURS
from nurture.reports.report import Report, Span
from nurture.rules.sla import working_time

_KEYS = frozenset({"rep", "week", "month", "grade", "source", "campaign", "cycle"})


def _worked(at: str) -> str:
    """The seconds of working time up to `at`: those of all stretches before its own, and what has passed of that."""
    nth = f"width_bucket({at}, w.starts)"
    return f"""
        CASE WHEN {nth} = 0 THEN 0
             ELSE w.before[{nth}] + least(extract(epoch FROM {at} - w.starts[{nth}]), w.lengths[{nth}]) END"""


def _minutes(end: str) -> tuple[str, str]:
    """Whole working minutes, as `rules.sla.working_minutes` gives them, and elapsed ones, from the offer."""
    worked = f"CASE WHEN {end} IS NOT NULL THEN floor(({_worked(end)} - ({_worked('t.offered_at')})) / 60) END"
    return worked, f"floor(extract(epoch FROM {end} - t.offered_at) / 60)"


_BROKEN = """
    LEFT JOIN (
        SELECT handoff_id, bool_or(promise = 'accept') AS accept, bool_or(promise = 'first_attempt') AS first_attempt,
               true AS any, (array_agg(owner ORDER BY at, id))[1] AS owner
        FROM breach WHERE rung >= 1 GROUP BY handoff_id) b ON b.handoff_id = h.id
"""
_TRIED = """
    LEFT JOIN (SELECT handoff_id, min(at) AS first_at, count(*) AS n FROM attempt GROUP BY handoff_id) a
        ON a.handoff_id = h.id
"""
_PROMISED = f"""
    SELECT h.*, coalesce(b.owner, h.rep) AS answers_for, coalesce(a.n, 0) AS attempts,
           coalesce(h.accepted_at, CASE WHEN h.state = 'rejected' THEN h.closed_at END) AS answered_at,
           least(a.first_at, h.contacted_at, h.qualified_at) AS tried_at,
           coalesce(b.accept, false) AS broke_accept, coalesce(b.first_attempt, false) AS broke_attempt,
           coalesce(b.any, false) AS broke_any
    FROM ({OURS}) h {_TRIED} {_BROKEN}
"""  # noqa: S608 - constants of ours


def _late(done: str, due: str, broke: str) -> str:
    return f"(t.{broke} OR coalesce(coalesce(t.{done}, t.closed_at, :now) > t.{due}, false))"


_LATE_ACCEPT = _late("answered_at", "accept_due_at", "broke_accept")
_LATE_ATTEMPT = _late("tried_at", "attempt_due_at", "broke_attempt")
_HANDOFFS = f"""
    SELECT t.id, t.lead, t.cycle, t.source, t.campaign, t.grade, t.answers_for AS rep, t.rep AS owner, t.state, t.month,
           t.week, t.at, t.offered_at, t.accept_due_at, t.answered_at, t.attempt_due_at, t.tried_at, t.closed_at,
           t.sal_at, t.attempts, {_LATE_ACCEPT} AS late_accept, {_LATE_ATTEMPT} AS late_attempt,
           {_LATE_ACCEPT} OR {_LATE_ATTEMPT} OR t.broke_any AS late,
           {_minutes("t.answered_at")[0]} AS accept_minutes, {_minutes("t.answered_at")[1]} AS accept_elapsed,
           {_minutes("t.tried_at")[0]} AS attempt_minutes, {_minutes("t.tried_at")[1]} AS attempt_elapsed
    FROM ({_PROMISED}) t
    CROSS JOIN (SELECT CAST(:starts AS timestamptz[]) AS starts, CAST(:before AS bigint[]) AS before,
                       CAST(:lengths AS bigint[]) AS lengths) w
"""  # noqa: S608 - constants of ours
_ATTEMPTS = f"""
    SELECT a.id, a.at, a.kind, a.outcome, a.by, h.id AS handoff, h.lead, h.cycle, h.source, h.campaign, h.grade,
           coalesce(b.owner, h.rep) AS rep, h.month, h.week
    FROM attempt a JOIN ({OURS}) h ON h.id = a.handoff_id {_BROKEN}
"""  # noqa: S608 - constants of ours
_BREACHES = f"""
    SELECT r.id, r.at, r.promise, r.rung, r.action, r.due_at, r.owner, h.id AS handoff, h.lead, h.cycle, h.source,
           h.campaign, h.grade, h.month, h.week, coalesce(b.owner, h.rep) AS rep
    FROM breach r JOIN ({OURS}) h ON h.id = r.handoff_id {_BROKEN}
"""  # noqa: S608 - constants of ours
HANDOFFS = Facts(
    "handoffs", _HANDOFFS, _KEYS,
    (
        "id", "lead", "rep", "owner", "cycle", "grade", "state", "offered_at", "accept_due_at", "answered_at",
        "attempt_due_at", "tried_at", "closed_at", "attempts", "late",
    ),
)  # fmt: skip
ATTEMPTS = Facts("attempts", _ATTEMPTS, _KEYS, ("id", "handoff", "lead", "rep", "at", "kind", "outcome", "by"))
BREACHES = Facts(
    "breaches", _BREACHES, _KEYS, ("id", "handoff", "lead", "rep", "at", "promise", "rung", "action", "due_at", "owner")
)

_DONE = "(f.tried_at IS NOT NULL OR f.closed_at IS NOT NULL)"
_MET = f"NOT f.late AND f.answered_at IS NOT NULL AND {_DONE}"


def _count(name: str, where: str, means: str, *, shown: bool = False, of: Facts = HANDOFFS) -> Figure:
    return Figure(name, "count", means, of.name, where, shown=shown)


def _times(name: str, value: str, means: str, *, shown: bool = False) -> tuple[Figure, ...]:
    unit: Unit = "minutes"
    return (
        Figure(name, "median", f"Median {means}.", HANDOFFS.name, value=value, unit=unit, shown=shown),
        Figure(f"{name}_p90", "p90", f"Nine of ten: {means}.", HANDOFFS.name, value=value, unit=unit, shown=False),
    )


FORM = Form(
    "sla",
    (HANDOFFS, ATTEMPTS, BREACHES),
    (
        _count("volume", "true", "Handoffs offered.", shown=True),
        _count("met", _MET, "No promise broken; answered, and tried or closed.", shown=True),
        _count("breached", "f.late", "At least one promise broken.", shown=True),
        _count("pending", f"NOT f.late AND NOT ({_MET})", "Nothing broken, and not all done yet.", shown=True),
        Figure(
            "sla_met", "share", "Met, of met and breached.", HANDOFFS.name, f"f.late OR ({_MET})", "NOT f.late"
        ),
        *_times("accept_minutes", "f.accept_minutes", "working minutes from the offer to the answer", shown=True),
        *_times("accept_elapsed", "f.accept_elapsed", "minutes by the clock, from the offer to the answer"),
        *_times("attempt_minutes", "f.attempt_minutes", "working minutes from the offer to the first try", shown=True),
        *_times("attempt_elapsed", "f.attempt_elapsed", "minutes by the clock, from the offer to the first try"),
        _count("attempts", "true", "Calls, mails and meetings that were logged.", shown=True, of=ATTEMPTS),
        Figure(
            "attempts_per_lead", "mean", "Attempts a handoff, of those that were accepted.", HANDOFFS.name,
            "f.sal_at IS NOT NULL", value="f.attempts",
        ),
        _count("accept_breached", "f.late_accept", "Not answered in time."),
        _count("attempt_breached", "f.late_attempt", "Not tried in time."),
        _count("reminded", "f.action = 'remind'", "Reps reminded.", of=BREACHES),
        _count("escalated", "f.action = 'escalate'", "Told to the manager.", of=BREACHES),
        _count("reassigned", "f.action = 'reassign'", "Given to somebody else.", of=BREACHES),
        _count("returned", "f.action = 'return_to_nurture'", "Returned to nurture.", of=BREACHES),
    ),
    by=("rep", "week"),
    may_be_by=("rep", "week", "month", "grade", "source", "campaign", "cycle"),
    erased=("handoffs",),
)  # fmt: skip


def sla(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """How many of the handoffs offered in this time were answered as promised; by rep and week unless asked otherwise.

    A handoff of which a promise was broken counts with the rep who had it then; any other with the one who has it.

    Raises:
        UsageError: It is no report by that.
    """
    report = make(app, FORM, Span(since, until), by=by, now=now, **_working_time(app, now))
    target = app.agreement.targets.sla_met
    return told(report, target={"sla_met": None if target is None else target / 100})


def _working_time(app: App, now: datetime) -> dict[str, Any]:
    """Every stretch of working time since the first handoff: when it begins, how long it is, how much was before it."""
    with transaction(app.engine) as db:
        first = db.execute(text("SELECT min(offered_at) FROM handoff")).scalar()
    return stretches(app.agreement.sla.hours, first or now, now)


def stretches(hours: WorkingHours, start: datetime, end: datetime) -> dict[str, Any]:
    """The working time between two instants as `starts`, `lengths` and what was `before` each, in seconds."""
    found = list(takewhile(lambda stretch: stretch[0] <= end, working_time(hours, start)))
    lengths = [int((closed - opened).total_seconds()) for opened, closed in found]
    before = [0]
    for length in lengths:
        before.append(before[-1] + length)
    return {"starts": [opened for opened, _ in found], "lengths": lengths, "before": before[:-1]}
