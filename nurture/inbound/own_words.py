"""The writer's own words among the lines of a reply: what was said before, and the signature, are left out.

One pass down the lines, each looked at a bounded number of times, so that the time is in proportion to the length.
"""

import re
from itertools import islice

from nurture.inbound.quote_html import CUT, QUOTE, RULE
from nurture.inbound.quote_words import (
    ADDRESSED,
    BEGINS,
    DATED,
    DELIMITER,
    HEADER,
    ORIGINAL,
    REPLY_ABOVE,
    SENT_WITH,
    SIGNED_OFF,
    WROTE,
)

_QUOTED = re.compile(r"^\s{0,4}(?:>|&gt;|\|\s)")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\xad]")
_RULE = re.compile(r"^ {0,3}[-_=*~]{6,}+ {0,3}$")
_FOOTER = re.compile(r"mailing list|listinfo|unsubscri|https?://|\S@\S|groups?\.", re.IGNORECASE)
_LONGEST_INTRODUCTION = 400
_INTRODUCTION_LINES = 4
_HEADER_LINES = 12
_LONGEST_SIGNATURE = 25
_LONGEST_LAST_LINE = 120
_MOST_INTRODUCTIONS = 500
"""So many lines that might be one are looked at closely; a mail with more is no person's."""


def own_words(lines: list[str]) -> str:
    """Give what the writer added, in paragraphs; parts between quoted ones stay, in their order."""
    lines = [_plain(line) for line in lines]
    lines = lines[: _end(lines)]
    introductions = _introductions(lines)
    kept: list[str] = []
    for number, line in enumerate(lines):
        quoted = is_quoted(line)
        if not quoted and number not in introductions:
            kept.append(line)
        elif kept and kept[-1]:
            kept.append("")
    return _tidy(_without_signature(kept))


def is_quoted(line: str) -> bool:
    """Tell whether a line was marked as somebody else's by the mail program."""
    return line == QUOTE or _QUOTED.match(line) is not None


def _plain(line: str) -> str:
    """The line as it is seen: without marks of direction and width, with spaces for what looks like them."""
    return _UNSEEN.sub("", line.replace("\xa0", " ").replace("\u202f", " ").replace("\t", " ")).rstrip()


def _end(lines: list[str]) -> int:
    """The number of the line from which on all is the mail that was answered."""
    for number, line in enumerate(lines):
        if line == CUT or (0 < len(line) < _LONGEST_INTRODUCTION and _begins_the_original(lines, number)):
            return number
    return len(lines)


def _begins_the_original(lines: list[str], number: int) -> bool:
    line = lines[number]
    if is_quoted(line):
        return False
    if len(line) < _LONGEST_LAST_LINE and (ORIGINAL.match(line) or REPLY_ABOVE.match(line)):
        return True
    if _RULE.match(line):
        below = next((at for at in range(number + 1, min(number + 4, len(lines))) if lines[at]), None)
        return below is not None and _is_header(lines, below, needed=2)
    return _is_header(lines, number, needed=3)


def _is_header(lines: list[str], number: int, *, needed: int) -> bool:
    """Tell whether header lines of so many kinds begin here, the sender's among them, one of them at least dated."""
    if ":" not in lines[number][:80] and "：" not in lines[number][:80]:
        return False
    if not HEADER.match(lines[number][:80]):
        return False
    kinds: set[str] = set()
    strange = 0
    for line in lines[number : number + _HEADER_LINES]:
        found = HEADER.match(line[:80])
        if found is not None:
            kinds.add(str(found.lastgroup))
            strange = 0
        elif not line and kinds and len(kinds) >= needed:
            break
        elif line:
            strange += 1
            if strange > 2:
                break
    return "sender" in kinds and bool(kinds & {"date", "subject"}) and len(kinds) >= needed


def _introductions(lines: list[str]) -> set[int]:
    """The numbers of the lines that say who wrote what follows; and of all that follows, where it is not marked."""
    found: set[int] = set()
    candidates = (number for number, line in enumerate(lines) if _may_end_one(line) and not is_quoted(line))
    for number in islice(candidates, _MOST_INTRODUCTIONS):
        first = _first_of(lines, number)
        if first is None:
            continue
        said = " ".join(line.strip() for line in lines[first : number + 1])
        marked = _is_marked(lines, number + 1)
        if marked or (WROTE.search(said) and ADDRESSED.search(said)) or _is_by_a_program(said):
            found.update(range(first, number + 1))
            if not marked:
                found.update(range(number + 1, len(lines)))
                break
    return found


