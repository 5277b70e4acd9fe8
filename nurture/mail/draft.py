"""A template on its way through programs that know no Jinja: every bracket is a plain word until they are done.

The words survive MJML, HTML and Markdown as they are. A draft knows which line of which file every character came from,
however often it was edited, and gives the Jinja back at the end, each piece on a line of its own, so that Jinja's line
numbers lead to the author's line.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from nurture.mail.pieces import Piece, Place


class Shelf:
    """Where pieces wait while plain words stand for them."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Choose words that occur in none of the texts."""
        whole = "\n".join(texts)
        self._mark = next(mark for n in count() if (mark := f"zq{'x' * n}") not in whole)
        self.pieces: list[Piece] = []
        self.word = re.compile(rf"{self._mark}(\d+)z")

    def put(self, piece: Piece) -> str:
        """Keep a piece; give the word that stands for it."""
        self.pieces.append(piece)
        return f"{self._mark}{len(self.pieces) - 1}z"

    def parts(self, text: str) -> list[str | Piece]:
        """Split a text at its words, each as its piece; no empty texts."""
        split = self.word.split(text)
        parts: list[str | Piece] = []
        for place, part in enumerate(split):
            if place % 2:
                parts.append(self.pieces[int(part)])
            elif part:
                parts.append(part)
        return parts

    def written_out(self, text: str) -> str:
        """Put the Jinja back as an author would read it, for messages."""
        return self.word.sub(lambda word: _bracketed(self.pieces[int(word[1])], ""), text)


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` where `start` up to `end` stands."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A text with words for its Jinja. `places[n]` is where the text from `starts[n]` on was written."""

    text: str
    starts: Sequence[int]
    places: Sequence[Place]
    shelf: Shelf

    @classmethod
    def of(cls, pieces: Sequence[Piece], shelf: Shelf | None = None) -> "Draft":
        """Shield a row of pieces."""
        shelf = shelf or Shelf(piece.text for piece in pieces)
        texts = [piece.text if piece.kind == "text" else shelf.put(piece) for piece in pieces]
        return cls("".join(texts), _starts(texts), [piece.place for piece in pieces], shelf)

    def place(self, offset: int) -> Place:
        """Tell where the character at `offset` was written."""
        n = max(bisect_right(self.starts, offset) - 1, 0)
        if not self.starts:
            return Place("", 1)
        return self.places[n].after(self.text[self.starts[n] : offset])

    def edited(self, edits: Iterable[Edit]) -> "Draft":
        """Carry out edits that do not overlap."""
        parts: list[Draft] = []
        done = 0
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            parts += [self.part(done, edit.start), self.single(edit.text, self.place(edit.start))]
            done = edit.end
        return self.joined([*parts, self.part(done, len(self.text))])

    def with_inserted(self, inserts: Iterable[tuple[int, "Draft"]]) -> "Draft":
        """Put other drafts of the same shelf in, each at its offset."""
        parts: list[Draft] = []
        done = 0
        for offset, other in sorted(inserts, key=lambda insert: insert[0]):
            parts += [self.part(done, offset), other]
            done = offset
        return self.joined([*parts, self.part(done, len(self.text))])

    def part(self, start: int, end: int) -> "Draft":
        """Cut a stretch out."""
        runs = list(self._runs(start, end))
        places = [self.place(run_start) for run_start, _ in runs]
        return Draft(self.text[start:end], [run_start - start for run_start, _ in runs], places, self.shelf)

    def single(self, text: str, place: Place) -> "Draft":
        """Make a draft of a text that was written at one place."""
        return Draft(text, [0], [place], self.shelf)

    def joined(self, parts: Iterable["Draft"]) -> "Draft":
        """Join drafts of this one's shelf."""
        text, starts, places = "", list[int](), list[Place]()
        for part in parts:
            starts += [len(text) + start for start in part.starts]
            places += part.places
            text += part.text
        return Draft(text, starts, places, self.shelf)

    def _runs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Split a stretch where the place it was written at jumps."""
        n = bisect_right(self.starts, start)
        while start < end:
            stop = min(end, self.starts[n]) if n < len(self.starts) else end
            if stop > start:
                yield start, stop
            start, n = stop, n + 1


def _starts(texts: Sequence[str]) -> list[int]:
    starts, offset = [], 0
    for text in texts:
        starts.append(offset)
        offset += len(text)
    return starts


@dataclass(frozen=True, slots=True)
class JinjaSource:
    """A finished Jinja template and where its lines come from."""

    text: str
    lines: Sequence[int]
    places: Sequence[Place]

    def place(self, line: int, word: str = "") -> Place:
        """Tell where the Jinja on a line of this source was written, or the first `word` on that line."""
        n = max(bisect_right(self.lines, line) - 1, 0)
        start, further = self.places[n], line - self.lines[n]
        code = self.text.split("\n")[line - 1] if word else ""
        found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", code) if word else None
        column = found.start() + 1 if found else 1
        if found and (made := _COMPUTED_LINK.match(code)):
            column = max(column - made.end(), 1)
        return Place(start.file, start.line + further, column if further else column + start.column - 1)


_COMPUTED_LINK = re.compile(r"""_link\(\d+, \[(?:(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"), )*\(""")
"""What stands before the author's own code where a link is made of a lead's data."""
_LOOKS_LIKE_JINJA = re.compile(r"\{(?=[{%#])")


def restore(text: str, shelf: Shelf, start: Place) -> JinjaSource:
    """Give the Jinja template that a draft's text has become; `start` is the place of what comes before any Jinja."""
    out: list[str] = []
    lines, places = [1], [start]
    line = 1
    parts = shelf.parts(text)
    for n, part in enumerate(parts):
        if isinstance(part, str):
            plain = _LOOKS_LIKE_JINJA.sub("{{ '{' }}", part)
            before_jinja = n + 1 < len(parts) and plain.endswith("{")
            written = f"{plain[:-1]}{{{{ '{{' }}}}" if before_jinja else plain
        else:
            written = _bracketed(part, "\n")
            lines.append(line + 1)
            places.append(part.place)
        out.append(written)
        line += written.count("\n")
    return JinjaSource("".join(out), lines, places)


def _bracketed(piece: Piece, lead: str) -> str:
    return f"{{{{{lead or ' '}{piece.text} }}}}" if piece.kind == "expression" else f"{{%{lead or ' '}{piece.text} %}}"
