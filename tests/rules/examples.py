"""Agreements and campaigns for tests of the rules: the ones of the design, with what a test wants changed."""

from datetime import UTC, date, datetime
from typing import Any

from nurture.agreement import Agreement, WorkingHours
from nurture.campaign import Campaign
from nurture.facts import Known

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday."""

SLA_HOURS: dict[str, Any] = {
    "days": "mon-fri", "from": "09:00", "to": "17:00", "timezone": "America/Chicago", "holidays": "US",
}  # fmt: skip

AGREEMENT: dict[str, Any] = {
    "company": {
        "name": "Acme Robotics",
        "address": "1 Main Street, Springfield, IL 62701, USA",
        "sender": "Ada at Acme <ada@news.acme.example>",
        "reply_to": "ada@acme.example",
        "timezone": "America/Chicago",
        "holidays": "US",
    },
    "fit": [
        {"name": "Decision maker", "when": "lead.title | matches('vp|chief|head|director')", "points": 30},
        {"name": "Served country", "when": "lead.country in ['US', 'CA', 'GB']", "points": 20},
        {"name": "Big enough", "when": "lead.employees >= 200", "points": 30},
        {"name": "Free mail", "when": "lead.email | free_mail", "points": -20},
        {"name": "Student", "when": "lead.title | matches('student')", "grade": "D"},
    ],
    "grades": {"A": 60, "B": 35, "C": 10, "unknown": "C"},
    "signals": {
        "pricing_page": {"when": {"page": "/pricing*"}, "points": 20, "at_most": "2 per day", "half_life": "10 days"},
        "whitepaper": {"when": {"track": "Whitepaper Downloaded"}, "points": 15, "at_most": "1 per day"},
        "webinar": {"when": {"track": "Webinar Attended", "if": "event.minutes >= 20"}, "points": 30},
        "mail_click": {"when": "clicked", "points": 5, "at_most": "1 per day"},
        "careers_page": {"when": {"page": "/careers*"}, "points": -10},
        "demo_request": {"when": {"track": "Demo Requested"}, "hand_raise": True},
        "buying_now": {"when": {"answer": "timing=now"}, "hand_raise": True},
    },
    "half_life": "14 days",
    "horizon": "90 days",
    "qualify": [
        {"grades": ["A"], "score": 50, "signals": 2},
        {"grades": ["B", "C"], "score": 80, "signals": 2},
    ],
    "reject_reasons": {"not_ready": {"label": "Not ready to buy", "then": "nurture"}},
    "sla": {
        "hours": SLA_HOURS,
        "accept_within": "4 hours",
        "first_attempt_within": "8 hours",
        "attempts": {"count": 6, "within": "14 days"},
        "outcome_within": "90 days",
        "manager": "sales-manager@acme.example",
    },
}

CAMPAIGN: dict[str, Any] = {
    "id": "not-ready",
    "name": "Not ready yet",
    "status": "live",
    "enroll": {"reasons": ["not_ready"]},
    "cadence": {
        "every": "1 week",
        "days": ["tue", "wed", "thu"],
        "hours": "09:00-11:30",
        "slow_down": {"after": 4, "every": "4 weeks"},
    },
    "steps": [
        {"id": "questions", "email": "not-ready/three-questions"},
        {"id": "timing", "survey": "not-ready/timing", "after": "2 weeks"},
    ],
}


def make_agreement(**changes: Any) -> Agreement:
    """The agreement of the design, with whole sections replaced."""
    return Agreement.model_validate(AGREEMENT | changes)


def make_campaign(**cadence: Any) -> Campaign:
    """The campaign of the design, with parts of its cadence replaced."""
    return Campaign.model_validate(CAMPAIGN | {"cadence": CAMPAIGN["cadence"] | cadence})


def make_hours(**changes: Any) -> WorkingHours:
    """Monday to Friday, nine to five in Chicago, with parts replaced."""
    return WorkingHours.model_validate(SLA_HOURS | changes)


def known_of(**lead: Any) -> Known:
    """What is known of a lead besides an address."""
    return Known(now=NOW, lead={"email": "jo@buyer.example"} | lead)


def utc(*when: int) -> datetime:
    """An instant in UTC."""
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]


def days(*texts: str) -> list[date]:
    """Dates written as ISO 8601."""
    return [date.fromisoformat(text) for text in texts]