def _may_end_one(line: str) -> bool:
    stripped = line.rstrip(" *_-")
    return len(line) < _LONGEST_INTRODUCTION and (
        stripped.endswith((":", "："))
        or (stripped.endswith(">") and "@" in stripped)
        or bool(_WITHOUT_COLON.search(stripped))
    )


_WITHOUT_COLON = re.compile(
    r"(?:wrote|schrieb|geschreven|написал|écrit|escribió|scritto|escreveu|skrev|のメール)\W{0,3}$", re.IGNORECASE
)


def _first_of(lines: list[str], last: int) -> int | None:
    """The line where the introduction begins that ends here: the nearest one that makes it whole."""
    said = ""
    for number in range(last, max(-1, last - _INTRODUCTION_LINES), -1):
        line = lines[number].strip()
        if not line or is_quoted(line):
            return None
        said = f"{line} {said}".strip()
        if len(said) > _LONGEST_INTRODUCTION:
            return None
        if _is_introduction(said):
            return number
    return None


def _is_introduction(said: str) -> bool:
    if not DATED.search(said):
        return False
    if WROTE.search(said):
        return bool(BEGINS.match(said) or ADDRESSED.search(said))
    return bool(ADDRESSED.search(said) and BEGINS.match(said))


_PROGRAMS = re.compile(
    r"^\W{0,6}(?:(?:On|Am|Le|El|Il|Em|Op|Den|W dniu|Dne)\s.{0,60}\d{1,2}[:.h]\d{2}.{0,200}(?:wrote|schrieb\b.{0,100}"
    r"|écrit|escribió|scritto"
    r"|escreveu|schreef\b.{0,100}|geschreven|skrev\b.{0,100}|napisał\S{0,4}|pisze|napsal\S?)\s?[:：]"
    r"|\d.{0,200}@.{0,100}[:：])$"
    r"|\d{1,2}[:.h]\d{2}.{0,120}<[^<>\s]{1,320}>\s?[:：]$",
    re.IGNORECASE,
)


def _is_by_a_program(said: str) -> bool:
    """Tell whether only a mail program writes so: a date with a time of day, a name, the verb, and nothing else."""
    return _PROGRAMS.search(said) is not None


def _is_marked(lines: list[str], number: int) -> bool:
    """Tell whether what comes next is marked as quoted."""
    following = next((line for line in lines[number : number + 8] if line), None)
    return following is not None and is_quoted(following)


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at a delimiter that is followed by no more than a signature; drop what phones add, and a list's footer."""
    for number, line in enumerate(lines):
        if DELIMITER.match(line) and (line.endswith(" ") or sum(map(bool, lines[number:])) <= _LONGEST_SIGNATURE):
            lines = lines[:number]
            break
    lines = _without_footer(lines)
    lines = [line for line in lines if not (len(line) < _LONGEST_LAST_LINE and SENT_WITH.match(line))]
    last = len(lines)
    while last and not lines[last - 1].strip(" -_=*~"):
        last -= 1
    lines = lines[:last]
    if len(lines) > 1 and SIGNED_OFF.match(lines[-1]) and not lines[-2]:
        lines = lines[:-1]
    return lines


def _without_footer(lines: list[str]) -> list[str]:
    """Cut what a mailing list adds below a line of underscores."""
    for number in range(len(lines) - 1, max(-1, len(lines) - 10), -1):
        if re.fullmatch(r"_{10,}", lines[number]):
            below = [line for line in lines[number + 1 :] if line]
            if any(_FOOTER.search(line) for line in below):
                return _without_footer(lines[:number])
    return lines


def _tidy(lines: list[str]) -> str:
    """Join the lines; never more than one empty line between two."""
    kept: list[str] = []
    for line in lines:
        shown = "" if line in (RULE, QUOTE) or not line.strip() else line
        if shown or (kept and kept[-1]):
            kept.append(shown)
    return "\n".join(kept).strip()
