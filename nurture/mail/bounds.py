"""How much one expression of a template may come to: a lead's own data must not fill a worker's memory.

`{{ '*' * lead.stars }}` is a line of stars, until somebody tells us that they have a billion. Each check raises
ValueError, which is this one mail's trouble, told with its line.
"""

import re
from collections.abc import Mapping, Sequence

LARGEST = 100_000
"""Characters, or elements, that an expression may make out of less."""
LARGEST_POWER = 10_000
"""Bits of a power of whole numbers."""

_TOO_MUCH = f"this comes to more than {LARGEST:,} characters"
_PADDING = frozenset({"ljust", "rjust", "center", "zfill", "expandtabs", "to_bytes"})
_WIDE = re.compile(r"\d{6,}")
_WIDTH_FROM_DATA = {"%": re.compile(r"%[^a-zA-Z%]*\*"), "format": re.compile(r":[^{}]*\{")}

OPERATORS = frozenset({"*", "**", "%"})
"""Those that can make much out of little."""


def check_operation(operator: str, left: object, right: object) -> None:
    """Look at what stands on both sides of one of `OPERATORS`, before it is done."""
    if operator == "*":
        _check_repeated(left, right)
        _check_repeated(right, left)
    elif operator == "**":
        if isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > LARGEST_POWER:
            raise ValueError("this power is too large a number")
    elif isinstance(left, str):
        check_format(left, "%")


def check_format(pattern: str, way: str) -> None:
    """Look at a format: its fields' widths are written out, and are no book's.

    Args:
        pattern: The format.
        way: `%` or `format`.
    """
    if _WIDE.search(pattern):
        raise ValueError(_TOO_MUCH)
    if _WIDTH_FROM_DATA[way].search(pattern):
        raise ValueError("a width cannot be taken from data; write it out")


def check_call(called: object, given: Sequence[object], named: Mapping[str, object]) -> None:
    """Look at a call of a method, before it is done."""
    method = getattr(called, "__wrapped__", called)  # Jinja wraps `str.format`
    name, owner = getattr(method, "__name__", ""), getattr(method, "__self__", None)
    if name in _PADDING and any(isinstance(value, int) and value > LARGEST for value in (*given, *named.values())):
        raise ValueError(_TOO_MUCH)
    if name in ("format", "format_map") and isinstance(owner, str):
        check_format(owner, "format")
    if name == "replace" and isinstance(owner, str) and len(given) > 1:
        check_replaced(owner, str(given[0]), str(given[1]))


def check_replaced(text: str, old: str, new: str) -> None:
    """Look at a replacement, before it is done."""
    if len(new) > len(old) and len(text) + text.count(old) * (len(new) - len(old)) > LARGEST:
        raise ValueError(_TOO_MUCH)


def check_parts(count: object) -> None:
    """Look at into how many lists something is to be cut."""
    if isinstance(count, int) and count > LARGEST:
        raise ValueError(_TOO_MUCH)


def _check_repeated(what: object, times: object) -> None:
    if isinstance(times, int) and isinstance(what, (str, bytes, list, tuple)) and len(what) * times > LARGEST:
        raise ValueError(_TOO_MUCH)
