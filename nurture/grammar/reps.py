"""What is said of a rep: how many leads at once, and when the rep is away."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic_core import CoreSchema

from nurture.grammar.mistakes import Mistake, quoted
from nurture.grammar.patterns import BLANK, any_case, spoken
from nurture.grammar.spoken import Spoken
from nurture.grammar.warming import DAY_PATTERN, parse_day

_OPEN = re.compile(r"([0-9]{1,6})\s*open")
_SPAN = re.compile(r"(?P<first>\S+)\s+to\s+(?P<last>\S+)")
_SINCE = re.compile(r"from\s+(?P<first>\S+)")
_LIKE = "write it like `2026-12-21 to 2027-01-02`"


class CapacityMistake(Mistake):
    """No number of open handoffs."""

    topic = "quantity"


class AbsenceMistake(Mistake):
    """No days on which somebody is away."""

    topic = "quantity"


def parse_open(value: object) -> int:
    """Read `20 open`, or a bare 20; at least 1.

    Raises:
        CapacityMistake: it is not a whole number above 0, with `open` or alone.
    """
    said = _OPEN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    count = int(said[1]) if said else value
    if not isinstance(count, int) or isinstance(count, bool):
        raise CapacityMistake(f"{quoted(value)} does not say how many at once", hint="write it like `20 open`")
    if count < 1:
        hint = "at least `1 open`; who is away has `away`"
        raise CapacityMistake(f"{quoted(value)} would never be given a lead", hint=hint)
    return count


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which a rep is not at work: `first` and `last` are both among them; `last` None: until further notice."""

    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            said = f"`{self}` ends before it begins"
            raise Mistake(said, hint=f"`{self.last.isoformat()} to {self.first.isoformat()}`?")

    def __contains__(self, day: date) -> bool:
        """Whether the rep is away on this day."""
        return self.first <= day and (self.last is None or day <= self.last)

    def __str__(self) -> str:
        """As it is written in a file."""
        if self.last is None:
            return f"from {self.first.isoformat()}"
        return self.first.isoformat() if self.last == self.first else f"{self.first.isoformat()} to {self.last}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from text."""
        return _ABSENCE.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """Text with a pattern."""
        return _ABSENCE.__get_pydantic_json_schema__(core, handler)


def parse_absence(value: object) -> Absence:
    """Read `2026-12-21 to 2027-01-02`, one day, or `from 2027-03-01`, which has no end yet.

    Raises:
        AbsenceMistake: it is none of these.
        Mistake: it ends before it begins.
    """
    if isinstance(value, Absence):
        return value
    if isinstance(value, date):
        return Absence(value, value)
    said = value.strip() if isinstance(value, str) else ""
    if span := _SPAN.fullmatch(said):
        return Absence(_day(span["first"]), _day(span["last"]))
    if since := _SINCE.fullmatch(said):
        return Absence(_day(since["first"]))
    if not said or " " in said:
        raise AbsenceMistake(f"{quoted(value)} does not say from when to when", hint=_LIKE)
    day = _day(said)
    return Absence(day, day)


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except Mistake as mistake:
        raise AbsenceMistake(mistake.message, hint=mistake.hint) from None


def parse_absences(value: object) -> tuple[Absence, ...]:
    """Read a list of absences, or one of them.

    Raises:
        AbsenceMistake: one of them is none; its `path` says which.
        Mistake: one ends before it begins.
    """
    if not isinstance(value, list | tuple):
        return (parse_absence(value),)
    return tuple(_listed(index, item) for index, item in enumerate(value))


def _listed(index: int, item: object) -> Absence:
    try:
        return parse_absence(item)
    except Mistake as mistake:
        raise mistake.below(index) from None


_ABSENCE_SCHEMA = spoken(
    f"(?:{any_case('from')}{BLANK}+)?{DAY_PATTERN}|{DAY_PATTERN}{BLANK}+{any_case('to')}{BLANK}+{DAY_PATTERN}",
    ["2026-12-21 to 2027-01-02", "2026-12-24", "from 2027-03-01"],
    "write two days, like 2026-12-21 to 2027-01-02",
)
_ABSENCE = Spoken(parse_absence, schema=_ABSENCE_SCHEMA)

Absences = Annotated[
    tuple[Absence, ...],
    Spoken(
        parse_absences,
        say=lambda absences: [str(one) for one in absences],
        schema={"anyOf": [{"type": "array", "items": _ABSENCE_SCHEMA}, _ABSENCE_SCHEMA]},
    ),
]
"""When somebody is away."""

OpenAtMost = Annotated[
    int,
    Spoken(
        parse_open,
        say=lambda count: f"{count} open",
        schema=spoken(
            f"(?=[0-9]{{1,6}}(?![0-9]))0*[1-9][0-9]*{BLANK}*{any_case('open')}",
            ["20 open"],
            "write how many at once, like `20 open`",
        )
        | {"type": ["string", "integer"], "minimum": 1},
    ),
]
"""At most so many open handoffs at once."""
