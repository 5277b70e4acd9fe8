"""`report funnel`: inquiry → nurture → mql → sal → sql → won. Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime

from nurture.app import App
from nurture.reports.counting import make
from nurture.reports.figures import Facts, Figure, Form, Unit
from nurture.reports.handed import HANDOFFS, OPEN, OUTCOMES, SOMEBODYS
from nurture.reports.report import Report, Span

_ROUNDS = f"""
    WITH nurtured AS (
        SELECT u.lead_id, u.cycle, min(u.at) AS at FROM (
            SELECT lead_id, cycle, started_at AS at FROM enrollment WHERE started_at >= CAST(:since AS timestamptz)
            UNION ALL SELECT lead_id, cycle, at FROM stage_change
            WHERE after = 'nurture' AND at >= CAST(:since AS timestamptz)) u
        JOIN cycle c ON c.lead_id = u.lead_id AND c.n = u.cycle AND c.started_at <= u.at
        GROUP BY u.lead_id, u.cycle
    ), led AS (
        SELECT lead_id, cycle, min(h.offered_at) AS at FROM handoff h JOIN nurtured n USING (lead_id, cycle)
        WHERE h.state <> 'merged' AND h.origin = 'nurture' AND h.offered_at >= n.at GROUP BY lead_id, cycle
    )
    SELECT c.lead_id AS id, l.email AS lead, c.n AS cycle, l.source, l.grade, c.reason, c.started_at AS at,
           c.started_at AS entered_at, n.at AS nurture_at, led.at AS handed_over_at,
           to_char(c.started_at AT TIME ZONE :zone, 'YYYY-MM') AS month,
           to_char(c.started_at AT TIME ZONE :zone, 'IYYY-"W"IW') AS week,
           (SELECT e.campaign FROM enrollment e WHERE e.lead_id = c.lead_id AND e.cycle = c.n
            ORDER BY e.started_at DESC, e.n DESC LIMIT 1) AS campaign
    FROM cycle c LEFT JOIN lead l ON l.id = c.lead_id
    LEFT JOIN nurtured n ON n.lead_id = c.lead_id AND n.cycle = c.n
    LEFT JOIN led ON led.lead_id = c.lead_id AND led.cycle = c.n
    WHERE c.started_at >= CAST(:since AS timestamptz) AND c.started_at < CAST(:until AS timestamptz) AND {SOMEBODYS}
