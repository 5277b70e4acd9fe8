"""Zones, local dates, holidays, and what a window of wall-clock time on one local day is in real time.

A wall clock does not always run on: some minutes never come (a gap, mostly in spring), some come twice (a fold), and
some days do not exist at all (30 December 2011 in Apia). Whatever turns wall-clock time into instants goes through
here. Instants are given back in UTC.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture.grammar.national_days import country_holidays
from nurture.grammar.zones import zone_names

if TYPE_CHECKING:
    from holidays import HolidayBase

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOOK = timedelta(minutes=15)
"""How far apart the clock is looked at for changes; two changes of one zone are never so near to each other."""

Segment = tuple[datetime, datetime]
"""A stretch of real time, from (included) until (not included), in UTC."""


@lru_cache(maxsize=1024)
def zone_info(zone: str) -> ZoneInfo:
    """The zone of that name in the tz database; loaded once.

    Raises:
        ZoneInfoNotFoundError: if there is no such zone.
    """
    return ZoneInfo(zone)


@lru_cache(maxsize=4096)
def zone_named(name: str | None) -> str | None:
    """The zone of the tz database that somebody means by `name`, whatever its case; None if there is none."""
    if name is None:
        return None
    name = name.strip()
    return name if name in zone_names() else _zones_by_folded_name().get(name.casefold())


def local_date(at: datetime, zone: str) -> date:
    """The date that a calendar on the wall in `zone` shows at this instant."""
    return at.astimezone(zone_info(zone)).date()


def first_instant(day: date, clock: time, zone: str) -> datetime:
    """The instant at which the clocks in `zone` first show `clock` on `day`; if they skip it, the one when they do."""
    info = zone_info(zone)
    wall = datetime.combine(day, clock)
    before, after = _offsets(wall, info)
    if after <= before:
        return (wall - before).replace(tzinfo=UTC)
    return _change_between(wall - after, wall - before, info)


def open_hours(day: date, start: time, end: time, zone: str) -> tuple[Segment, ...]:
    """The real time in which the clocks in `zone` show `day` and a time from `start` until before `end`.

    Nearly always one segment. Two where the hours begin or end amid a repeated hour; none where the clocks skip all of
    them. `end` at midnight means the end of the day; otherwise an `end` that is not after `start` leaves no such hours.
    """
    info = zone_info(zone)
    opens, closes = datetime.combine(day, start), datetime.combine(day, end)
    if end == time.min:
        closes += DAY
    if closes <= opens:
        return ()
    offset = _steady_offset(opens, closes, info)
    if offset is not None:
        return (((opens - offset).replace(tzinfo=UTC), (closes - offset).replace(tzinfo=UTC)),)
    return _open_around_changes(opens, closes, info)


def holiday(calendar: str, day: date) -> str | None:
    """The English name of the holiday that `day` is in this calendar, or None on an ordinary day.

    A calendar is a country (`US`) or a part of one (`US-CA`), as the agreement names it. Observed days count too.
    """
    return _holidays(calendar, day.year).get(day)


def say_day(day: date, this_year: int) -> str:
    """`3 Jul`, or `3 Jul 2027` when it is not this year; the same in every locale."""
    said = f"{day.day} {_MONTHS[day.month - 1]}"
    return said if day.year == this_year else f"{said} {day.year}"


@lru_cache(maxsize=1)
def _zones_by_folded_name() -> Mapping[str, str]:
    return {zone.casefold(): zone for zone in sorted(zone_names())}


def _offsets(wall: datetime, info: ZoneInfo) -> tuple[timedelta, timedelta]:
    """Offsets from UTC before and after the change of clocks that `wall` falls into (PEP 495); else both the same."""
    before = wall.replace(tzinfo=info).utcoffset()
    after = wall.replace(tzinfo=info, fold=1).utcoffset()
    assert before is not None and after is not None  # noqa: S101, PT018 (for the type checker: every ZoneInfo has an offset)
    return before, after


def _offset_at(utc: datetime, info: ZoneInfo) -> timedelta:
    """The offset in force at an instant, which is given in UTC without saying so."""
    offset = utc.replace(tzinfo=UTC).astimezone(info).utcoffset()
    assert offset is not None  # noqa: S101 (for the type checker)
    return offset


def _steady_offset(opens: datetime, closes: datetime, info: ZoneInfo) -> timedelta | None:
    """The offset from UTC of all the hours between two wall times, or None if the clocks change in them."""
    offsets = {*_offsets(opens, info), *_offsets(closes, info)}
    return offsets.pop() if len(offsets) == 1 else None


def _change_between(low: datetime, high: datetime, info: ZoneInfo) -> datetime:
    """The first second after `low`, and at the latest `high`, at which another offset is in force than at `low`."""
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    was = _offset_at(low, info)
    while high - low > SECOND:
        middle = low + timedelta(seconds=(high - low) // SECOND // 2)
        if _offset_at(middle, info) == was:
            low = middle
        else:
            high = middle
    return high.replace(tzinfo=UTC)


def _open_around_changes(opens: datetime, closes: datetime, info: ZoneInfo) -> tuple[Segment, ...]:
    """The hours between two wall times when clocks change: for each offset in force, what its clock shows of them."""
    offsets = (*_offsets(opens, info), *_offsets(closes, info))
    edges = _spans(opens - max(offsets), closes - min(offsets), info)
    segments: list[Segment] = []
    for low, high in pairwise(edges):
        offset = _offset_at(low, info)
        opened, closed = max(low, opens - offset), min(high, closes - offset)
        if opened >= closed:
            continue
        if segments and segments[-1][1] == opened.replace(tzinfo=UTC):
            opened_before = segments.pop()[0]
            segments.append((opened_before, closed.replace(tzinfo=UTC)))
        else:
            segments.append((opened.replace(tzinfo=UTC), closed.replace(tzinfo=UTC)))
    return tuple(segments)


def _spans(low: datetime, high: datetime, info: ZoneInfo) -> list[datetime]:
    """The instants at which another offset comes into force, between `low` and `high`, and those two themselves."""
    edges = [low]
    here = low
    while here < high:
        there = min(here + _LOOK, high)
        if _offset_at(here, info) != _offset_at(there, info):
            edges.append(_change_between(here, there, info).replace(tzinfo=None))
        here = there
    edges.append(high)
    return edges


@lru_cache(maxsize=1024)
def _holidays(calendar: str, year: int) -> Mapping[date, str]:
    # The language is given, else the names would depend on the environment of the process.
    days = _load(calendar, year, "en_US")
    if "en_US" not in days.supported_languages:
        days = _load(calendar, year, days.default_language)
    return dict(days.items())


def _load(calendar: str, year: int, language: str | None) -> "HolidayBase":
    country, _, part = calendar.partition("-")
    return country_holidays(country, part, year, language)
