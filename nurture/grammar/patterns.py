"""Pieces of regular expressions that mean the same to Python and to the JavaScript of editors."""

from typing import Any

BLANK = r"[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""One character that `str.strip` takes off. `\\s` is not the same in both languages."""
NOT_BLANK = BLANK.replace("[", "[^")
DASH = f"{BLANK}*[-–—]{BLANK}*"


def any_case(word: str) -> str:
    """A word in lower case, whatever its case: `str.lower` makes a k of the sign for kelvin, too."""
    return "".join(f"[{letter.upper()}{letter}]" for letter in word).replace("[Kk]", r"[Kk\u212a]")


def spoken(pattern: str, examples: list[str], instead: str) -> dict[str, Any]:
    """The schema of a text of which blanks at both ends do not count.

    Args:
        pattern: what stands between the blanks.
        examples: what an editor offers.
        instead: what it says where the pattern does not fit; a keyword of editors, which other programs pass over.
    """
    whole = f"^{BLANK}*(?:{pattern}){BLANK}*$"
    return {"type": "string", "pattern": whole, "errorMessage": instead, "examples": examples}
