"""JSON that any two programs read alike (I-JSON, RFC 7493), told from the rest before anything is done with it."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from nurture.web.api.problems import MALFORMED, Fault, Problem

DEEPEST = 32
"""How deep objects and lists may stand in each other."""
LONGEST_NUMBER = 400
"""Digits; a number that needs more is somebody's mistake."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_OPENING = re.compile(r"[\[{]|[\]}]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')


def read_json(body: bytes) -> object:
    """What the body says.

    Raises:
        Problem: It is no JSON, or is one of which programs make different things; says where.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(MALFORMED, f"the body is not UTF-8: octet {error.start + 1} cannot stand there") from None
    _check_depth(text)
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_int, parse_float=_float
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(MALFORMED, f"the body is no JSON: {error.msg} in {where}") from None
    except RecursionError:
        raise _too_deep() from None


def faults(value: object, pointer: str = "") -> Iterator[Fault]:
    """Values that are JSON and cannot be kept: half characters, NUL, numbers beyond 64 bits; where each one stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            at = f"{pointer}/{escaped(name)}"
            if _UNSTORABLE.search(name):
                yield Fault("the name has a character that cannot be kept (NUL, or half of a pair)", at)
            else:
                yield from faults(inner, at)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from faults(inner, f"{pointer}/{number}")
    elif isinstance(value, str):
        if _UNSTORABLE.search(value):
            yield Fault("it has a character that cannot be kept (NUL, or half of a pair)", pointer)
    elif (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and not -(2**63) <= value < 2**63
    ):
        yield Fault("it is a number beyond 64 bits", pointer)


def escaped(name: str) -> str:
    """A name as a part of a JSON pointer (RFC 6901 §3)."""
    return name.encode("utf-8", "replace").decode().replace("~", "~0").replace("/", "~1")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Problem(MALFORMED, f"the name `{twice[:40]}` stands twice in one object")
    return said


def _no_constant(name: str) -> object:
    raise Problem(MALFORMED, f"the body is no JSON: it has no {name}")


def _int(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Problem(MALFORMED, f"a number has more than {LONGEST_NUMBER} digits")
    return int(digits)


def _float(digits: str) -> float:
    if len(digits) > LONGEST_NUMBER:
        raise Problem(MALFORMED, f"a number has more than {LONGEST_NUMBER} digits")
    return float(digits)


def _check_depth(text: str) -> None:
    """Count brackets outside of strings: quicker than to build what is thrown away, and no stack is needed."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for bracket in _OPENING.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            raise _too_deep()


def _too_deep() -> Problem:
    return Problem(MALFORMED, f"objects and lists stand in each other more than {DEEPEST} deep")
