"""The names that conditions and templates may use, and what kind of value each holds."""

from typing import Literal

Kind = Literal["text", "number", "any"]

LEAD: dict[str, Kind] = {
    "email": "text", "first_name": "text", "last_name": "text", "title": "text", "company": "text", "country": "text",
    "timezone": "text", "locale": "text", "industry": "text", "employees": "number", "source": "text", "owner": "text",
    "stage": "text", "cycle": "number", "grade": "text", "score": "number",
}  # fmt: skip
"""The fixed fields of a lead; any other name is one of its attributes, of any kind."""

COMPANY: dict[str, Kind] = {"name": "text", "address": "text", "timezone": "text"}
CAMPAIGN: dict[str, Kind] = {"id": "text", "name": "text", "topic": "text"}
STEP: dict[str, Kind] = {"id": "text"}

SCOPES: dict[str, dict[str, Kind]] = {"lead": LEAD, "company": COMPANY, "campaign": CAMPAIGN, "step": STEP, "event": {}}
"""Every scope with its fixed fields. `event` is what a signal's `if` asks about: the properties of one event."""

OPEN_SCOPES: frozenset[str] = frozenset({"lead", "event"})
"""Scopes in which a name that is not fixed may still be something."""

WORDS: dict[str, tuple[str, ...]] = {
    "lead.stage": ("inquiry", "nurture", "mql", "sal", "sql", "customer", "disqualified"),
    "lead.grade": ("A", "B", "C", "D"),
}
"""Fields that hold one of a few words."""
