"""Numbers: so many a day, a share, points."""

import re
from typing import Annotated

from pydantic import Field, Strict, WithJsonSchema
from pydantic.config import JsonDict

from nurture.grammar.mistakes import Mistake, quoted
from nurture.grammar.patterns import BLANK, any_case, spoken
from nurture.grammar.spoken import Spoken

_PER_DAY = re.compile(r"([0-9]{1,6})\s*(?:per|a)\s+day")
_PERCENT = re.compile(r"([0-9]{1,3})\s*%")
_TRUTHS = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n")


class QuantityMistake(Mistake):
    """No such quantity."""

    topic = "quantity"


def parse_per_day(value: object) -> int:
    """Read `2 per day`, or a bare 2; at least 1.

    Raises:
        QuantityMistake: it is not a whole number above 0, with `per day` or alone.
    """
    said = _PER_DAY.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    count = int(said[1]) if said else value
    if not isinstance(count, int) or isinstance(count, bool):
        raise QuantityMistake(f"{quoted(value)} does not say how many a day", hint="write it like `2 per day`")
    if count < 1:
        raise QuantityMistake(f"{quoted(value)} would never count", hint="at least `1 per day`")
    return count


def parse_percent(value: object) -> int:
    """Read `50%`, or a bare 50; 0 to 100.

    Raises:
        QuantityMistake: it is not a whole number from 0 to 100, with `%` or alone.
    """
    said = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    share = int(said[1]) if said else value
    if isinstance(share, int) and not isinstance(share, bool) and 0 <= share <= 100:
        return share
    raise QuantityMistake(f"{quoted(value)} is not a share from `0%` to `100%`", hint="write it like `50%`")


PerDay = Annotated[
    int,
    Spoken(
        parse_per_day,
        say=lambda count: f"{count} per day",
        schema=spoken(
            f"(?=[0-9]{{1,6}}(?![0-9]))0*[1-9][0-9]*{BLANK}*(?:{any_case('per')}|[aA]){BLANK}+{any_case('day')}",
            ["2 per day"],
            "write how many, like `2 per day`",
        )
        | {"type": ["string", "integer"], "minimum": 1},
    ),
]
"""At most so many on one day."""

Percent = Annotated[
    int,
    Spoken(
        parse_percent,
        say=lambda share: f"{share}%",
        schema=spoken(f"(?:100|0?[0-9]{{1,2}}){BLANK}*%", ["50%"], "write a share from 0% to 100%, like `50%`")
        | {"type": ["string", "integer"], "minimum": 0, "maximum": 100},
    ),
]
"""A share, 0 to 100."""

Truth = Annotated[
    bool,
    WithJsonSchema(
        {
            "type": ["boolean", "string", "integer"],
            "pattern": f"^(?:{'|'.join(map(any_case, _TRUTHS))}|0|1)$",
            "errorMessage": "write `true` or `false`",
            "minimum": 0,
            "maximum": 1,
            "examples": [True],
        }
    ),
]
"""Yes or no, with the words for it that YAML has had."""

Whole = Annotated[int, Strict()]
"""A whole number that is written as one: not `"3"`, not `true`."""

Points = Annotated[int, Strict(), Field(ge=-10_000, le=10_000)]
"""What a thing is worth. The bound keeps sums of micro-points inside a bigint."""

Text = Annotated[str, Field(min_length=1, max_length=500)]
"""Words for people."""

_NAME: JsonDict = {"errorMessage": "write letters, digits, `-` and `_`, at most 64 and no space"}

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", json_schema_extra=_NAME)]
"""A name that the product keys on: letters, digits, `-` and `_`, at most 64 of them."""
