"""`report rejects`: why sales refuses leads. Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime

from nurture.agreement import BUILT_IN_REASONS
from nurture.app import App
from nurture.reports.counting import make, told
from nurture.reports.figures import Facts, Figure, Form
from nurture.reports.handed import LAST_CAMPAIGN
from nurture.reports.report import Report, Span
from nurture.rules.refusing import reason_of

_AT = "AND {at} >= CAST(:since AS timestamptz) AND {at} < CAST(:until AS timestamptz)"
_SQL = f"""
    SELECT u.*, to_char(u.at AT TIME ZONE :zone, 'YYYY-MM') AS month,
           to_char(u.at AT TIME ZONE :zone, 'IYYY-"W"IW') AS week
    FROM (
        SELECT h.id, h.id AS handoff, l.email AS lead, h.cycle, l.source, h.grade, h.owner AS rep, h.reason, h.note,
               h.state AS how, h.closed_at AS at, {LAST_CAMPAIGN} AS campaign
        FROM handoff h LEFT JOIN lead l ON l.id = h.lead_id
        WHERE h.state IN ('rejected', 'returned', 'lost') AND h.origin = 'nurture' {_AT.format(at="h.closed_at")}
        UNION ALL
        SELECT c.lead_id, NULL, l.email, c.n - 1, l.source, l.grade, c.refused_by, c.reason, c.note,
               'refused', c.started_at,
               (SELECT e.campaign FROM enrollment e WHERE e.lead_id = c.lead_id AND e.started_at < c.started_at
                ORDER BY e.started_at DESC, e.n DESC LIMIT 1)
        FROM cycle c LEFT JOIN lead l ON l.id = c.lead_id
        WHERE c.reason IS NOT NULL AND NOT EXISTS (
            SELECT FROM handoff h WHERE h.lead_id = c.lead_id AND h.closed_at = c.started_at
            AND h.state IN ('rejected', 'returned', 'lost')) {_AT.format(at="c.started_at")}
    ) u
"""  # noqa: S608 - constants of ours
REFUSALS = Facts(
    "refusals",
    _SQL,
    frozenset({"reason", "source", "campaign", "grade", "rep", "month", "week", "cycle"}),
    ("id", "handoff", "lead", "cycle", "source", "campaign", "grade", "rep", "at", "how", "reason", "note"),
)
"""Refusals, each once: what ended a handoff, and what was said of leads that sales had in none."""

_N = REFUSALS.name
FORM = Form(
    "rejects",
    (REFUSALS,),
    (
        Figure("refusals", "count", "How often this was the reason.", _N),
        Figure("share", "mix", "Of all refusals.", part_of="refusals", over=("reason",)),
        Figure("rejected", "count", "Handoffs that sales rejected.", _N, "f.how = 'rejected'"),
        Figure("returned", "count", "Handoffs that the SLA returned.", _N, "f.how = 'returned'"),
        Figure("lost", "count", "Handoffs that were lost.", _N, "f.how = 'lost'"),
        Figure(
            "refused", "count", "Refused without a handoff: by hand, by a CRM, in an import.", _N, "f.how = 'refused'"
        ),
        Figure("with_note", "count", "A note was left.", _N, "f.note <> ''"),
    ),
    by=(),
    may_be_by=("source", "campaign", "grade", "rep", "month", "week", "cycle"),
    fixed=("reason",),
)


def rejects(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """Why leads were refused in this time, by reason and whatever is asked for; the most frequent reason first.

    `beside["labels"]` has the reasons as the agreement words them.

    Raises:
        UsageError: It is no report by that.
    """
    report = make(app, FORM, Span(since, until), by=by, now=now, order=lambda row: -row["refusals"])
    codes = sorted({*app.agreement.reject_reasons, *BUILT_IN_REASONS, *(row["reason"] for row in report.rows)})
    said = {code: reason_of(app.book, code) for code in codes}
    return told(report, labels={code: code if reason is None else reason.label for code, reason in said.items()})
