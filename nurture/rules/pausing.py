"""A pause that a lead chose: which days it may last until. Pure."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from nurture.rules.calendar import first_instant

PAUSED = "paused by the lead"
"""Why mail waits, as `happenings.Postponed` says it."""
MONTHS = (1, 3, 6)
"""Lengths that are offered."""
LONGEST = timedelta(days=366)


def earliest(today: date) -> date:
    """The first day on which mail may come again: a pause takes a day at least."""
    return today + timedelta(days=1)


def latest(today: date) -> date:
    """The last one: within a year. Whoever wants longer wants to leave."""
    return today + LONGEST


def offers(today: date) -> tuple[tuple[int, date], ...]:
    """The lengths that are offered in months, each with the day on which mail may come again."""
    return tuple((months, months_after(today, months)) for months in MONTHS)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def ends_at(day: date, zone: str) -> datetime:
    """When a pause until this local day is over: the day's first instant."""
    return first_instant(day, time(), zone)
