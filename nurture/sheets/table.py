"""Lines of text to rows of cells, by RFC 4180 and what programs make of it.

A quote that is opened and never closed would swallow the rows that follow. So rows are read strictly: where quotes
do not work out, only the line that opened them is broken, and reading goes on with the next one.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from nurture.errors import NurtureError
from nurture.sheets.decoding import LONGEST, Lines

DELIMITERS = (",", ";", "\t", "|")
"""Taken in this order where the header has as many of one as of another."""
_EXCEL_SAYS = re.compile(r'"?sep=(?P<delimiter>[,;\t|])"?[\r\n]*')
_HEADER_LINES = 100
"""A header whose quotes are open for longer is none."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, as they stand in the file; `line` is where the row begins."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken(Row):
    """A line that is no row, and why."""

    reason: str


class Table:
    """The header of a file, and its rows as they are read.

    Attributes:
        lines: where they come from.
        delimiter: what stands between cells.
        header: names of the columns, trimmed; those without a name are `column_3`, those that come again `name_2`.
        repeated: names that stand in the header more than once.
    """

    def __init__(self, lines: Lines) -> None:
        """Read as far as the header.

        Raises:
            NurtureError: There is none.
        """
        self.lines = lines
        self._feed = _Feed(lines)
        self.delimiter = _delimiter(self._feed)
        self._reader = csv.reader(self._feed, delimiter=self.delimiter, strict=True)
        first = next(iter(self), None)
        if first is None:
            raise NurtureError(f"{lines.name}: the file is empty; the first line has to name the columns")
        if isinstance(first, Broken):
            raise NurtureError(f"{lines.name}:{first.line}: the header cannot be read: {first.reason}")
        self.header, self.repeated = _named(first.cells)

    def __iter__(self) -> Iterator[Row]:
        """Rows with anything in them, in order; a `Broken` one where a line is no row."""
        feed, reader, delimiter = self._feed, self._reader, self.delimiter
        while True:
            feed.taken.clear()
            try:
                cells = tuple(next(reader))
            except StopIteration:
                return
            except csv.Error:
                row = _mended(feed, delimiter)
            else:
                row = Row(feed.taken[0][0], cells)
            if any(map(str.strip, row.cells)):
                fault = self._fault()
                yield row if fault is None else Broken(row.line, row.cells, fault)

    def _fault(self) -> str | None:
        """What is wrong with the characters of the current row."""
        lines = self.lines
        for line, text in self._feed.taken:
            if "\0" in text:
                return "there is a NUL character in it"
            if not lines.is_utf8 and "\ufffd" in text:
                return f"it cannot be read as {lines.encoding}"
            if lines.cut and line in lines.cut:
                return f"the line is longer than {LONGEST:,} characters"
        return None


class _Feed:
    """Lines for the csv module, which remembers those of the current row and can take them back."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._waiting: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self._waiting:
            numbered = self._waiting.popleft()
        else:
            line = next(self._lines)
            numbered = (self._lines.number, line)
        self.taken.append(numbered)
        return numbered[1]

    def take_back(self, start: int) -> None:
        """Let the lines from this one of the current row come again."""
        self._waiting.extendleft(reversed(self.taken[start:]))
        del self.taken[start:]


def _mended(feed: _Feed, delimiter: str) -> Row:
    """A row whose quotes do not work out: read leniently where it is one line, else its first line is broken."""
    feed.take_back(1)
    line, text = feed.taken[0]
    try:
        rows = list(csv.reader([text, "\n"], delimiter=delimiter))
    except csv.Error:
        return Broken(line, (text.rstrip("\r\n"),), f"a cell is longer than {csv.field_size_limit():,} characters")
    cells = tuple(rows[0])
    if len(rows) == 1:  # the quotes swallowed the line end
        unquoted = tuple(next(csv.reader([text], delimiter=delimiter, quoting=csv.QUOTE_NONE)))
        return Broken(line, unquoted, "a quote is opened and not closed")
    return Row(line, cells)


def _delimiter(feed: _Feed) -> str:
    """The delimiter that the header has most of, outside quotes, or that Excel's `sep=` line names."""
    begun, quoted, counts = 0, False, dict.fromkeys(DELIMITERS, 0)
    for line in feed:
        if not begun and (said := _EXCEL_SAYS.fullmatch(line)):
            return said["delimiter"]
        if not begun and not line.strip():
            continue
        begun += 1
        for index, part in enumerate(line.split('"')):
            if quoted == bool(index % 2):
                for delimiter in DELIMITERS:
                    counts[delimiter] += part.count(delimiter)
        quoted ^= bool(line.count('"') % 2)
        if not quoted or begun == _HEADER_LINES:
            break
    feed.take_back(0)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def _named(cells: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the columns, each another one; and those that came more than once."""
    said = [" ".join(_CONTROL.sub(" ", cell).split()) for cell in cells]
    names: dict[str, None] = {}
    repeated: dict[str, None] = {}
    for position, name in enumerate(said, start=1):
        name = name or f"column_{position}"
        if name in names:
            repeated[name] = None
        unique, again = name, 2
        while unique in names or (unique != name and unique in said):
            unique, again = f"{name}_{again}", again + 1
        names[unique] = None
    return tuple(names), tuple(repeated)
