"""`report delivery`: how mails leave, and what comes back of them. Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime

from nurture.app import App
from nurture.reports.counting import make
from nurture.reports.figures import Facts, Figure, Form
from nurture.reports.mails import REPORTED, WENT_AT
from nurture.reports.report import Report, Span

_SQL = f"""
    SELECT d.id, l.email AS lead, d.campaign, d.step, d.state, d.slot_at, d.sent_at, d.reason, {WENT_AT} AS at,
           split_part(l.email, '@', 2) AS domain, r.provider, coalesce(r.delivered, false) AS delivered,
           coalesce(r.hard, false) AS hard, coalesce(r.bounced AND NOT r.hard, false) AS soft,
           coalesce(r.complained, false) AS complained,
           to_char({WENT_AT} AT TIME ZONE :zone, 'YYYY-MM-DD') AS day,
           to_char({WENT_AT} AT TIME ZONE :zone, 'YYYY-MM') AS month,
           to_char({WENT_AT} AT TIME ZONE :zone, 'IYYY-"W"IW') AS week
    FROM delivery d LEFT JOIN lead l ON l.id = d.lead_id LEFT JOIN {REPORTED} r ON r.delivery_id = d.id
    WHERE {WENT_AT} >= CAST(:since AS timestamptz) AND {WENT_AT} < CAST(:until AS timestamptz)
"""  # noqa: S608 - constants of ours
MAILS = Facts(
    "mails",
    _SQL,
    frozenset({"day", "week", "month", "domain", "provider", "state", "campaign"}),
    (
        "id", "lead", "campaign", "step", "state", "provider", "slot_at", "sent_at", "delivered", "hard", "soft",
        "complained", "reason",
    ),
)  # fmt: skip
"""Mails, by when they were sent; those that were not, by when they were to go."""

_M = MAILS.name
FORM = Form(
    "delivery",
    (MAILS,),
    (
        Figure("mails", "count", "All of them.", _M, shown=False),
        Figure("queued", "count", "Still to go.", _M, "f.state IN ('queued', 'leased', 'sending')"),
        Figure("sent", "count", "Taken by a server or provider.", _M, "f.state = 'sent'"),
        Figure("failed", "count", "Not taken; why stands beside.", _M, "f.state = 'failed'"),
        Figure("unknown", "count", "The answer was lost.", _M, "f.state = 'unknown'"),
        Figure("cancelled", "count", "Held back by a rule.", _M, "f.state = 'cancelled'", shown=False),
        Figure("hard", "count", "Came back for good.", _M, "f.hard"),
        Figure("soft", "count", "Came back, and not for good.", _M, "f.soft"),
        Figure("complained", "count", "Was reported as spam.", _M, "f.complained"),
        Figure("delivered", "count", "Reported as delivered.", _M, "f.delivered", shown=False),
        Figure(
            "slot_to_sent", "median", "Median minutes from its slot to `sent`.", _M, "f.state = 'sent'",
            value="date_part('epoch', f.sent_at - f.slot_at) / 60", unit="minutes",
        ),
    ),
    by=("day",),
    may_be_by=("day", "week", "month", "domain", "provider", "state", "campaign"),
    erased=("mails",),
)  # fmt: skip


def delivery(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """How the mails of this time left, by day unless asked otherwise.

    Raises:
        UsageError: It is no report by that.
    """
    return make(app, FORM, Span(since, until), by=by, now=now)
