"""Events that were taken and are of no use: why, and a copy that is small and without secrets. Pure.

A client hears 200 for them and never learns of it, so somebody must be able to look them up. The copy has what a person
needs to find the mistake, personal data included; it is kept for a limited time and is never logged.
"""

import re
from dataclasses import dataclass

import orjson

from nurture.segment.tame import tame_text

LONGEST_COPY = 4000
"""Characters of JSON that are kept of one event."""

_LONGEST_ID = 255
_LONGEST_TEXT = 500
_MOST_INNER = 60
_DEEPEST = 6
_WIDEST_INT = 2**63
_REMOVED = "[removed]"
_TELLING = "pass(?:word|wd|phrase|code)|secret|token|authori[sz]ation|cookie|(?:api|write|private).?key|credential"
_SECRET_NAME = re.compile(f"{_TELLING}|card.?number|cvv|cvc|iban|ssn", re.IGNORECASE)
_SECRET_IN_URL = re.compile(
    rf"((?:[?&#;]|%3f|%26|%23)[\w.-]{{0,40}}(?:{_TELLING}|nurture_visitor)[\w.-]{{0,40}}(?:=|%3d))[^&#\s]*",
    re.IGNORECASE,
)
_USER_IN_URL = re.compile(r"(?<=://)[^/?#\s@]*@")


@dataclass(frozen=True, slots=True)
class Rejected:
    """One event that nothing can be made of.

    Attributes:
        source: where it came from, as in `IncomingEvent.source`.
        reason: one sentence out of a fixed few, without anything of the event itself, so that it can be counted by.
        message: the event as it came: any JSON, however large or deep.
    """

    source: str
    reason: str
    message: object

    @property
    def message_id(self) -> str | None:
        """The client's, where it has one."""
        given = self.message.get("messageId") if isinstance(self.message, dict) else None
        return tame_text(given)[:_LONGEST_ID] if isinstance(given, str) else None

    def copy(self) -> str:
        """The message as JSON of at most `LONGEST_COPY` characters, perhaps cut off, without secrets."""
        small = _copy(self.message, _DEEPEST)
        return orjson.dumps(small, option=orjson.OPT_NON_STR_KEYS, default=str).decode()[:LONGEST_COPY]


def _copy(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        if depth == 0:
            return "{…}"
        few = list(value.items())[:_MOST_INNER]
        return {_text(str(name)): _of_name(str(name), inner, depth) for name, inner in few}
    if isinstance(value, list | tuple):
        return "[…]" if depth == 0 else [_copy(inner, depth - 1) for inner in value[:_MOST_INNER]]
    if isinstance(value, int) and not -_WIDEST_INT <= value < _WIDEST_INT:
        return "a number of more than 64 bits"
    return value


def _of_name(name: str, inner: object, depth: int) -> object:
    is_secret = _SECRET_NAME.search(name) is not None and inner not in (None, "")
    return _REMOVED if is_secret else _copy(inner, depth - 1)


def _text(text: str) -> str:
    """Bounded before anything is looked for in it; what would end in the middle of a secret ends before it."""
    short = tame_text(text[: 2 * _LONGEST_TEXT])
    short = _USER_IN_URL.sub("", _SECRET_IN_URL.sub(rf"\1{_REMOVED}", short))
    return short if len(short) <= _LONGEST_TEXT else short[: _LONGEST_TEXT - 1] + "…"
