"""When: weekdays, times of day, hours, and how long until again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

from pydantic_core import CoreSchema

from nurture.grammar.durations import CALENDAR_DURATION, DurationMistake, parse_calendar_duration
from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.grammar.patterns import BLANK, DASH, any_case, spoken
from nurture.grammar.spoken import Spoken

DAYS: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = {name: number for names in (DAYS, _LONG) for number, name in enumerate(names)} | {
    "tues": 1,
    "thur": 3,
    "thurs": 3,
}
WEEKDAY_NAMES: tuple[str, ...] = tuple(_NUMBER)
"""Every way to say a weekday, in lower case."""
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DASH = re.compile(r"\s*[-–—]\s*")


class WeekdaysMistake(Mistake):
    """No weekdays."""

    topic = "weekdays"


class TimeMistake(Mistake):
    """No time of day, or no hours."""

    topic = "time"


class AgainMistake(Mistake):
    """No `again`."""

    topic = "again"


def parse_weekdays(value: object) -> frozenset[int]:
    """Read `mon-fri`, `tue`, `sat-mon` or `[tue, wed, thu]`; Monday is 0.

    Raises:
        WeekdaysMistake: a word is no weekday, or there is none.
    """
    if isinstance(value, frozenset):
        return value
    if isinstance(value, str):
        days = frozenset(day for part in value.split(",") for day in _span(part))
    elif isinstance(value, list | tuple):
        days = frozenset(day for index, part in enumerate(value) for day in _listed(index, part))
    else:
        raise WeekdaysMistake(f"{quoted(value)} is not a weekday", hint="write them like `mon-fri` or `[tue, thu]`")
    if not days:
        raise WeekdaysMistake("at least one weekday is needed", hint="write them like `mon-fri` or `[tue, thu]`")
    return days


def say_weekdays(days: Iterable[int]) -> str:
    """The shortest way to write them: `mon-fri`, `tue`, `tue, wed, fri`."""
    ordered = sorted(days)
    first, last = ordered[0], ordered[-1]
    if len(ordered) > 2 and last - first == len(ordered) - 1:
        return f"{DAYS[first]}-{DAYS[last]}"
    return ", ".join(DAYS[day] for day in ordered)


def parse_time(value: object) -> time:
    """Read `09:00`; hours 00 to 23.

    Raises:
        TimeMistake: it is no time of a 24-hour day.
    """
    if isinstance(value, time):
        return value
    said = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if not said:
        raise TimeMistake(f"{quoted(value)} is not a time of day", hint='write it like `"09:00"` or `"17:30"`')
    hour, minute = int(said[1]), int(said[2])
    if (hour, minute) == (24, 0):
        raise TimeMistake("`24:00` is the next day's midnight; the latest is `23:59`")
    if hour > 23 or minute > 59:
        raise TimeMistake(f"{quoted(value)} is not a time of day; they run from `00:00` to `23:59`")
    return time(hour, minute)


def say_time(value: time) -> str:
    """`09:00`."""
    return value.strftime("%H:%M")


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of one day: from `start`, up to but without `end`. Never over midnight; the latest end is 23:59."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise TimeMistake(
                f"`{self}` ends before it begins" if self.end < self.start else f"`{self}` is no time at all",
                hint="hours do not run over midnight",
            )

    def __str__(self) -> str:
        """As it is written in a file."""
        return f"{say_time(self.start)}-{say_time(self.end)}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from text."""
        return _HOURS.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """Text with a pattern."""
        return _HOURS.__get_pydantic_json_schema__(core, handler)


def parse_hours(value: object) -> Hours:
    """Read `09:00-11:30`.

    Raises:
        TimeMistake: it is not two times, the second one later on the same day.
    """
    if isinstance(value, Hours):
        return value
    ends = _DASH.split(value.strip()) if isinstance(value, str) else []
    if len(ends) != 2:
        raise TimeMistake(f"{quoted(value)} are no hours", hint='write them like `"09:00-11:30"`')
    return Hours(parse_time(ends[0]), parse_time(ends[1]))


