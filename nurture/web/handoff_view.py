"""What the rep's page shows of a handoff: its state, who did what, what may be done now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from nurture.agreement import RejectReason
from nurture.notifiers import wording
from nurture.notifiers.packet import Earlier, Packet
from nurture.rules.book import Rulebook
from nurture.rules.refusing import reason_of

MAY: Mapping[str, tuple[str, ...]] = {
    "offered": ("accept", "reject"),
    "accepted": ("attempt", "qualified", "won", "lost", "reject"),
    "contacted": ("attempt", "qualified", "won", "lost", "reject"),
    "qualified": ("attempt", "won", "lost", "reject"),
}
"""What a rep may do in each state; nothing once a handoff is closed."""

_STATES = {
    "offered": "Waiting for your answer",
    "accepted": "Accepted",
    "contacted": "Reached",
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


@dataclass(frozen=True, slots=True)
class Option:
    """A reason to choose, and what it leads to."""

    code: str
    label: str
    then: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that sales did."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Due:
    """The next deadline, and whether it has passed."""

    at: datetime
    what: str
    late: bool


def view(
    packet: Packet, row: Row[Any], attempts: Sequence[Row[Any]], book: Rulebook, now: datetime
) -> dict[str, object]:
    """The values of the page `handoff.html`, but for what somebody typed."""
    return {
        "packet": packet,
        "row": row,
        "state": _STATES[row.state],
        "may": MAY.get(row.state, ()),
        "steps": _steps(row, attempts, book),
        "due": _due(row, attempts, now),
        "reasons": _options(book),
        "facts": _facts(packet),
        "earlier": [_earlier(round_, book) for round_ in packet.earlier],
        "stages": {"sal": "", "sql": "", **book.agreement.stages},
        "zone": ZoneInfo(book.agreement.sla.hours.timezone),
    }


def _steps(row: Row[Any], attempts: Sequence[Row[Any]], book: Rulebook) -> list[Step]:
    steps = [Step(row.accepted_at, f"accepted by {wording.one_line(row.owner)}")] if row.accepted_at else []
    steps += [Step(one.at, _attempt(one)) for one in attempts]
    steps += [Step(row.qualified_at, "qualified")] if row.qualified_at else []
    if row.closed_at:
        by = f" by {wording.one_line(row.answered_by)}" if row.answered_by else ""
        reason = f": {_label(row.reason, book)}" if row.reason else ""
        note = f", “{wording.one_line(row.note, 2000)}”" if row.note else ""
        steps.append(Step(row.closed_at, f"{_STATES[row.state].lower()}{by}{reason}{note}"))
    return sorted(steps, key=lambda step: step.at)


def _attempt(row: Row[Any]) -> str:
    how = {"call": "called", "mail": "mailed", "meeting": "met"}[row.kind]
    note = f", “{wording.one_line(row.note, 2000)}”" if row.note else ""
    reached = "reached" if row.outcome == "reached" else "not reached"
    return f"{how}, {reached} ({wording.one_line(row.by)}){note}"


def _due(row: Row[Any], attempts: Sequence[Row[Any]], now: datetime) -> Due | None:
    if row.state == "offered" and row.accept_due_at:
        late = now > row.accept_due_at
        return Due(row.accept_due_at, "An answer was due by" if late else "Please answer by", late)
    if row.state == "accepted" and row.attempt_due_at and not attempts:
        late = now > row.attempt_due_at
        return Due(row.attempt_due_at, "A first attempt was due by" if late else "First attempt by", late)
    return None


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
        ("Given to", packet.owner),
        ("Cycle", packet.handoff.cycle),
        *((wording.label(name), value) for name, value in sorted(lead.attributes.items())),
    ]
    return [(name, value) for name, value in facts if value not in (None, "", [], {})]


def _earlier(round_: Earlier, book: Rulebook) -> str:
    if not round_.reason:
        return wording.earlier(round_)
    return wording.earlier(round_.model_copy(update={"reason": _label(round_.reason, book)}))


def _label(code: str, book: Rulebook) -> str:
    known = reason_of(book, code)
    return known.label if known else wording.label(code)