"""  # noqa: S608 - constants of ours
ROUNDS = Facts(
    "rounds",
    _ROUNDS,
    frozenset({"cycle", "source", "campaign", "grade", "month", "week"}),
    ("id", "lead", "cycle", "source", "grade", "entered_at", "nurture_at", "handed_over_at", "reason"),
)
"""Leads in a cycle, by when the cycle began."""

_REP = frozenset({"rep"})


def _days(start: str, end: str) -> str:
    return f"date_part('epoch', f.{end} - f.{start}) / 86400"


def _times(name: str, of: Facts, start: str, end: str, words: str) -> tuple[Figure, ...]:
    unit: Unit = "days"
    value = _days(start, end)
    return (
        Figure(name, "median", f"Median days from {words}.", of.name, value=value, unit=unit, not_by=_REP),
        Figure(
            f"{name}_p90", "p90", f"Nine of ten took fewer days from {words}.", of.name, value=value, unit=unit,
            not_by=_REP, shown=False,
        ),
    )  # fmt: skip


def _share(name: str, of: Facts, where: str, holds: str, means: str) -> Figure:
    return Figure(name, "share", means, of.name, where, holds, not_by=_REP)


_R, _H = ROUNDS.name, HANDOFFS.name
_STAGES = (
    Figure("inquiry", "count", "Leads that came in: rounds that no refusal began.", _R, "f.reason IS NULL"),
    Figure("nurture", "count", "Rounds in which the lead was nurtured.", _R, "f.nurture_at IS NOT NULL"),
    Figure("mql", "count", "Handoffs offered to sales.", _H, not_by=_REP),
    Figure("sal", "count", "Of these, accepted.", _H, "f.sal_at IS NOT NULL", not_by=_REP),
    Figure("sql", "count", "Of these, qualified by sales.", _H, "f.sql_at IS NOT NULL", not_by=_REP),
    Figure("won", "count", "Of these, won.", _H, "f.state = 'won'", not_by=_REP),
    Figure("lost", "count", "Lost.", _H, "f.state = 'lost'", not_by=_REP, shown=False),
    Figure("rejected", "count", "Rejected by sales.", _H, "f.state = 'rejected'", not_by=_REP, shown=False),
    Figure("returned", "count", "Returned by the SLA.", _H, "f.state = 'returned'", not_by=_REP, shown=False),
    Figure("open", "count", "Not closed yet.", _H, OPEN, not_by=_REP, shown=False),
)
_RATES = (
    _share(
        "inquiry_to_nurture", ROUNDS, "f.reason IS NULL", "f.nurture_at IS NOT NULL",
        "Of the inquiries, so many were nurtured in the same round.",
    ),
    _share(
        "nurture_to_mql", ROUNDS, "f.nurture_at IS NOT NULL", "f.handed_over_at IS NOT NULL",
        "Of the rounds with nurture, so many have led to a handoff since.",
    ),
    _share("mql_to_sal", HANDOFFS, "true", "f.sal_at IS NOT NULL", "Of what was handed over, so many were accepted."),
    _share("sal_to_sql", HANDOFFS, "f.sal_at IS NOT NULL", "f.sql_at IS NOT NULL", "Of these, so many were qualified."),
    _share("sql_to_won", HANDOFFS, "f.sql_at IS NOT NULL", "f.state = 'won'", "Of these, so many were won."),
)  # fmt: skip
_TIMES = (
    *_times("days_inquiry_to_nurture", ROUNDS, "entered_at", "nurture_at", "entering to the first campaign"),
    *_times("days_nurture_to_mql", ROUNDS, "nurture_at", "handed_over_at", "nurture to the first handoff after it"),
    *_times("days_mql_to_sal", HANDOFFS, "offered_at", "sal_at", "the offer to its acceptance"),
    *_times("days_sal_to_sql", HANDOFFS, "sal_at", "sql_at", "acceptance to `qualified`"),
    *_times("days_sql_to_won", HANDOFFS, "sql_at", "won_at", "`qualified` to won"),
)


def _of_rep(name: str, where: str, means: str, *, shown: bool = True) -> Figure:
    return Figure(name, "count", means, OUTCOMES.name, where, only_by="rep", shown=shown)


_REPS = (
    Figure("handed_over", "count", "Handoffs offered by Nurture.", _H, only_by="rep"),
    _of_rep("imported", "f.origin = 'imported'", "Handoffs imported with their outcome.", shown=False),
    _of_rep("accepted", "f.sal_at IS NOT NULL", "Accepted, imported ones included; as are all that follow."),
    _of_rep("qualified", "f.sql_at IS NOT NULL", "Qualified.", shown=False),
    _of_rep("rejected", "f.state = 'rejected'", "Rejected."),
    _of_rep("returned", "f.state = 'returned'", "Returned by the SLA."),
    _of_rep("won", "f.state = 'won'", "Won."),
    _of_rep("lost", "f.state = 'lost'", "Lost."),
    _of_rep("open", OPEN, "Not closed yet.", shown=False),
    Figure(
        "win_rate", "share", "Won of what was won or lost.", OUTCOMES.name, "f.state IN ('won', 'lost')",
        "f.state = 'won'", only_by="rep",
    ),
)  # fmt: skip

FORM = Form(
    "funnel",
    (ROUNDS, HANDOFFS, OUTCOMES),
    (*_STAGES, *_REPS, *_RATES, *_TIMES),
    by=("cycle", "source"),
    may_be_by=("source", "cycle", "campaign", "grade", "rep", "month", "week"),
    erased=("leads", "handoffs", "won"),
)


def funnel(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """How far leads came, by cycle and source unless asked otherwise.

    What stands before the handoff is counted by when the round began; the handoff and what follows, by when it was
    offered. By `rep` there are handoffs and their outcomes alone, imported ones among them.

    Raises:
        UsageError: It is no report by that.
    """
    return make(app, FORM, Span(since, until), by=by, now=now)
