"""The fields of a delivery-status notification (RFC 3464 section 2), wherever they stand.

They belong into a part `message/delivery-status`. Some systems leave the part out and write the fields into their text,
some part them with empty lines where none belong; they are read all the same.
"""

import re
from collections.abc import Iterator

RecipientFields = dict[str, str]
"""What a notification says of one recipient: field names in lower case."""

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})\s?:\s?(.*)$")
_RECIPIENT = ("final-recipient", "original-recipient")
_OF_A_RECIPIENT = frozenset(
    {*_RECIPIENT, "action", "status", "diagnostic-code", "x-actual-recipient", "remote-mta", "localized-diagnostic"}
)
_MOST_LINES = 5_000
_LONGEST = 4_000
_MOST_RECIPIENTS = 100


def recipient_fields(text: str) -> list[RecipientFields]:
    """Give the fields of each recipient that a text has."""
    found: list[RecipientFields] = []
    early: RecipientFields = {}
    for block in _blocks(text):
        if any(name in block for name in _RECIPIENT):
            found.append({**early, **block})
            early = {}
        elif found:  # an empty line where none belongs
            found[-1] = {**block, **found[-1]}
        else:
            early = {**early, **block}
    return found[:_MOST_RECIPIENTS]


def _blocks(text: str) -> Iterator[RecipientFields]:
    """Give what stands together: an empty line ends a block, and so does a field that the block has already."""
    block: RecipientFields = {}
    for name, value in _fields(text):
        if not name or name in block:
            if block:
                yield block
            block = {}
        if name in _OF_A_RECIPIENT:
            block[name] = value
    if block:
        yield block


def _fields(text: str) -> list[tuple[str, str]]:
    """Give fields, continuation lines joined; an empty name stands for an empty line."""
    found: list[tuple[str, str]] = []
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        line = line[:_LONGEST].rstrip()
        match = _FIELD.match(line)
        if match:
            found.append((match[1].lower(), match[2].strip()))
        elif not line:
            found.append(("", ""))
        elif line[0] in " \t" and found and found[-1][0] and len(found[-1][1]) < _LONGEST:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found
