"""Which addresses a report in prose says have failed, each with the words that belong to it.

No system is read by name: nearly all of them begin a line with the address, or name it after words such as "could not
be delivered to". What `flufl.bounce` finds is asked where that gives nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from nurture.inbound.addresses import ADDRESS, addresses_in, is_daemon, plain

_MOST_LINES_OF_ONE = 30
_MOST_RECIPIENTS = 100
_STARTS = re.compile(r"^[\s>|*\-=(\[]{0,12}(?:[245]\d\d[ -])?[<\"']{0,2}(?=[\w.!#$%&'*+/=?^`{|}~-]{1,128}@)")
_NAMES = re.compile(
    r"(?:rcpt to|recipients?|addressed to|original-recipient|final-recipient|(?:e-?mail )?address(?:es)?|users?|userid"
    r"|mailbox|account|delivered to|sent to|deliver(?:ing|y)?(?: (?:your|the|this))?(?: (?:mail|message|e-?mail))? ?to"
    r"|message to|mail to|unknown|failed|failure|reject(?:ed|s)?|inbox|宛先|宛|アドレス)"
    r"[\s:;,=.\"'(\[]{0,6}(?:rfc822;\s?)?<{0,2}\s?$",
    re.IGNORECASE,
)
_ASIDE_BEFORE = re.compile(r"(?:contact|assistance|send (?:e-?)?mail to|by mail to|questions?)\W*$", re.IGNORECASE)
_ASIDE = re.compile(
    r"contact|assistance|help|support|please|from:|sender|reply|question|envelope-from|mail from|by mail to|on behalf",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """An address that a report names, and the report's words from there to the next one."""

    address: str
    said: str


@dataclass(frozen=True, slots=True)
class Recipients:
    """Those that a report names as failed, and one that it mentions: better than none."""

    named: tuple[Named, ...]
    mentioned: tuple[Named, ...]


def recipients_in(text: str, likely: Collection[str], ours: Collection[str]) -> Recipients:
    """Give the addresses that failed, each once.

    Args:
        text: The report without the mail sent back.
        likely: Whom the mail went to, as far as that is known otherwise.
        ours: Addresses that are no recipients: the mail's sender, whom the report went to.
    """
    lines = text.split("\n")
    named: dict[str, int] = {}
    mailed: dict[str, int] = {}
    mentioned: dict[str, int] = {}
    starts: list[tuple[int, str]] = []
    for number, place in _places(lines):
        if place.address in ours or (is_daemon(place.address) and place.address not in likely):
            continue
        if place.named:
            named.setdefault(place.address, number)
            starts.append((number, place.address))
        elif place.address in likely:
            mailed.setdefault(place.address, number)
        elif not place.aside:
            mentioned.setdefault(place.address, number)
    return Recipients(_with_words(lines, named or mailed, starts), _with_words(lines, mentioned, starts)[:1])


class _Place(NamedTuple):
    """An address in a line: whether it is named as one that failed, or only as whom to ask."""

    address: str
    named: bool
    aside: bool


def _places(lines: list[str]) -> Iterable[tuple[int, _Place]]:
    before = ""
    for number, line in enumerate(lines):
        for place in _in_line(line, before) if "@" in line else ():
            yield number, place
        before = line


def _in_line(line: str, before: str) -> Iterable[_Place]:
    first = _STARTS.match(line)
    for found in ADDRESS.finditer(line):
        ahead = line[max(0, found.start() - 60) : found.start()]
        aside = _ASIDE.search(ahead) is not None or _ASIDE_BEFORE.search(before[-60:]) is not None
        at_start = first is not None and found.start() <= first.end() and not aside
        named = at_start or found[0].lower().startswith("smtp=") or _NAMES.search(ahead) is not None
        yield _Place(plain(found[0]), named, aside)
    for address in addresses_in(line) if '"@' in line else ():
        yield _Place(address, first is not None, aside=False)


def _with_words(lines: list[str], places: dict[str, int], starts: list[tuple[int, str]]) -> tuple[Named, ...]:
    found = list(places.items())[:_MOST_RECIPIENTS]
    return tuple(Named(address, "\n".join(lines[at : _end(at, address, starts)])) for address, at in found)


def _end(at: int, address: str, starts: list[tuple[int, str]]) -> int:
    """Give the line at which the words of an address end: where the next one begins."""
    furthest = at + _MOST_LINES_OF_ONE
    for number, other in islice(starts, bisect_right(starts, (at, address)), None):
        if (number > at and other != address) or number >= furthest:
            return min(number, furthest)
    return furthest
