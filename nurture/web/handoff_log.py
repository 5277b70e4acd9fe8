"""What happened to a handoff, line by line, as the rep's page says it. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from nurture.notifiers import wording
from nurture.rules.book import Rulebook
from nurture.rules.refusing import reason_of

_LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: when, what, and what somebody said of it."""

    at: datetime
    what: str
    note: str = ""


def lines(row: Row[Any], attempts: Sequence[Row[Any]], changes: Sequence[Row[Any]], book: Rulebook) -> list[Line]:
    """All of it, oldest first. Handoffs older than the log of changes tell as much as their own row says."""
    logged = {change.what for change in changes}
    told = [of_change(change, book) for change in changes if change.what != "attempt"]
    told += [_of_attempt(one) for one in attempts]
    told += [line for what, line in _of_row(row, book) if what not in logged]
    return sorted(told, key=lambda line: line.at)


def of_change(change: Row[Any], book: Rulebook) -> Line:
    """One row of the log as a sentence without its full stop."""
    say = _SAY.get(change.what, _say_plainly)
    return Line(change.at, say(change, book), wording.one_line(change.note or "", _LONGEST_NOTE))


def label(code: str, book: Rulebook) -> str:
    """What the agreement calls a reason."""
    known = reason_of(book, code)
    return known.label if known else wording.label(code)


def _by(change: Row[Any]) -> str:
    return f" by {wording.one_line(change.by, 100)}" if change.by else ""


def _owner(change: Row[Any]) -> str:
    return wording.one_line(change.owner or "nobody", 100)


def _reason(change: Row[Any], book: Rulebook) -> str:
    return f": {label(change.reason, book)}" if change.reason else ""


def _say_plainly(change: Row[Any], _: Rulebook) -> str:
    return f"{change.what.replace('_', ' ')}{_by(change)}"


def _ended(words: str) -> Callable[[Row[Any], Rulebook], str]:
    return lambda change, book: f"{words}{_by(change)}{_reason(change, book)}"


_SAY: Mapping[str, Callable[[Row[Any], Rulebook], str]] = {
    "offered": lambda change, _: f"offered to {_owner(change)}",
    "contacted": lambda change, _: f"in touch with the lead, says {wording.one_line(change.by or 'sales', 100)}",
    "lost": _ended("lost"),
    "rejected": _ended("rejected"),
    "returned": _ended("back in nurture"),
    "reassigned": lambda change, book: f"given to {_owner(change)}{_by(change)}{_reason(change, book)}",
    "reminded": lambda change, _: f"{_owner(change)} was reminded",
    "escalated": lambda _, __: "the manager was told",
    "asked": lambda change, _: f"{_owner(change)} was asked what came of it",
    "revoked": lambda change, _: f"links revoked{_by(change)}",
    "merged": lambda _, __: "goes on in another handoff of the same person",
}


def _of_attempt(row: Row[Any]) -> Line:
    how = {"call": "called", "mail": "mailed", "meeting": "met"}[row.kind]
    reached = "reached" if row.outcome == "reached" else "not reached"
    return Line(
        row.at, f"{how}, {reached} ({wording.one_line(row.by, 100)})", wording.one_line(row.note or "", _LONGEST_NOTE)
    )


def _of_row(row: Row[Any], book: Rulebook) -> Iterator[tuple[str, Line]]:
    if row.accepted_at:
        by = row.answered_by or row.owner
        yield "accepted", Line(row.accepted_at, f"accepted by {wording.one_line(by or 'sales', 100)}")
    if row.qualified_at:
        yield "qualified", Line(row.qualified_at, "qualified")
    if row.closed_at:
        by = f" by {wording.one_line(row.answered_by, 100)}" if row.answered_by else ""
        reason = f": {label(row.reason, book)}" if row.reason else ""
        words = {"returned": "back in nurture", "merged": "goes on in another handoff of the same person"}
        said = f"{words.get(row.state, row.state)}{by}{reason}"
        yield row.state, Line(row.closed_at, said, wording.one_line(row.note or "", _LONGEST_NOTE))
