"""Comparing what is known, by SQL's three-valued logic: True, False, or None where it cannot be known.

Text compares in any case and without the space around it. A number written as text is a number where the other side is
one; `yes`, `no`, `true`, `false`, `1` and `0` are yes or no where the other side is. The rest cannot be compared.
"""

import operator
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from math import isnan
from typing import Any

from nurture.grammar.numeric import as_number

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
"""What each sign asks of two values that can be compared."""
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LISTS = (list, tuple, set, frozenset)


def fold(text: str) -> str:
    """Text as it is compared: equal for the same words in any case."""
    return text.strip().casefold() if text.isascii() else unicodedata.normalize("NFC", text).strip().casefold()


def known_value(raw: object) -> object:
    """A value, or None where the field is empty: nothing, blank text, an empty list, not a number."""
    if isinstance(raw, str):
        return raw if raw and not raw.isspace() else None
    if raw is None or isinstance(raw, int):
        return raw
    if isinstance(raw, float) and isnan(raw):
        return None
    if isinstance(raw, Mapping | list | tuple | set | frozenset) and not raw:
        return None
    return raw


def yes_or_no(value: object) -> bool | None:
    """What a flag says; None where it is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _YES_OR_NO.get(fold(value))
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def compare(sign: str, left: object, right: object) -> bool | None:
    """Whether `left sign right` holds, for `==`, `!=`, `<`, `<=`, `>` and `>=`."""
    if left is None or right is None:
        return None
    if isinstance(left, bool) or isinstance(right, bool):
        one, other = yes_or_no(left), yes_or_no(right)
        return None if one is None or other is None else ORDER[sign](one, other)
    if isinstance(left, str) and isinstance(right, str):
        return ORDER[sign](fold(left), fold(right))
    one_number, other_number = _number(left), _number(right)
    if one_number is None or other_number is None:
        return None
    return ORDER[sign](one_number, other_number)


def among(value: object, items: Iterable[object]) -> bool | None:
    """Whether the value equals one of the items; unknown where none does and one cannot be compared."""
    unknown = False
    for item in items:
        equal = compare("==", value, item)
        if equal:
            return True
        unknown = unknown or equal is None
    return None if unknown else False


def within(value: object, holder: object) -> bool | None:
    """Whether a text holds the value, or a list has it; items of the list that are empty do not count."""
    if value is None or holder is None:
        return None
    if isinstance(holder, str):
        return fold(value) in fold(holder) if isinstance(value, str) else None
    if isinstance(holder, _LISTS):
        return among(value, [item for item in map(known_value, holder) if item is not None])
    return None


def _number(value: object) -> int | float | None:
    if isinstance(value, int | float):
        return value
    return as_number(value) if isinstance(value, str) else None
