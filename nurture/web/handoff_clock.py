"""What a rep owes next on a handoff, and how long that is: said as a person says it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from nurture.agreement import Sla
from nurture.rules import sla
from nurture.rules.attempt_pace import next_attempt_at

_SOON = timedelta(days=3)
"""Nearer than that, what is left is said in working hours."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is owed: what, until when, whether that has passed, and how far off it is."""

    what: str
    at: datetime
    late: bool
    distance: str

    @property
    def said(self) -> str:
        """What it is, the tense by whether it is late: `Answer by`, `Late: answer by`."""
        return f"Late: {self.what[:1].lower()}{self.what[1:]}" if self.late else self.what


def owed(row: Row[Any], made: Sequence[datetime], terms: Sla, now: datetime) -> tuple[Due, ...]:
    """What is owed on a handoff, the nearest first; nothing once it is closed.

    Args:
        row: the handoff.
        made: when there were attempts.
        terms: what sales promised.
        now: the present.
    """
    found = [Due(what, at, now > at, distance(terms, now, at)) for what, at in _deadlines(row, made, terms) if at]
    return tuple(sorted(found, key=lambda due: due.at))


def _deadlines(row: Row[Any], made: Sequence[datetime], terms: Sla) -> Iterator[tuple[str, datetime | None]]:
    if row.state == "offered":
        yield "Answer by", row.accept_due_at
    if row.state == "accepted":
        first, last = row.attempt_due_at, row.attempts_due_at
        due_at = next_attempt_at(terms, accepted_at=row.accepted_at, first_due_at=first, due_at=last, made=made)
        yield ("Next attempt by" if made else "First attempt by"), due_at
        yield f"All {terms.attempts.count} attempts by", last if due_at is not None else None
    if row.state in ("accepted", "contacted", "qualified"):
        yield "Say what came of it by", row.outcome_due_at


def distance(terms: Sla, now: datetime, at: datetime) -> str:
    """`in 2 working hours`, `in 12 days`, `45 working minutes ago`; rounded down, so that nobody is told too much."""
    apart = abs(at - now)
    if apart >= _SOON:
        left = _count(apart // _DAY, "day")
    else:
        minutes = sla.working_minutes(terms.hours, *sorted((now, at)))
        left = _working(minutes) if minutes else _plain(apart)
    return f"{left} ago" if now > at else f"in {left}"


def _working(minutes: int) -> str:
    return _count(minutes, "working minute") if minutes < 120 else _count(minutes // 60, "working hour")


def _plain(apart: timedelta) -> str:
    minutes = max(1, apart // timedelta(minutes=1))
    return _count(minutes, "minute") if minutes < 120 else _count(minutes // 60, "hour")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def near(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`today, 13:00`, `Mon, 13:00` within six days, else `Mon 14 Dec, 13:00`; on sales' clocks."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    ahead = (local.date() - today).days
    if ahead == 0:
        return f"today, {local:%H:%M}"
    if ahead == 1:
        return f"tomorrow, {local:%H:%M}"
    if 0 < ahead < 7:
        return f"{local:%a}, {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"
