"""What the rep's page shows of a handoff: who, why now, what is owed, what may be done, what was done. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from nurture.agreement import RejectReason
from nurture.notifiers import wording
from nurture.notifiers.packet import Packet
from nurture.notifiers.reading import reader_of
from nurture.rules.assignment import everybody
from nurture.rules.book import Rulebook
from nurture.rules.promises import counted
from nurture.web import handoff_clock, handoff_log

MAY: Mapping[str, tuple[str, ...]] = {
    "offered": ("accept", "attempt", "reject", "reassign"),
    "accepted": ("attempt", "contacted", "qualified", "won", "lost", "reject", "reassign"),
    "contacted": ("attempt", "qualified", "won", "lost", "reject", "reassign"),
    "qualified": ("attempt", "won", "lost", "reject", "reassign"),
}
"""What a rep may do in each state; nothing once a handoff is closed."""

_STATES = {
    "offered": "Waiting for your answer",
    "accepted": "Accepted",
    "contacted": "In touch",
    "qualified": "Qualified",
    "won": "Won",
    "lost": "Lost",
    "rejected": "Rejected",
    "returned": "Back in nurture",
    "merged": "Goes on in another handoff of the same person",
}
_THEN = {
    "nurture": "goes back to nurture",
    "sales": "stays with you, nurture is silent",
    "disqualify": "never comes back",
    "suppress": "is never mailed again",
}
_PHONES = frozenset(
    {"phone", "mobile", "telephone", "tel", "cell", "phone_number", "mobile_phone", "cell_phone", "work_phone",
     "business_phone", "direct_phone"}
)  # fmt: skip
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|#|;ext=)\s*(\d{1,6})\s*$", re.IGNORECASE)
SHOWN = 12
"""So many lines of a list are shown; the rest is folded away."""
MOST_LINES, LONGEST_LINE = 60, 2000
"""Of what a lead wrote."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the page is made of, as it was read in one transaction."""

    row: Row[Any]
    packet: Packet
    attempts: Sequence[Row[Any]]
    changes: Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class Option:
    """A reason to choose, and what it leads to."""

    code: str
    label: str
    then: str


def view(loaded: Loaded, book: Rulebook, now: datetime) -> dict[str, object]:
    """The values of the page `handoff.html`, but for what somebody typed."""
    row, packet = loaded.row, loaded.packet
    terms = book.agreement.sla
    zone = ZoneInfo(terms.hours.timezone)
    made = [one.at for one in loaded.attempts]
    owed = handoff_clock.owed(row, made, terms, now)
    return {
        "packet": packet,
        "row": row,
        "state": _STATES[row.state],
        "is_open": row.state in MAY,
        "may": MAY.get(row.state, ()),
        "log": handoff_log.lines(row, loaded.attempts, loaded.changes, book),
        "seen": loaded.changes[-1].id if loaded.changes else 0,
        "owed": owed,
        "near": lambda at: handoff_clock.near(at, now, zone),
        "tries": {
            "made": len(made),
            "counted": counted(terms, made),
            "count": terms.attempts.count,
        },
        "reasons": _options(book),
        "reps": everybody(book.agreement),
        "given": _given(loaded),
        "phones": phones(packet.lead.attributes),
        "mailto": _mailto(packet.lead.email),
        "facts": _facts(packet),
        "reader": reader_of(book.agreement),
        "plain_lines": plain_lines,
        "stages": {"sal": "", "sql": "", **book.agreement.stages},
        "zone": zone,
        "shown": SHOWN,
    }


def phones(attributes: Mapping[str, object]) -> list[tuple[str, str]]:
    """What can be called: each as it is written, and its link (RFC 3966). What is no number is not offered."""
    found: dict[str, str] = {}
    for name, value in sorted(attributes.items()):
        if name.strip().casefold().replace(" ", "_").replace("-", "_") not in _PHONES or isinstance(value, bool):
            continue
        shown = wording.one_line(value, 40)
        extension = _EXTENSION.search(shown)
        main = shown[: extension.start()] if extension else shown
        digits = re.sub(r"[^\d]", "", main.replace("(0)", ""))
        if digits.isascii() and 5 <= len(digits) <= 15 and not re.search(r"[^\d\s+().\-/]", main):
            plus = "+" if main.lstrip().startswith("+") else ""
            found.setdefault(f"tel:{plus}{digits}{f';ext={extension[1]}' if extension else ''}", shown)
    return [(shown, link) for link, shown in found.items()]


def plain_lines(text: str) -> str:
    """What a lead wrote, on its own lines: no control or direction characters, cut where it never ends."""
    shown = "\n".join(wording.one_line(line, LONGEST_LINE) for line in text.strip().splitlines()[:MOST_LINES])
    return re.sub(r"\n{3,}", "\n\n", shown)


def _mailto(address: str) -> str:
    """RFC 6068: the @ stands for itself, whatever else could mean something is encoded."""
    local, _, domain = address.rpartition("@")
    return f"mailto:{quote(local, safe='')}@{quote(domain, safe='')}"


def _given(loaded: Loaded) -> Row[Any] | None:
    """How the lead came to whoever has it, if it was given on."""
    moved = [change for change in loaded.changes if change.what == "reassigned"]
    return moved[-1] if moved and loaded.row.state in MAY else None


def _options(book: Rulebook) -> list[Option]:
    return [Option(code, reason.label, _then(reason)) for code, reason in book.agreement.reject_reasons.items()]


def _then(reason: RejectReason) -> str:
    if reason.then == "nurture" and reason.wait:
        return f"{_THEN['nurture']}, first mail after {reason.wait.days} days"
    return _THEN[reason.then]


def _facts(packet: Packet) -> list[tuple[str, object]]:
    lead = packet.lead
    facts: list[tuple[str, object]] = [
        ("Company", lead.company),
        ("Title", lead.title),
        ("Country", lead.country),
        ("Time zone", lead.timezone),
        ("Industry", lead.industry),
        ("Employees", lead.employees),
        ("Source", lead.source),
        ("Cycle", packet.handoff.cycle),
        *((wording.label(name), value) for name, value in sorted(lead.attributes.items())),
    ]
    return [(name, value) for name, value in facts if value not in (None, "", [], {})]
