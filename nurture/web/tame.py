"""JSON from strangers, made fit to be kept: nothing in it that PostgreSQL cannot store, nothing without a bottom."""

import json
from functools import lru_cache

import orjson

from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake

DEEPEST = 32
_BOM = b"\xef\xbb\xbf"
_WIDEST_INT = 2**63


class TooDeep(Exception):
    """Objects and lists stand in each other more than `DEEPEST` deep."""


def read_json(body: bytes) -> object:
    """Whatever JSON the body is. Halves of a surrogate pair, which browsers do send, do not spoil the rest.

    Raises:
        ValueError: It is no JSON.
    """
    body = body.removeprefix(_BOM)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def tame(value: object, depth: int = DEEPEST) -> object:
    """The same value without NUL characters and halves of surrogate pairs, its numbers within 64 bits.

    Raises:
        TooDeep: It has no bottom within reach.
    """
    if isinstance(value, str):
        return tame_text(value)
    if isinstance(value, dict):
        if depth == 0:
            raise TooDeep
        return {tame_text(key): tame(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list):
        if depth == 0:
            raise TooDeep
        return [tame(inner, depth - 1) for inner in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, int) and not -_WIDEST_INT <= value < _WIDEST_INT:
        return str(value)[:400]
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
