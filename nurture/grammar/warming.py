"""What a warm-up is written with: a day of the calendar, and how much more each day may bring."""

import re
from datetime import date
from typing import Annotated

from nurture.grammar.mistakes import Mistake, quoted
from nurture.grammar.patterns import BLANK, any_case, spoken
from nurture.grammar.spoken import Spoken

_GROWTH = re.compile(r"([0-9]{1,4})\s*%(?:\s*(?:a|per)\s+day)?")
_MOST = 400


class WarmingMistake(Mistake):
    """No such day or growth."""

    topic = "quantity"


def parse_day(value: object) -> date:
    """Read `2026-12-01`.

    Raises:
        WarmingMistake: it is no day, or written otherwise.
    """
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise WarmingMistake(f"{quoted(value)} is a day that does not exist") from None
    raise WarmingMistake(f"{quoted(value)} is no day", hint="write year, month and day, like `2026-12-01`")


def parse_growth(value: object) -> int:
    """Read `30% a day`, or a bare 30; 1 to 400 per cent.

    Raises:
        WarmingMistake: it is not such a share.
    """
    said = _GROWTH.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    growth = int(said[1]) if said else value
    if isinstance(growth, int) and not isinstance(growth, bool) and 1 <= growth <= _MOST:
        return growth
    hint = "write it like `30% a day`"
    raise WarmingMistake(f"{quoted(value)} is no growth from `1% a day` to `{_MOST}% a day`", hint=hint)


DAY_PATTERN = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
"""A day as a regular expression."""

Day = Annotated[
    date,
    Spoken(parse_day, schema=spoken(DAY_PATTERN, ["2026-12-01"], "write year, month and day, like 2026-12-01")),
]
"""A day of the calendar."""

Growth = Annotated[
    int,
    Spoken(
        parse_growth,
        say=lambda growth: f"{growth}% a day",
        schema=spoken(
            f"0*(?:[1-9][0-9]?|[123][0-9]{{2}}|400){BLANK}*%(?:{BLANK}*(?:[aA]|{any_case('per')}){BLANK}+{any_case('day')})?",
            ["30% a day"],
            "write how much more each day may bring, like 30% a day",
        )
        | {"type": ["string", "integer"], "minimum": 1, "maximum": _MOST},
    ),
]
"""So much more each day than on the day before, in per cent."""
