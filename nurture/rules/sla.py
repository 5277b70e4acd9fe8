"""Deadlines of sales (`sla` of the agreement): hours and minutes are working time, days and up are calendar time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nurture.agreement import WorkingHours
from nurture.grammar.durations import Duration
from nurture.rules import calendar
from nurture.rules.calendar import DAY, MINUTE, Segment
from nurture.rules.once import once

INSTANT = timedelta(microseconds=1)
MOST_DAYS = 4096
"""So many days of one agreement's working hours are kept."""


def deadline(hours: WorkingHours, start: datetime, duration: Duration, times: int = 1) -> datetime:
    """When a promise given at `start` falls due, in UTC; with `times`, when its length has passed so many times.

    Working time passes only on the agreed weekdays, within the agreed hours, not on holidays, and as fast as real time
    when clocks change. A deadline that a working day just suffices for is that day's end, not the next one's beginning.

    Calendar time ends at the same time of day so many days later, by the clock on the wall in the agreement's zone,
    within working hours or not; where the clocks skip that time, when they do so; where it comes twice, at its first.

    Raises:
        OverflowError: if there are no such working hours in all of time.
    """
    if duration.is_calendar:
        wall = start.astimezone(calendar.zone_info(hours.timezone))
        return calendar.first_instant(wall.date() + DAY * duration.days * times, wall.time(), hours.timezone)
    return working_time_later(hours, start, MINUTE * duration.minutes * times)


def working_time_later(hours: WorkingHours, start: datetime, time: timedelta) -> datetime:
    """When so much working time, more than none, has passed since `start`.

    Raises:
        OverflowError: if there are no such working hours in all of time.
    """
    left = time
    for opened, closed in working_time(hours, start):
        if closed - opened >= left:
            return opened + left
        left -= closed - opened
    raise OverflowError("the working hours never come")


def at_work(hours: WorkingHours, at: datetime) -> datetime:
    """This instant if sales is at work then, else the next at which it is; the last instant of a day's work is work.

    Raises:
        OverflowError: if there are no such working hours in all of time.
    """
    for opened, _ in working_time(hours, at - INSTANT):
        return max(opened, at)
    raise OverflowError("the working hours never come")


def working_minutes(hours: WorkingHours, start: datetime, end: datetime) -> int:
    """Whole minutes of working time from `start` to `end`; 0 if `end` is not later."""
    passed = timedelta()
    for opened, closed in working_time(hours, start):
        if opened >= end:
            break
        passed += min(closed, end) - opened
    return passed // MINUTE


def working_time(hours: WorkingHours, start: datetime) -> Iterator[Segment]:
    """Every stretch of working time from `start` on, in order, for ever."""
    day, days = calendar.local_date(start, hours.timezone) - DAY, _days(hours)
    while True:
        day += DAY
        for opened, closed in days[day]:
            if closed > start:
                yield max(opened, start), closed


class _Days(dict[date, tuple[Segment, ...]]):
    """The working time of each day, worked out when it is first asked for and kept: all handoffs ask for the same."""

    __slots__ = ("_hours",)

    def __init__(self, hours: WorkingHours) -> None:
        """No day has been asked for."""
        super().__init__()
        self._hours = hours

    def __missing__(self, day: date) -> tuple[Segment, ...]:
        if len(self) >= MOST_DAYS:
            self.clear()
        worked = self[day] = self._worked(day)
        return worked

    def _worked(self, day: date) -> tuple[Segment, ...]:
        hours = self._hours
        if day.weekday() not in hours.days:
            return ()
        if hours.holidays is not None and calendar.holiday(hours.holidays, day) is not None:
            return ()
        return calendar.open_hours(day, hours.start, hours.end, hours.timezone)


_days = once(_Days)
