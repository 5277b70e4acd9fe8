"""Deadlines of sales (`sla` of the agreement): hours and minutes are working time, days and up are calendar time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from nurture.agreement import WorkingHours
from nurture.grammar.durations import Duration
from nurture.rules import calendar
from nurture.rules.calendar import DAY, MINUTE, Segment


def deadline(hours: WorkingHours, start: datetime, duration: Duration) -> datetime:
    """When a promise given at `start` falls due, in UTC.

    Working time passes only on the agreed weekdays, within the agreed hours, not on holidays, and as fast as real time
    when clocks change. A deadline that a working day just suffices for is that day's end, not the next one's beginning.

    Calendar time ends at the same time of day so many days later, by the clock on the wall in the agreement's zone,
    within working hours or not; where the clocks skip that time, when they do so; where it comes twice, at its first.

    Raises:
        OverflowError: if there are no such working hours in all of time.
    """
    if duration.is_calendar:
        wall = start.astimezone(calendar.zone_info(hours.timezone))
        return calendar.first_instant(wall.date() + DAY * duration.days, wall.time(), hours.timezone)
    left = MINUTE * duration.minutes
    for opened, closed in _working_time(hours, start):
        if closed - opened >= left:
            return opened + left
        left -= closed - opened
    raise OverflowError("the working hours never come")


def working_minutes(hours: WorkingHours, start: datetime, end: datetime) -> int:
    """Whole minutes of working time from `start` to `end`; 0 if `end` is not later."""
    passed = timedelta()
    for opened, closed in _working_time(hours, start):
        if opened >= end:
            break
        passed += min(closed, end) - opened
    return passed // MINUTE


def _working_time(hours: WorkingHours, start: datetime) -> Iterator[Segment]:
    """Every stretch of working time from `start` on, in order, for ever."""
    day = calendar.local_date(start, hours.timezone) - DAY
    while True:
        day += DAY
        if day.weekday() not in hours.days:
            continue
        if hours.holidays is not None and calendar.holiday(hours.holidays, day) is not None:
            continue
        for opened, closed in calendar.open_hours(day, hours.start, hours.end, hours.timezone):
            if closed > start:
                yield max(opened, start), closed
