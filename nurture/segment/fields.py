"""Values of a message, whatever clients put in their place. Pure."""

from collections.abc import Mapping

Json = Mapping[str, object]

LONGEST_ID = 255
LONGEST_TEXT = 2000
_WIDEST_EXACT_FLOAT = 2.0**53


class Useless(Exception):
    """Nothing can be made of this event."""


def object_or_empty(value: object) -> dict[str, object]:
    """`value` where it is an object; clients send null, and worse."""
    return value if isinstance(value, dict) else {}


def identifier(value: object) -> str | None:
    """An id as text. Too long a one is not cut: two people could become one."""
    text = id_text(value)
    if len(text) > LONGEST_ID:
        raise Useless(f"an id in it has more than {LONGEST_ID} characters")
    return text or None


def id_text(value: object) -> str:
    """An id that is a number is written as a whole one; what is neither text nor a number is none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < _WIDEST_EXACT_FLOAT:
        return str(int(value))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def text_or_none(value: object) -> str | None:
    """Text, cut where nobody reads on; None where there is none."""
    return value.strip()[:LONGEST_TEXT] or None if isinstance(value, str) else None
