"""Durations as people say them: `15 minutes`, `4 hours`, `10 days`, `2 weeks`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic_core import CoreSchema

from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.grammar.patterns import BLANK, any_case, spoken
from nurture.grammar.spoken import Spoken

_MINUTES = {"minute": 1, "hour": 60}
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_UNITS = (*_MINUTES, *_DAYS)
_MOST_DAYS = 36_500
_MOST_HOURS = 10_000
_SAID = re.compile(r"([+-]?[0-9]{1,9})\s*([^\W\d_]+)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_SHORT = {"m": "minute", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour"} | {
    "d": "day", "w": "week", "wk": "week", "wks": "week", "mo": "month", "y": "year", "yr": "year",
}  # fmt: skip


class DurationMistake(Mistake):
    """No duration."""

    topic = "duration"


@dataclass(frozen=True, slots=True)
class Duration:
    """So many of a unit. Minutes and hours are working time, the rest is calendar time: a month 30 days, a year 365."""

    amount: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in _UNITS:
            raise DurationMistake(f"a duration's unit is {one_of(_UNITS)}, not {quoted(self.unit)}")
        if self.amount <= 0:
            raise DurationMistake("a duration must be more than nothing")
        if self.is_calendar and self.days > _MOST_DAYS:
            raise DurationMistake(f"`{self}` is too long; the most is {_MOST_DAYS} days")
        if not self.is_calendar and self.minutes > _MOST_HOURS * 60:
            raise DurationMistake(f"`{self}` is too long; the most is {_MOST_HOURS} hours")

    @property
    def is_calendar(self) -> bool:
        """Whether it is counted in days."""
        return self.unit in _DAYS

    @property
    def days(self) -> int:
        """Calendar days; ValueError for working time."""
        if not self.is_calendar:
            raise ValueError(f"{self} is working time, not days")
        return self.amount * _DAYS[self.unit]

    @property
    def minutes(self) -> int:
        """Working minutes; ValueError for calendar time."""
        if self.is_calendar:
            raise ValueError(f"{self} is calendar time, not working minutes")
        return self.amount * _MINUTES[self.unit]

    def __str__(self) -> str:
        """As it is written in a file."""
        return f"{self.amount} {self.unit}" if self.amount == 1 else f"{self.amount} {self.unit}s"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from text."""
        return _ANY.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """Text with a pattern."""
        return _ANY.__get_pydantic_json_schema__(core, handler)


def parse_duration(text: object) -> Duration:
    """Read `2 weeks` and the like.

    Raises:
        DurationMistake: it is not a whole number above 0 and a unit.
    """
    if isinstance(text, Duration):
        return text
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise _no_unit(text)
    if not isinstance(text, str):
        raise DurationMistake(f"{quoted(text)} is not a duration", hint="write it like `10 days` or `4 hours`")
    if _NUMBER.fullmatch(text.strip()):
        raise _no_unit(int(text))
    said = _SAID.fullmatch(text.strip())
    if not said:
        raise DurationMistake(f"{quoted(text)} is not a duration", hint="write it like `10 days` or `4 hours`")
    return Duration(int(said[1]), _unit(said[1], said[2].lower()))


def parse_calendar_duration(text: object) -> Duration:
    """Read a duration that is counted in days.

    Raises:
        DurationMistake: it is no duration, or one of minutes or hours.
    """
    duration = parse_duration(text)
    if not duration.is_calendar:
        raise DurationMistake(f"`{duration}` is too fine here: this is counted in days", hint="such as `1 day`")
    return duration


def _no_unit(number: float) -> DurationMistake:
    hint = "write a whole number and a unit, like `10 days`"
    if isinstance(number, int) and number > 0:
        hint = f"write `{number} day{'' if number == 1 else 's'}`"
    return DurationMistake(f"{quoted(number)} has no unit", hint=hint)


def _unit(amount: str, word: str) -> str:
    for unit in _UNITS:
        if word in (unit, unit + "s"):
            return unit
    meant = _SHORT.get(word)
    hint = f"write `{amount} {meant}{'' if amount == '1' else 's'}`" if meant else None
    plural = [unit + "s" for unit in _UNITS]
    raise DurationMistake(
        f"{quoted(word)} is not a unit of time; they are {one_of(plural)}", hint=hint or did_you_mean(word, plural)
    )


def _pattern(units: Iterable[str]) -> str:
    words = "|".join(f"{any_case(unit)}[sS]?" for unit in units)
    return rf"(?=\+?[0-9]{{1,9}}(?![0-9]))\+?0*[1-9][0-9]*{BLANK}*(?:{words})"


CALENDAR_DURATION = _pattern(_DAYS)
"""A duration of days and up, as a regular expression."""

_ANY = Spoken(
    parse_duration,
    schema=spoken(
        _pattern(_UNITS),
        ["15 minutes", "4 hours", "2 days"],
        "write a number and a unit, like `4 hours` or `2 days`",
    ),
)

CalendarDuration = Annotated[
    Duration,
    Spoken(
        parse_calendar_duration,
        schema=spoken(
            CALENDAR_DURATION,
            ["10 days", "2 weeks", "3 months"],
            "write a number of days, weeks, months or years, like `10 days` or `2 weeks`",
        ),
    ),
]
"""A duration of days and up."""
