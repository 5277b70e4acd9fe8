"""`report interest`: did they come to us, or did we buy a list? Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from nurture.app import App
from nurture.reports.counting import make, told
from nurture.reports.figures import Facts, Figure, Form
from nurture.reports.handed import SOMEBODYS
from nurture.reports.report import Report, Span

HALF = 0.5
"""The field's rule where the agreement sets no target: half of what comes in should have come by itself."""

_SQL = f"""
    SELECT l.id, l.email AS lead, l.source, l.grade, c.started_at AS at, c.started_at AS entered_at,
           coalesce(CAST(:interest AS jsonb) ->> lower(btrim(l.source)), 'unknown') AS interest,
           h.lead_id IS NOT NULL AS handed_over, coalesce(h.won, false) AS won,
           to_char(c.started_at AT TIME ZONE :zone, 'YYYY-MM') AS month,
           to_char(c.started_at AT TIME ZONE :zone, 'IYYY-"W"IW') AS week
    FROM cycle c LEFT JOIN lead l ON l.id = c.lead_id
    LEFT JOIN (SELECT lead_id, bool_or(state = 'won') AS won FROM handoff
               WHERE state <> 'merged' AND origin = 'nurture' GROUP BY lead_id) h ON h.lead_id = l.id
    WHERE c.reason IS NULL AND {SOMEBODYS}
      AND c.started_at >= CAST(:since AS timestamptz) AND c.started_at < CAST(:until AS timestamptz)
"""  # noqa: S608 - constants of ours
LEADS = Facts(
    "leads",
    _SQL,
    frozenset({"interest", "source", "grade", "month", "week"}),
    ("id", "lead", "source", "interest", "grade", "entered_at", "handed_over", "won"),
)
"""Leads that came in, each once: the funnel's inquiries."""

_L = LEADS.name
FORM = Form(
    "interest",
    (LEADS,),
    (
        Figure("leads", "count", "Leads that came in.", _L),
        Figure("share", "mix", "Of all of them.", part_of="leads", over=("interest", "source")),
        Figure("handed_over", "count", "Of these, ever handed over.", _L, "f.handed_over"),
        Figure("won", "count", "Of these, ever won.", _L, "f.won"),
        Figure("handed_over_rate", "share", "Ever handed over, of those that came in.", _L, "true", "f.handed_over"),
        Figure("active", "share", "Came to us by themselves.", _L, "true", "f.interest = 'active'", shown=False),
        Figure("passive", "share", "Were bought.", _L, "true", "f.interest = 'passive'", shown=False),
        Figure(
            "unknown", "share", "The agreement does not say of their source.", _L, "true", "f.interest = 'unknown'",
            shown=False,
        ),
    ),
    by=("source",),
    may_be_by=("source", "grade", "month", "week"),
    fixed=("interest",),
    erased=("leads",),
)  # fmt: skip


def interest(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """Which part of the leads that came in did so by themselves, by the agreement's `sources`.

    `total["active"]` is what the target is held against.

    Raises:
        UsageError: It is no report by that.
    """
    known = {source.strip().lower(): word for source, word in app.agreement.sources.items()}
    report = make(app, FORM, Span(since, until), by=by, now=now, interest=orjson.dumps(known).decode())
    target = app.agreement.targets.active_share
    missing = report.total["unknown_n"]
    notes = [f"`sources` in the agreement does not say of {missing:,} of them"] if missing else []
    return told(report, notes=notes, target={"active_share": HALF if target is None else target / 100})
