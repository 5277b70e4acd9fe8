"""The walk over the days in search of a slot, for `cadence.next_slot`, which says what is promised."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Literal

from nurture.agreement import Limits
from nurture.campaign import Cadence, Campaign, Step
from nurture.facts import Held, HeldRule, Slot
from nurture.grammar.windows import say_weekdays
from nurture.rules import calendar
from nurture.rules.calendar import DAY, MINUTE, SECOND, WEEKDAYS, Segment
from nurture.rules.hashing import pick
from nurture.rules.once import once

LATE = timedelta(minutes=15)
"""So long after its minute a mail still simply goes; later than that, it is spread over what is left of the hours."""
FIRST_WEEK = 7
"""An enrollment's first mail goes within so many days where the calendar allows."""
SEARCH_DAYS = 731
"""How far a free day is looked for: two years."""

_WEEK = tuple(DAY * n for n in range(FIRST_WEEK))
MOST_DAYS = 4096
"""So many days of one calendar are kept."""

_TOLD_ONCE: frozenset[HeldRule] = frozenset({"weekday", "per_7_days", "per_30_days"})
_LONGEST_SPAN = 30
"""Mails so many days before a day do not count towards its limits."""


class OpenDays(dict[date, tuple[HeldRule | None, tuple[Segment, ...]]]):
    """What the calendar says of each day for one cadence in one zone: the rule against it, and its hours.

    Worked out when a day is first asked for, and kept: thousands of leads ask for the same few days.
    """

    __slots__ = ("_today", "cadence", "holidays", "minutes", "whole", "zone")

    def __init__(self, cadence: Cadence, zone: str, holidays: str | None) -> None:
        """No day has been asked for."""
        super().__init__()
        self.cadence, self.zone, self.holidays = cadence, zone, holidays
        start, end = cadence.hours.start, cadence.hours.end
        self.minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
        self.whole = MINUTE * self.minutes
        self._today: tuple[datetime | None, date] = None, date.min

    def today(self, now: datetime) -> date:
        """The local date at `now`; the last answer is kept, for one decision asks often, and a batch has one `now`."""
        at, day = self._today
        if at is not now:
            day = calendar.local_date(now, self.zone)
            self._today = now, day
        return day

    def __missing__(self, day: date) -> tuple[HeldRule | None, tuple[Segment, ...]]:
        if len(self) >= MOST_DAYS:
            self.clear()
        hours = _window(day, self.cadence.hours.start, self.cadence.hours.end, self.zone)
        found = self[day] = self._rule(day, hours), hours
        return found

    def _rule(self, day: date, hours: tuple[Segment, ...]) -> HeldRule | None:
        """The rule by which the calendar does not allow a day."""
        if day.weekday() not in self.cadence.days:
            return "weekday"
        if self.holidays is not None and calendar.holiday(self.holidays, day) is not None:
            return "holiday"
        return None if hours else "skipped"


@once
def _calendars(_: Cadence) -> dict[tuple[str, str | None], OpenDays]:
    """A cadence's calendars by zone and holidays."""
    return {}


def open_days(cadence: Cadence, zone: str, holidays: str | None) -> OpenDays:
    """The calendar of a cadence in a zone; one for all who ask."""
    calendars = _calendars(cadence)
    found = calendars.get((zone, holidays))
    if found is None:
        found = calendars[zone, holidays] = OpenDays(cadence, zone, holidays)
    return found


