"""Lists on their way to PostgreSQL, as the text of an array: sets are what the store sends most.

psycopg's own dumper looks up how to write each element and searches it for what needs quotes, which took a third of the
time of an ingest. The store casts what it sends (`CAST(:ids AS bigint[])`) or compares it with a column, so the type
need not be told: PostgreSQL knows what it reads.

Most lists are written alike in an array and in JSON, but for the brackets; those go through orjson, in a fifth of the
time.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.adapt import Dumper


class ArrayDumper(Dumper):
    """Writes a list of any plain values, lists of them included, as an array of unknown type."""

    def dump(self, obj: list[Any]) -> bytes:
        """The text of the array.

        Raises:
            psycopg.DataError: A text in it has a NUL, which PostgreSQL has no place for.
            TypeError: It holds something that no array does.
        """
        alike = _as_json(obj)
        if alike is not None:
            return alike
        written = _array(obj)
        if "\x00" in written:
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return written.encode()


_ALIKE = frozenset({str, int, bool, type(None), datetime, date})
"""Types, exactly these, that JSON writes as an array does; a text in it must need no backslash."""
_MINUTE, _NO_TIME = timedelta(minutes=1), timedelta()


def _as_json(values: list[Any]) -> bytes | None:
    """The array by way of JSON; None where that would not be the same."""
    kinds = set(map(type, values))
    if not kinds <= _ALIKE or (datetime in kinds and not _are_even(values)):
        return None
    try:
        written = orjson.dumps(values)
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, half of a surrogate pair
        return None
    return None if b"\\" in written else b"{%b}" % written[1:-1]


def _are_even(values: list[Any]) -> bool:
    """Whether all instants are in zones that are whole minutes off UTC, always: JSON has no seconds there."""
    zones = {value.tzinfo for value in values if type(value) is datetime}
    offsets = [zone.utcoffset(None) for zone in zones if zone is not None]
    return all(offset is not None and offset % _MINUTE == _NO_TIME for offset in offsets)


def _array(values: list[Any]) -> str:
    return "{" + ",".join(["NULL" if value is None else _WRITERS[type(value)](value) for value in values]) + "}"


def _text(value: str) -> str:
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    return '"' + (value.replace('"', '\\"') if '"' in value else value) + '"'


def _octets(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


class _Writers(dict[type, Callable[[Any], str]]):
    """How to write a value, by its exact type; types made of these are learnt."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        for known in kind.__mro__:
            if known in self:
                self[kind] = self[known]
                return self[known]
        raise TypeError(f"{kind.__name__} cannot stand in an array")


_WRITERS = _Writers(
    {
        str: _text, bool: str, int: int.__str__, float: float.__repr__, Decimal: str, UUID: str, bytes: _octets,
        datetime: datetime.isoformat, date: date.isoformat, list: _array,
    }
)  # fmt: skip
