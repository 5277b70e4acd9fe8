"""What a rep said by pressing a button of the page, read leniently: nothing here decides."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from nurture.notifiers import wording

LIMIT = 64 * 1024
"""Octets of a form that are read."""
_LONGEST_NOTE = 2000
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """The fields of a form; empty where nothing was said.

    Attributes:
        do: The button.
        by: Who pressed it.
        reason: A code of the agreement.
        note: In the rep's own words.
        kind: Of an attempt: `call`, `mail`, `meeting`.
        outcome: Of an attempt: `reached`, `not_reached`.
        at: When an attempt was made, as the browser writes a local time; empty for just now.
        to: Who is to have the lead; empty for whoever the agreement says.
        seen: The last thing that had happened when the page was shown, as the number of its row.
    """

    do: str = ""
    by: str = ""
    reason: str = ""
    note: str = ""
    kind: str = ""
    outcome: str = ""
    at: str = ""
    to: str = ""
    seen: str = ""


def read_form(body: bytes) -> Said:
    """The fields of a urlencoded form; what is not there is empty, what is too long is cut."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return Said()
    first = {name: values[0].strip().replace("\x00", "") for name, values in fields.items()}
    words = {name: first.get(name, "")[:200] for name in ("do", "reason", "kind", "outcome", "at", "to", "seen")}
    return Said(by=wording.one_line(first.get("by", "")), note=first.get("note", "")[:_LONGEST_NOTE], **words)