@dataclass(frozen=True, slots=True)
class Again:
    """Whether a lead may enter a second time: `never`, or so many `days` after the first enrollment ended."""

    never: bool = False
    days: int = 0

    def __str__(self) -> str:
        """As it is written in a file."""
        return "never" if self.never else f"after {self.days} day{'' if self.days == 1 else 's'}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from text."""
        return _AGAIN.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """Text with a pattern."""
        return _AGAIN.__get_pydantic_json_schema__(core, handler)


def parse_again(value: object) -> Again:
    """Read `never` or `after 30 days`.

    Raises:
        AgainMistake: it is neither.
    """
    if isinstance(value, Again):
        return value
    words = value.split(maxsplit=1) if isinstance(value, str) else []
    if [word.lower() for word in words] == ["never"]:
        return Again(never=True)
    if len(words) == 2 and words[0].lower() == "after":
        try:
            return Again(days=parse_calendar_duration(words[1]).days)
        except DurationMistake as mistake:
            raise AgainMistake(mistake.message, hint=mistake.hint) from None
    raise AgainMistake(f"{quoted(value)} is neither `never` nor `after` and a duration", hint="such as `after 30 days`")


def _listed(index: int, part: object) -> Iterable[int]:
    try:
        if not isinstance(part, str):
            raise WeekdaysMistake(f"{quoted(part)} is not a weekday; they are {one_of(DAYS)}")
        return _span(part)
    except WeekdaysMistake as mistake:
        raise mistake.below(index) from None


def _span(part: str) -> Iterable[int]:
    ends = [_day(word) for word in _DASH.split(part.strip())]
    if len(ends) > 2:
        raise WeekdaysMistake(f"{quoted(part)} has more than two ends", hint="write it like `mon-fri`")
    first, last = ends[0], ends[-1]
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _day(word: str) -> int:
    number = _NUMBER.get(word.lower())
    if number is None:
        raise WeekdaysMistake(
            f"{quoted(word)} is not a weekday; they are {one_of(DAYS)}", hint=did_you_mean(word, DAYS + _LONG)
        )
    return number


_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_HOURS = Spoken(
    parse_hours,
    schema=spoken(
        f"{_CLOCK}{DASH}{_CLOCK}", ["09:00-11:30"], 'write two times of a 24-hour clock, like `"09:00-11:30"`'
    ),
)
_AGAIN = Spoken(
    parse_again,
    schema=spoken(
        f"{any_case('never')}|{any_case('after')}{BLANK}+{CALENDAR_DURATION}",
        ["after 30 days", "never"],
        "write `never`, or `after` and a duration, like `after 30 days`",
    ),
)
_DAY = "|".join(map(any_case, sorted(WEEKDAY_NAMES, key=len, reverse=True)))
_SPAN = f"(?:{_DAY})(?:{DASH}(?:{_DAY}))?"
_INSTEAD = "write weekdays like `mon-fri` or `[tue, thu]`"
_DAYS_SCHEMA = spoken(f"{_SPAN}(?:{BLANK}*,{BLANK}*{_SPAN})*", ["mon-fri", "tue, wed, thu"], _INSTEAD)
_LISTED_SCHEMA = spoken(_SPAN, [*DAYS, "mon-fri"], _INSTEAD)

Weekdays = Annotated[
    frozenset[int],
    Spoken(
        parse_weekdays,
        say=say_weekdays,
        schema={"anyOf": [{"type": "array", "items": _LISTED_SCHEMA, "minItems": 1}, _DAYS_SCHEMA]},
    ),
]
"""Days of the week, Monday = 0."""

ClockTime = Annotated[
    time,
    Spoken(
        parse_time,
        say=say_time,
        schema=spoken(_CLOCK, ["09:00", "17:30"], 'write a time of a 24-hour clock, like `"09:00"`'),
    ),
]
"""A time of day."""
