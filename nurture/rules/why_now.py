"""Why a lead is offered now, in one sentence that a rep can say on the phone.

"Maria looked at the pricing page twice this week and attended a webinar on Tuesday." What was worth most comes first;
of a raised hand, what was asked for; of a reply, its words. Days are told from today, so the sentence is made when it
is read, not kept.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from nurture.rules.calendar import DAY, WEEKDAYS, say_day

MOST_DEEDS = 3
LONGEST = 400
"""Characters; the sentence is cut there, with `…`."""
_LONGEST_NAME, _LONGEST_QUOTE = 40, 160
_WEEK = 7
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that look like nothing at all."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One kind of thing that the lead did.

    Attributes:
        says: What it did, as it follows a name: `looked at the pricing page`.
        count: How often.
        first_on: The day of the first time.
        last_on: The day of the last time.
        worth: What it is worth in points, the larger the earlier it is told.
    """

    says: str
    count: int
    first_on: date
    last_on: date
    worth: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """How the lead raised its hand. `quote`: its own words, for a reply."""

    says: str
    on: date
    quote: str | None = None


def why_now(name: str | None, deeds: Sequence[Deed], asked: Asked | None, today: date, otherwise: str = "") -> str:
    """The sentence.

    Args:
        name: What the lead is called; `They` where nobody knows.
        deeds: What it did, in any order. What is worth nothing, or less, is not told.
        asked: How it raised its hand, if it did.
        today: The day on which the sentence is said; deeds of later days (clocks disagree) are of today.
        otherwise: What is said where nothing else can be: the rule that offered the lead.
    """
    who = _cut(_on_one_line(name or ""), _LONGEST_NAME) or "They"
    if asked is not None and asked.quote:
        quote = _cut(_on_one_line(asked.quote), _LONGEST_QUOTE)
        return _sentence(f"{who} {_on_one_line(asked.says)} {_when(asked.on, today)}: “{quote}”")
    told = sorted((one for one in deeds if one.worth > 0), key=lambda one: (-one.worth, one.last_on, one.says))
    did = [(f"{_on_one_line(one.says)}{_often(one)}", _on(one, today)) for one in told]
    if asked is not None:
        did = [(_on_one_line(asked.says), _when(asked.on, today)), *did]
    said = _told(list(dict.fromkeys(did))[:MOST_DEEDS])
    if not said:
        return _sentence(_on_one_line(otherwise) or f"{who} meets what we agreed on")
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return _sentence(f"{who} {listed}")


def _told(did: Sequence[tuple[str, str]]) -> list[str]:
    """Each with its time; a time that all have in common is said once, at the end."""
    times = {when for _, when in did}
    if len(times) == 1:
        *others, (last, when) = did
        return [*(what for what, _ in others), f"{last} {when}"]
    return [f"{what} {when}" for what, when in did]


def _often(deed: Deed) -> str:
    """How often, where it was more than once: ` twice`, ` 3 times`."""
    if deed.count <= 1:
        return ""
    return " twice" if deed.count == 2 else f" {deed.count} times"


def _on(deed: Deed, today: date) -> str:
    """When: `today`, `this week`, `in the last 2 weeks`."""
    if deed.count <= 1 or deed.first_on >= deed.last_on:
        return _when(deed.last_on, today)
    return _since(deed.first_on, today)


def _when(day: date, today: date) -> str:
    ago = (today - day).days
    if ago <= 0:
        return "today"
    if ago == 1:
        return "yesterday"
    return f"on {WEEKDAYS[day.weekday()]}" if ago < _WEEK else f"on {say_day(day, today.year)}"


def _since(day: date, today: date) -> str:
    ago = (today - day).days
    if day >= today - DAY * today.weekday():
        return "this week"
    if ago < _WEEK:
        return f"since {WEEKDAYS[day.weekday()]}"
    weeks = -(-ago // _WEEK)
    return f"in the last {weeks} weeks" if weeks > 1 else "in the last 7 days"


def _on_one_line(text: str) -> str:
    """Without what nobody can see or what turns the reading round; white space is one blank."""
    shown = "".join(" " if unicodedata.category(one) in _UNSEEN and one.isspace() else one for one in text)
    kept = "".join(one for one in shown if unicodedata.category(one) not in _UNSEEN and one not in _FILLERS)
    return re.sub(r"\s+", " ", kept).strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _sentence(text: str) -> str:
    text = _cut(text[:1].upper() + text[1:], LONGEST)
    bare = text.rstrip("”")
    return text if bare.endswith((".", "!", "?", "…")) else f"{text}."
