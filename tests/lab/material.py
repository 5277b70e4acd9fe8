"""What scenarios are made of."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

PEOPLE = ("ada@buyer.example", "bo@buyer.example", "cy@mill.example", "di@mill.example")
STRANGER = "ex@new.example"
"""Whom no file has."""
IDS = ("alpha", "beta", "gamma")
ODD = timedelta(seconds=17, microseconds=271_828)
"""People act so long after a whole minute."""

ZONES = (
    "America/Chicago", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
    "America/St_Johns", "Africa/Casablanca", "Pacific/Kiritimati", "america/new_york", "Nowhere/At_All",
)  # fmt: skip
STARTS = (
    datetime(2026, 3, 2, tzinfo=UTC),
    datetime(2026, 3, 20, tzinfo=UTC),
    datetime(2026, 10, 12, tzinfo=UTC),
    datetime(2026, 12, 14, tzinfo=UTC),
)
"""Clocks change in March, April, October and November; December has holidays."""
HOURS = (
    "09:00-11:30", "00:00-00:40", "23:10-23:59", "01:30-03:30", "00:05-23:50", "12:00-12:03", "02:00-03:00",
)  # fmt: skip
NEAR_MIDNIGHT = (0, 1439, 300, 359, 1080, 1109, 1110, 785, 600, 599)
"""Minutes of the day in UTC, near which it is midnight in one of `ZONES`."""

LEAD_CONDITIONS = (
    "lead.industry == 'education'",
    "lead.employees >= 200",
    "lead.title is empty",
    "lead.grade in ['A', 'B']",
    "lead.score >= 20",
    "lead.score < 10",
    "lead.cycle >= 2",
    "lead.timing == 'later'",
    "visited('/pricing*', days=7)",
    "did('Webinar Attended', days=30)",
    "not visited('/careers')",
)
CAMPAIGN_CONDITIONS = (*LEAD_CONDITIONS, "answered('timing')", "did('Whitepaper Downloaded')")
STEP_CONDITIONS = (*CAMPAIGN_CONDITIONS, "received('s0')", "not received('s1')", "clicked('s0')", "not clicked('s0')")

ASSIGN: tuple[dict[str, Any], ...] = (
    {"to": "previous"},
    {"to": "owner"},
    {"to": "colleague"},
    {"when": "lead.country == 'US'", "to": ["us@acme.example"]},
    {"when": "lead.score >= 30", "to": ["one@acme.example", "two@acme.example"]},
    {"to": ["one@acme.example", "three@acme.example", "two@acme.example"]},
)
"""Lines of `assign`, of which a scenario has some; with none of the last two, nobody may be free."""

TO_NURTURE = ("not_ready", "no_budget", "no_follow_up", "no_outcome")
REASONS = (*("not_ready", "no_budget", "no_follow_up") * 2, "student", "competitor", "already_mine")
SIGNALS: dict[str, Any] = {
    "pricing_page": {"when": {"page": "/pricing*"}, "points": 20, "at_most": "2 per day", "half_life": "5 days"},
    "webinar": {"when": {"track": "Webinar Attended", "if": "event.minutes >= 20"}, "points": 30},
    "whitepaper": {"when": {"track": "Whitepaper Downloaded"}, "points": 15, "at_most": "1 per day"},
    "mail_click": {"when": "clicked", "points": 8, "at_most": "1 per day"},
    "mail_open": {"when": "opened", "points": 1},
    "careers_page": {"when": {"page": "/careers*"}, "points": -10},
    "demo_request": {"when": {"track": "Demo Requested"}, "hand_raise": True},
    "buying_now": {"when": {"answer": "timing=now"}, "hand_raise": True},
}

_OFTEN: tuple[tuple[Literal["page", "track"], dict[str, Any]], ...] = (
    ("page", {"path": "/pricing"}),
    ("page", {"path": "/pricing/teams"}),
    ("page", {"path": "/careers"}),
    ("page", {"path": "/about"}),
    ("page", {"path": "/pricing", "agent": "curl/8.5.0"}),
    ("track", {"name": "Webinar Attended", "properties": {"minutes": 45}}),
    ("track", {"name": "webinar  attended", "properties": {"minutes": 5}}),
    ("track", {"name": "Whitepaper Downloaded"}),
)
DOES = (*_OFTEN, *_OFTEN, ("track", {"name": "Demo Requested"}))
"""What people do on the site; the same names are written differently, and not all are people."""
TRAITS: tuple[dict[str, Any], ...] = (
    *({"timezone": zone} for zone in ZONES),
    {"title": "Head of Operations"},
    {"title": "Student"},
    {"industry": "education"},
    {"industry": ""},
    {"company": {"name": "Mill Ltd", "employees": 500}},
    {"name": "Ada Moss", "plan": "trial", "seats": 3},
    {"firstName": "Bo", "address": {"country": "GB"}},
    {"timing": "later"},
    {},
)
