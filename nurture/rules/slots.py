"""The walk over the days in search of a slot, for `cadence.next_slot`, which says what is promised."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from nurture.agreement import Limits
from nurture.campaign import Campaign, Step
from nurture.facts import Slot
from nurture.grammar.windows import say_weekdays
from nurture.rules import calendar
from nurture.rules.calendar import DAY, MINUTE, SECOND, WEEKDAYS, Segment
from nurture.rules.hashing import pick

LATE = timedelta(minutes=15)
"""So long after its minute a mail still simply goes; later than that, it is spread over what is left of the hours."""
FIRST_WEEK = 7
"""An enrollment's first mail goes within so many days where the calendar allows."""
SEARCH_DAYS = 731
"""How far a free day is looked for: two years."""

Held = tuple[str, str]
"""A rule that holds a mail back on a day: its key, each of which is told of once, and what to say."""


@dataclass(slots=True)
class Search:
    """One walk over the days, keeping what held the mail back."""

    campaign: Campaign
    step: Step
    limits: Limits
    lead_key: str
    zone: str
    holidays: str | None
    now: datetime
    taken_on: Collection[date]
    counted_on: Collection[date]
    not_before: datetime | None
    held_by: dict[str, str] = field(default_factory=dict)

    def first_day(self, enrolled_on: date) -> date:
        """One of the days of the first week that the calendar allows, by the hash; the week's first where none is.

        The week begins on the day after the enrollment's own, or, where nothing may go before a later instant, on the
        first day whose hours are not over by then.
        """
        begin = enrolled_on + DAY
        if self.not_before is not None:
            waited = calendar.local_date(self.not_before, self.zone)
            hours = self._hours(waited)
            begin = later(begin, waited if hours and hours[-1][1] > self.not_before else waited + DAY)
        week = [begin + DAY * n for n in range(FIRST_WEEK)]
        allowed = [day for day in week if self._off(day) is None]
        return allowed[pick(len(allowed), "first day", self.lead_key, self.step.id)] if allowed else begin

    def from_day(self, soonest: date | None, not_before_on: date | None) -> Slot | None:
        """The slot on the first allowed day from `soonest` on; never in the past."""
        thinkable = calendar.local_date(self.now, self.zone)
        if soonest is not None:
            thinkable = later(soonest, thinkable)
        day = thinkable if not_before_on is None else later(thinkable, not_before_on)
        if self.not_before is not None:
            day = later(day, calendar.local_date(self.not_before, self.zone))
        if day != thinkable:
            self.held_by["not before"] = f"nothing may go before {self._name(day)}"
        for _ in range(SEARCH_DAYS):
            held = self._off(day) or self._full(day)
            if held is None:
                slot = self._slot(day)
                if slot is not None:
                    return slot
                held = "over", f"the hours of {self._name(day)} ({self.campaign.cadence.hours}) are over"
            self.held_by.setdefault(*held)
            day += DAY
        return None

    def _off(self, day: date) -> Held | None:
        """What the calendar has against a day: (which rule, in plain words), once a rule for those that name a span."""
        cadence = self.campaign.cadence
        if day.weekday() not in cadence.days:
            return "days", f"{self._name(day)} is a {WEEKDAYS[day.weekday()]}; mails go {say_weekdays(cadence.days)}"
        name = None if self.holidays is None else calendar.holiday(self.holidays, day)
        if name is not None:
            return f"holiday {day}", f"{self._name(day)} is a holiday ({self.holidays}): {name}"
        if not self._hours(day):
            return f"gap {day}", f"the clocks skip {cadence.hours} on {self._name(day)}"
        return None

    def _full(self, day: date) -> Held | None:
        """What the lead's other mails have against a day."""
        if day in self.taken_on:
            return f"taken {day}", f"a mail already goes on {self._name(day)}"
        for span, most in ((7, self.limits.per_7_days), (30, self.limits.per_30_days)):
            full = None if most is None else _full_span(day, span, most, self.counted_on)
            if full is not None:
                mails = "1 mail" if full[0] == 1 else f"{full[0]} mails"
                return f"per {span}", f"{mails} already in the {span} days to {self._name(full[1])}"
        return None

    def _hours(self, day: date) -> tuple[Segment, ...]:
        hours = self.campaign.cadence.hours
        return _window(day, hours.start, hours.end, self.zone)

    def _slot(self, day: date) -> Slot | None:
        """The slot on an allowed day; None if its hours are over."""
        hours = self._hours(day)
        at, until = self._minute(day, hours)
        waits = self.not_before is not None and at < self.not_before
        if not waits and self.now <= at + LATE and self.now < until:
            return self._made(day, at, until)
        soonest = self.now if self.not_before is None else max(self.now, self.not_before)
        for opened, until in hours:
            begin = max(opened, soonest)
            if begin < until:
                seconds = max(1, (until - begin) // SECOND)
                at = begin + SECOND * pick(seconds, "late", self.lead_key, self.step.id)
                return self._made(day, at, until)
        return None

    def _minute(self, day: date, hours: tuple[Segment, ...]) -> Segment:
        """The instant of the hashed minute of the day's hours, and until when it may be used.

        A minute that comes twice is its first; one that the clocks skip is the first instant after it within the hours,
        or, where there is none, their first.
        """
        start, end = self.campaign.cadence.hours.start, self.campaign.cadence.hours.end
        minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
        minute = MINUTE * pick(minutes, "minute", self.lead_key, self.step.id)
        opened, until = hours[0]
        if until - opened == MINUTE * minutes:
            return opened + minute, until
        at = calendar.first_instant(day, (datetime.combine(day, start) + minute).time(), self.zone)
        for opened, until in hours:
            if at < until:
                return max(at, opened), until
        return hours[0]

    def _made(self, day: date, at: datetime, until: datetime) -> Slot:
        return Slot(at, until, day, self.zone, tuple(self.held_by.values()))

    def _name(self, day: date) -> str:
        return calendar.say_day(day, self.now.year)


@lru_cache(maxsize=8192)
def _window(day: date, start: time, end: time, zone: str) -> tuple[Segment, ...]:
    """The hours of a day, in real time; where they end with the day, a microsecond early, so that they end on it."""
    return tuple(
        (opened, until if calendar.local_date(until, zone) == day else until - timedelta(microseconds=1))
        for opened, until in calendar.open_hours(day, start, end, zone)
    )


def _full_span(day: date, span: int, most: int, counted_on: Collection[date]) -> tuple[int, date] | None:
    """The mails in, and the last day of, a span of so many days around `day` that has no room for one more."""
    near = [other for other in counted_on if abs((other - day).days) < span]
    if len(near) < most:
        return None
    for end in (day, *sorted(other for other in near if other > day)):
        mails = sum(0 <= (end - other).days < span for other in near)
        if mails >= most:
            return mails, end
    return None


def later(one: date | None, other: date) -> date:
    """The later of two days; the other, if there is no `one`."""
    return other if one is None or one < other else one