def at_once(
    days: OpenDays,
    limits: Limits,
    lead_key: str,
    step: str,
    now: datetime,
    soonest: date | None,
    taken_on: Collection[date],
    counted_on: Collection[date],
    last: date | None = None,
) -> Slot | None:
    """The slot on the first thinkable day, where nothing at all moves it; None: a `Search` has to look.

    It finds what `Search.from_day` would, in a quarter of the time, for what is by far the most common: nothing holds
    the mail back, and the day's hours are one stretch as long as the clock on the wall says. `last` is the latest of
    `counted_on`, for who has it at hand.
    """
    day = days.today(now)
    if soonest is not None and soonest > day:
        day = soonest
    rule, hours = days[day]
    if rule is not None or len(hours) != 1 or _full(day, limits, taken_on, counted_on, last) is not None:
        return None
    opened, until = hours[0]
    if now >= until or until - opened != days.whole:
        return None
    at = opened + MINUTE * pick(days.minutes, "minute", lead_key, step)
    return Slot(at if now <= at + LATE else _late(max(opened, now), until, lead_key, step), until, day, days.zone)


def _late(begin: datetime, until: datetime, lead_key: str, step: str) -> datetime:
    """An instant of what is left of the hours, by the hash."""
    return begin + SECOND * pick(max(1, (until - begin) // SECOND), "late", lead_key, step)


def first_day(days: OpenDays, enrolled_on: date, not_before: datetime | None, lead_key: str, step: str) -> date:
    """One of the days of the first week that the calendar allows, by the hash; the week's first where none is.

    The week begins on the day after the enrollment's own, or, where nothing may go before a later instant, on the
    first day whose hours are not over by then.
    """
    begin = enrolled_on + DAY
    if not_before is not None:
        waited = calendar.local_date(not_before, days.zone)
        hours = days[waited][1]
        begin = later(begin, waited if hours and hours[-1][1] > not_before else waited + DAY)
    allowed = [day for day in [begin + ahead for ahead in _WEEK] if days[day][0] is None]
    return allowed[pick(len(allowed), "first day", lead_key, step)] if allowed else begin


@dataclass(slots=True)
class Search:
    """One walk over the days, keeping what held the mail back."""

    campaign: Campaign
    step: Step
    limits: Limits
    lead_key: str
    days: OpenDays
    now: datetime
    taken_on: Collection[date]
    counted_on: Collection[date]
    not_before: datetime | None
    held: dict[tuple[HeldRule, date | None], Held] = field(default_factory=dict)

    def from_day(self, soonest: date | None, not_before_on: date | None) -> Slot | None:
        """The slot on the first allowed day from `soonest` on; never in the past."""
        thinkable = self.days.today(self.now)
        if soonest is not None:
            thinkable = later(soonest, thinkable)
        day = thinkable if not_before_on is None else later(thinkable, not_before_on)
        if self.not_before is not None:
            day = later(day, calendar.local_date(self.not_before, self.days.zone))
        if day != thinkable:
            self.held["not before", None] = Held("not before", partial(self._waits, day))
        since = day - timedelta(days=_LONGEST_SPAN)
        counted_on = sorted([other for other in self.counted_on if other > since])
        for _ in range(SEARCH_DAYS):
            rule, hours = self.days[day]
            rule = rule or _full(day, self.limits, self.taken_on, counted_on)
            if rule is None:
                slot = self._slot(day, hours)
                if slot is not None:
                    return slot
                rule = "over"
            self._hold(rule, day, counted_on)
            day += DAY
        return None

    def _hold(self, rule: HeldRule, day: date, counted_on: list[date]) -> None:
        """Note why the mail does not go on this day; a rule that holds many days in a row is told of once."""
        key = rule, None if rule in _TOLD_ONCE else day
        if key not in self.held:
            self.held[key] = Held(rule, partial(self._why, rule, day, counted_on))

    def _waits(self, day: date) -> str:
        return f"nothing may go before {self._name(day)}"

    def _why(self, rule: HeldRule, day: date, counted_on: list[date]) -> str:
        cadence, said = self.campaign.cadence, self._name(day)
        if rule == "weekday":
            return f"{said} is a {WEEKDAYS[day.weekday()]}; mails go {say_weekdays(cadence.days)}"
        if rule == "holiday":
            return f"{said} is a holiday ({self.days.holidays}): {calendar.holiday(self.days.holidays or '', day)}"
        if rule == "skipped":
            return f"the clocks skip {cadence.hours} on {said}"
        if rule == "taken":
            return f"a mail already goes on {said}"
        if rule == "over":
            return f"the hours of {said} ({cadence.hours}) are over"
        span, most = next((span, most) for name, span, most in _spans(self.limits) if name == rule)
        mails, end = _full_span(day, span, most, counted_on) or (most, day)
        return f"{mails} mail{'s'[: mails > 1]} already in the {span.days} days to {self._name(end)}"

    def _slot(self, day: date, hours: tuple[Segment, ...]) -> Slot | None:
        """The slot on an allowed day; None if its hours are over."""
        at, until = self._minute(day, hours)
        waits = self.not_before is not None and at < self.not_before
        if not waits and self.now <= at + LATE and self.now < until:
            return self._made(day, at, until)
        soonest = self.now if self.not_before is None else max(self.now, self.not_before)
        for opened, until in hours:
            begin = max(opened, soonest)
            if begin < until:
                return self._made(day, _late(begin, until, self.lead_key, self.step.id), until)
        return None

    def _minute(self, day: date, hours: tuple[Segment, ...]) -> Segment:
        """The instant of the hashed minute of the day's hours, and until when it may be used.

        A minute that comes twice is its first; one that the clocks skip is the first instant after it within the hours,
        or, where there is none, their first.
        """
        minute = MINUTE * pick(self.days.minutes, "minute", self.lead_key, self.step.id)
        opened, until = hours[0]
        if until - opened == self.days.whole:
            return opened + minute, until
        start = self.campaign.cadence.hours.start
        at = calendar.first_instant(day, (datetime.combine(day, start) + minute).time(), self.days.zone)
        for _, until in hours:
            if at < until:
                return at, until
        return hours[0]

    def _made(self, day: date, at: datetime, until: datetime) -> Slot:
        return Slot(at, until, day, self.days.zone, tuple(self.held.values()))

    def _name(self, day: date) -> str:
        return calendar.say_day(day, self.now.year)


@lru_cache(maxsize=8192)
def _window(day: date, start: time, end: time, zone: str) -> tuple[Segment, ...]:
    """The hours of a day, in real time; where they end with the day, a microsecond early, so that they end on it."""
    return tuple(
        (opened, until if calendar.local_date(until, zone) == day else until - timedelta(microseconds=1))
        for opened, until in calendar.open_hours(day, start, end, zone)
    )


@once
def _spans(limits: Limits) -> tuple[tuple[Literal["per_7_days", "per_30_days"], timedelta, int], ...]:
    """The limits there are: their rule, over how long, how many mails."""
    week, month = limits.per_7_days, limits.per_30_days
    return (
        *((("per_7_days", 7 * DAY, week),) if week is not None else ()),
        *((("per_30_days", 30 * DAY, month),) if month is not None else ()),
    )


def _full(
    day: date, limits: Limits, taken_on: Collection[date], counted_on: Collection[date], last: date | None = None
) -> HeldRule | None:
    """The rule by which the lead's other mails do not allow a day."""
    if day in taken_on:
        return "taken"
    for rule, span, most in _spans(limits):
        if len(counted_on) < most or (last is not None and last <= day - span):
            continue  # there are too few, or none in any span around the day
        if _full_span(day, span, most, counted_on) is not None:
            return rule
    return None


def _full_span(day: date, span: timedelta, most: int, counted_on: Collection[date]) -> tuple[int, date] | None:
    """The mails in, and the last day of, a span of so many days around `day` that has no room for one more.

    Spans that end on `day` or on a later mail's day suffice: no other has more mails.
    """
    begin, end = day - span, day + span
    near = [other for other in counted_on if begin < other < end]
    if len(near) < most:
        return None
    for end in (day, *(other for other in near if other > day)):
        begin = end - span
        mails = sum(begin < other <= end for other in near)
        if mails >= most:
            return mails, end
    return None


def later(one: date | None, other: date) -> date:
    """The later of two days; the other, if there is no `one`."""
    return other if one is None or one < other else one
