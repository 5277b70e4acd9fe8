"""JSON from strangers, made fit to be kept: nothing in it that PostgreSQL cannot store, nothing without a bottom."""

import json
import math
from collections.abc import Iterable
from functools import lru_cache

import orjson

from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake

DEEPEST = 32
"""How deep objects and lists may stand in each other. JSON writers give up somewhere below 255."""

_BOM = b"\xef\xbb\xbf"
_WIDEST_INT = 2**63
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_HUGE = b"0" * 19
"""What a number that may not fit into 64 bits is after `_DIGITS`. Looking for it so is quicker than any pattern."""


def read_json(body: bytes) -> tuple[object, bool]:
    """Whatever JSON the body is, and whether it must be tamed: nearly none must, and a walk costs more than the parser.

    Halves of a surrogate pair, which browsers do send, do not spoil the rest.

    Raises:
        ValueError: It is no JSON.
    """
    body = body.removeprefix(_BOM)
    try:
        return orjson.loads(body), b"\\u0000" in body or _HUGE in body.translate(_DIGITS)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body, parse_int=_int), True
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def _int(digits: str) -> int | str:
    """A number of more than 64 bits is kept as text, however long; Python itself refuses the longest."""
    return int(digits) if len(digits) < 20 else digits


def too_deep(value: object, depth: int = DEEPEST) -> bool:
    """Whether objects and lists stand in each other more than `depth` deep."""
    if type(value) is dict:
        inner: Iterable[object] = value.values()
    elif type(value) is list:
        inner = value
    else:
        return False
    if depth == 0:
        return True
    for one in inner:
        kind = type(one)
        if (kind is dict or kind is list) and too_deep(one, depth - 1):
            return True
    return False


def surely_shallow(body: bytes) -> bool:
    """Whether JSON has so few brackets that it cannot be too deep, told without looking into it."""
    return body.count(b"{") + body.count(b"[") <= DEEPEST


def tame(value: object) -> object:
    """The same value without NUL characters and halves of surrogate pairs, its numbers within 64 bits; not too deep."""
    if isinstance(value, str):
        return tame_text(value)
    if isinstance(value, dict):
        return {tame_text(key): tame(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [tame(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not -_WIDEST_INT <= value < _WIDEST_INT:
        return str(value)
    return value


def tame_text(text: str) -> str:
    """Text as PostgreSQL takes it."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


@lru_cache(maxsize=4096)
def address_or_none(text: str) -> str | None:
    """`text` as the one form of an e-mail address by which leads are known, or None where it is none."""
    if "@" not in text:
        return None
    try:
        return parse_address(text)
    except Mistake:
        return None
