"""Every page in each of its states, with made-up values: what a workspace's own templates are tried with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

COMPANY = SimpleNamespace(name="Acme", address="1 Main Street, Springfield", reply_to="ada@acme.example")
_URL = "/p/sample"
_TOPICS = (
    {"id": "product", "label": "Product news", "description": "What is new.", "on": True},
    {"id": "field-notes", "label": "Field notes", "description": "", "on": False},
)
_OFFERS = ({"months": 1, "day": "2026-04-03", "said": "3 April"}, {"months": 3, "day": "2026-06-03", "said": "3 June"})
_CHOOSING: Mapping[str, Any] = {
    "state": "choosing",
    "said": None,
    "problem": None,
    "wrong": None,
    "typed": "",
    "topics": _TOPICS,
    "paused_until": None,
    "offers": _OFFERS,
    "earliest": "2026-03-04",
    "latest": "2027-03-03",
    "may_change_address": True,
    "waiting_address": None,
    "contact": COMPANY.reply_to,
}


@dataclass(frozen=True)
class Sample:
    """One state of a page. `must` is what it has to let its reader do: posts to itself, or with this `do`."""

    page: str
    values: Mapping[str, Any]
    must: frozenset[str] = field(default_factory=frozenset)


SAMPLES = (
    Sample("unsubscribe", {"state": "ask", "preferences_url": _URL}, frozenset({""})),
    Sample("unsubscribe", {"state": "ask", "preferences_url": None}, frozenset({""})),
    Sample("unsubscribe", {"state": "done", "preferences_url": _URL}),
    Sample("unsubscribe", {"state": "done", "preferences_url": None}),
    Sample("preferences", _CHOOSING, frozenset({"stop"})),
    Sample("preferences", {**_CHOOSING, "topics": (), "said": "Saved.", "paused_until": "3 June"}, frozenset({"stop"})),
    Sample("preferences", {**_CHOOSING, "problem": "No.", "wrong": "day", "typed": "x"}, frozenset({"stop"})),
    Sample(
        "preferences",
        {**_CHOOSING, "problem": "No.", "wrong": "address", "typed": "x", "waiting_address": "n***@e***.example"},
        frozenset({"stop"}),
    ),
    Sample("preferences", {**_CHOOSING, "state": "stopped", "may_change_address": False}, frozenset({"come_back"})),
    Sample("preferences", {**_CHOOSING, "state": "blocked"}),
    Sample("answer", {"state": "ask", "question": "Timing", "answer": "Now", "preferences_url": _URL}, frozenset({""})),
    Sample("answer", {"state": "done", "question": "Timing", "answer": "Now", "preferences_url": _URL}),
    Sample("address", {"state": "ask", "address": "n***@e***.example"}, frozenset({""})),
    Sample("address", {"state": "done", "address": "n***@e***.example"}),
    Sample("confirm", {"state": "ask", "wording": "I agree that Acme sends me mail."}, frozenset({""})),
    Sample("confirm", {"state": "ask", "wording": None}, frozenset({""})),
    Sample("confirm", {"state": "done", "wording": None}),
    Sample("message", {"title": "This link is not complete", "words": "Please try again.", "preferences_url": None}),
    Sample("message", {"title": "This link is not complete", "words": "Please try again.", "preferences_url": _URL}),
)
