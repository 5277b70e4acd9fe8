"""One day of the week."""

from typing import Annotated

from nurture.grammar.mistakes import quoted
from nurture.grammar.patterns import any_case, spoken
from nurture.grammar.spoken import Spoken
from nurture.grammar.windows import DAYS, WEEKDAY_NAMES, WeekdaysMistake, parse_weekdays


def parse_weekday(value: object) -> str:
    """Read `mon` or `Monday`; gives `mon`.

    Raises:
        WeekdaysMistake: it is no weekday, or more than one.
    """
    (day, *others) = parse_weekdays(value) if isinstance(value, str) else (0, 0)
    if others or not isinstance(value, str) or value.strip().lower() not in WEEKDAY_NAMES:
        raise WeekdaysMistake(f"{quoted(value)} is not one weekday", hint="write it like `mon`")
    return DAYS[day]


_NAMES = "|".join(map(any_case, sorted(WEEKDAY_NAMES, key=len, reverse=True)))

Weekday = Annotated[str, Spoken(parse_weekday, schema=spoken(_NAMES, list(DAYS), "write one weekday, like `mon`"))]
"""A day of the week, as one of `DAYS`."""
