"""Which addresses a report in prose says have failed, each with the words that belong to it.

No system is read by name: nearly all of them begin a line with the address, or name it after words such as "could not
be delivered to". What `flufl.bounce` finds is asked where that gives nothing.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from nurture.inbound.addresses import ADDRESS, addresses_in, is_daemon, plain

_MOST_LINES_OF_ONE = 30
_MOST_RECIPIENTS = 200
_STARTS = re.compile(r"^[\s>|*\-=(\[]{0,12}(?:[245]\d\d[ -])?[<\"']{0,2}(?=[\w.!#$%&'*+/=?^`{|}~-]{1,128}@)")
_NAMES = re.compile(
    r"(?:rcpt to|recipients?|addressed to|original-recipient|final-recipient|(?:e-?mail )?address(?:es)?|users?|userid"
    r"|mailbox|account|delivered to|sent to|deliver(?:ing|y)?(?: (?:your|the|this))?(?: (?:mail|message|e-?mail))? ?to"
    r"|message to|mail to|unknown|failed|failure|reject(?:ed|s)?|inbox|宛先|宛|アドレス)"
    r"[\s:;,=.\"'(\[]{0,6}(?:rfc822;\s?)?<{0,2}\s?$",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"contact|assistance|help|support|please|from:|sender|reply|question|envelope-from|mail from|by mail to|on behalf",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """An address that a report names, and the report's words from there to the next one."""

    address: str
    said: str


def named_recipients(text: str, likely: Collection[str], ours: Collection[str]) -> list[Named]:
    """Give the addresses that failed, each once.

    Args:
        text: The report without the mail sent back.
        likely: Whom the mail went to, as far as that is known otherwise.
        ours: Addresses that are no recipients: the mail's sender, whom the report went to.
    """
    lines = text.split("\n")
    found = _places(lines, likely, ours)
    starts = sorted(found.values())
    return [Named(address, _words(lines, at, starts)) for address, at in found.items()][:_MOST_RECIPIENTS]


def _places(lines: list[str], likely: Collection[str], ours: Collection[str]) -> dict[str, int]:
    """Give each failed address with the number of its line: those named as such, or likely; else the first."""
    named: dict[str, int] = {}
    passing: dict[str, int] = {}
    for number, line in enumerate(lines):
        for address, as_failed in _in_line(line):
            if address in ours or (is_daemon(address) and address not in likely):
                continue
            (named if as_failed or address in likely else passing).setdefault(address, number)
    if named:
        return named
    return dict(list(passing.items())[:1])


def _in_line(line: str) -> Iterable[tuple[str, bool]]:
    """Give a line's addresses, and whether the line names each as one that failed."""
    if "@" not in line:
        return
    aside = _ASIDE.search(line) is not None
    first = _STARTS.match(line)
    for found in ADDRESS.finditer(line):
        at_start = first is not None and found.start() <= first.end()
        named = _NAMES.search(line[max(0, found.start() - 60) : found.start()]) is not None
        yield plain(found[0]), (at_start and not aside) or named
    for address in addresses_in(line) if '"@' in line else ():
        yield address, first is not None


def _words(lines: list[str], at: int, starts: list[int]) -> str:
    end = next((start for start in starts if start > at), at + _MOST_LINES_OF_ONE)
    return "\n".join(lines[at : min(end, at + _MOST_LINES_OF_ONE)])
