"""What the rows of a file are, whatever they are about: something each, or a reason why not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from nurture.grammar.mistakes import Mistake
from nurture.sheets.table import Broken, Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where something comes from: the row as it stands in the file, and the names of the file's columns."""

    line: int = 0
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


NOWHERE = Source()
"""Where somebody comes from of whom no file tells."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be taken, and why."""

    reason: str
    source: Source = Source()

    @property
    def line(self) -> int:
        """Where in the file."""
        return self.source.line


def readings(
    rows: Iterable[Row], header: tuple[str, ...], read: Callable[[tuple[str, ...], Source], T]
) -> Iterator[T | Reject]:
    """Give what `read` makes of the cells of each row, in order; a `Mistake` that it raises rejects the row."""
    for row in rows:
        source = Source(row.line, row.cells, header)
        if isinstance(row, Broken):
            yield Reject(row.reason, source)
            continue
        try:
            yield read(row.cells, source)
        except Mistake as mistake:
            yield Reject(str(mistake), source)
