"""Which Jinja of a line belongs around the line: what leaves the line out has to leave out its line break too."""

from dataclasses import dataclass

from nurture.mail.draft import Shelf
from nurture.mail.nesting import CLOSES, OPENS


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a line: text, or what stands for one piece of Jinja. `word` is a statement's own word (`if`)."""

    text: str
    word: str = ""


def peel(shelf: Shelf, line: str) -> tuple[str, str, str]:
    """Split a line into the statements before it, the line, and the statements after it.

    A statement moves out at an end of the line if its block goes on beyond this line, and an `{% if %}` that holds the
    whole line moves out with its end. Everything else stays where it is.
    """
    parts = _parts(shelf, line)
    partners = _partners(parts)
    first, last = 0, len(parts) - 1
    before: list[str] = []
    after: list[str] = []
    while first <= last:
        if parts[first].word and first not in partners:
            before.append(parts[first].text)
        elif parts[last].word and last not in partners:
            after.insert(0, parts[last].text)
            last -= 1
            continue
        elif parts[first].word in {"if", "with"} and partners.get(first) == last:
            before.append(parts[first].text)
            after.insert(0, parts[last].text)
            last -= 1
        elif parts[first].text.strip():
            break
        first += 1
    rest = "".join(part.text for part in parts[first : last + 1])
    return "".join(before), rest.strip(), "".join(after)


def _parts(shelf: Shelf, line: str) -> list[_Part]:
    parts, done = [], 0
    for word in shelf.word.finditer(line):
        parts.append(_Part(line[done : word.start()]))
        piece = shelf.pieces[int(word[1])]
        parts.append(_Part(word[0], piece.word))
        done = word.end()
    parts.append(_Part(line[done:]))
    return [part for part in parts if part.text]


def _partners(parts: list[_Part]) -> dict[int, int]:
    """Pair the beginnings and ends of blocks; -1 for what must not move: an `{% else %}`, and the block it halves."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    halves: set[int] = set()
    for n, part in enumerate(parts):
        if part.word in OPENS:
            opened.append(n)
        elif part.word in CLOSES and opened:
            start = opened.pop()
            fixed = start in halves
            partners[start], partners[n] = (-1, -1) if fixed else (n, start)
        elif part.word in {"else", "elif"} and opened:
            partners[n] = -1
            halves.add(opened[-1])
        elif part.word == "set":
            partners[n] = -1
    return partners
