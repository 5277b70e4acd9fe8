"""`report campaigns`: what each mail brought about. Definitions stand in docs/reports.md."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from nurture.app import App
from nurture.reports.counting import make, told
from nurture.reports.figures import Facts, Figure, Form
from nurture.reports.mails import REPORTED
from nurture.reports.report import Report, Span
from nurture.reports.variants import comparisons, in_words

_DID = """
    (SELECT delivery_id, bool_or(kind = 'click') AS clicked, bool_or(kind = 'reply') AS replied
     FROM event WHERE delivery_id IS NOT NULL AND verdict = 'human' AND kind IN ('click', 'reply')
       AND occurred_at >= CAST(:since AS timestamptz) - interval '2 days'
     GROUP BY delivery_id)
"""
_UNSUBSCRIBED = """
    (SELECT DISTINCT CAST(substring(why FROM 'delivery ([0-9]{1,18})$') AS bigint) AS delivery_id
     FROM suppression_change
     WHERE what = 'suppressed' AND reason = 'unsubscribed' AND why ~ 'delivery [0-9]{1,18}$')
"""
_LAST_BEFORE = """
    (SELECT DISTINCT (
         SELECT m.id FROM delivery m WHERE m.lead_id = h.lead_id AND m.cycle = h.cycle AND m.state = 'sent'
         AND m.sent_at <= h.offered_at ORDER BY m.sent_at DESC, m.id DESC LIMIT 1) AS delivery_id
     FROM handoff h WHERE h.state <> 'merged' AND h.origin = 'nurture' AND h.offered_at >= CAST(:since AS timestamptz))
"""
_SQL = f"""
    SELECT d.id, l.email AS lead, d.campaign, d.step, d.variant, d.cycle, l.source, l.grade, d.sent_at AS at, d.sent_at,
           coalesce(r.delivered, false) AS delivered, coalesce(r.bounced, false) AS bounced,
           coalesce(r.complained, false) AS complained, coalesce(e.clicked, false) AS clicked,
           coalesce(e.replied, false) AS replied, u.delivery_id IS NOT NULL AS unsubscribed,
           q.delivery_id IS NOT NULL AS requalified,
           to_char(d.sent_at AT TIME ZONE :zone, 'YYYY-MM') AS month,
           to_char(d.sent_at AT TIME ZONE :zone, 'IYYY-"W"IW') AS week
    FROM delivery d LEFT JOIN lead l ON l.id = d.lead_id
    LEFT JOIN {REPORTED} r ON r.delivery_id = d.id
    LEFT JOIN {_DID} e ON e.delivery_id = d.id
    LEFT JOIN {_UNSUBSCRIBED} u ON u.delivery_id = d.id
    LEFT JOIN {_LAST_BEFORE} q ON q.delivery_id = d.id
    WHERE d.state = 'sent' AND d.sent_at >= CAST(:since AS timestamptz) AND d.sent_at < CAST(:until AS timestamptz)
"""  # noqa: S608 - constants of ours
MAILS = Facts(
    "mails",
    _SQL,
    frozenset({"campaign", "step", "variant", "cycle", "source", "grade", "month", "week"}),
    (
        "id", "lead", "campaign", "step", "variant", "cycle", "sent_at", "delivered", "bounced", "clicked", "replied",
        "unsubscribed", "complained", "requalified",
    ),
)  # fmt: skip
"""Mails that were sent, by when they were."""

_M = MAILS.name


def _rate(name: str, of: str, means: str, *, shown: bool) -> Figure:
    return Figure(name, "share", means, _M, "true", f"f.{of}", interval=True, shown=shown)


FORM = Form(
    "campaigns",
    (MAILS,),
    (
        Figure("sent", "count", "Mails sent.", _M),
        Figure("delivered", "count", "Reported as delivered; nothing where nobody reports that.", _M, "f.delivered"),
        Figure("clicked", "count", "A person clicked a link in it.", _M, "f.clicked"),
        Figure("replied", "count", "A person answered it.", _M, "f.replied"),
        Figure("unsubscribed", "count", "Unsubscribed, or left a topic, by it.", _M, "f.unsubscribed"),
        Figure("bounced", "count", "Came back.", _M, "f.bounced"),
        Figure("complained", "count", "Was reported as spam.", _M, "f.complained"),
        Figure("requalified", "count", "The last mail before a handoff in its round.", _M, "f.requalified"),
        _rate("click_rate", "clicked", "Clicked, of those sent.", shown=True),
        _rate("reply_rate", "replied", "Answered, of those sent.", shown=False),
        _rate("unsubscribe_rate", "unsubscribed", "Unsubscribed, of those sent.", shown=False),
        _rate("requalified_rate", "requalified", "Requalified, of those sent.", shown=True),
    ),
    by=(),
    may_be_by=("cycle", "source", "grade", "month", "week"),
    fixed=("campaign", "step", "variant"),
    erased=("mails",),
)


def campaigns(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """What the mails that were sent in this time brought about, by campaign, step and variant, in the files' order.

    `beside["comparisons"]` holds the variants of a step against its first one.

    Raises:
        UsageError: It is no report by that.
    """
    places = _places(app)

    def order(row: Mapping[str, Any]) -> tuple[str, int]:
        return row["campaign"], places.get((row["campaign"], row["step"]), len(places))

    report = make(app, FORM, Span(since, until), by=by, now=now, order=order)
    rows = tuple(_as_reported(row) for row in report.rows)
    report = replace(report, rows=rows, total=_as_reported(report.total))
    found = comparisons(report, _variants(app))
    return told(report, comparisons=found, notes=[in_words(one) for one in found])


def _as_reported(row: Mapping[str, Any]) -> dict[str, Any]:
    """Where nobody reported any mail as delivered, how many were is not known: it is not nought."""
    return {**row, "delivered": row["delivered"] or None}


def _places(app: App) -> dict[tuple[str, str], int]:
    """Where each step stands in its file."""
    return {
        (campaign.id, step.id): place
        for campaign in app.book.campaigns.values()
        for place, step in enumerate(campaign.steps)
    }


def _variants(app: App) -> dict[tuple[str, str], list[str]]:
    """The variants of each step that has some, in the file's order."""
    return {
        (campaign.id, step.id): list(step.variants)
        for campaign in app.book.campaigns.values()
        for step in campaign.steps
        if step.variants
    }
