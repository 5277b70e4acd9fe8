"""Numbers that came as text."""

import re

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


def as_number(text: str) -> int | float | None:
    """The number that a text spells with digits, a sign and a decimal point at most; None where it spells none."""
    said = _NUMBER.fullmatch(text.strip())
    if not said:
        return None
    return float(said[0]) if said[1] else int(said[0])
