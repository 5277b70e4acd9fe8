"""A file of leads, opened: people and rejects come out of it one by one."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from nurture.errors import NotFound, NurtureError
from nurture.sheets.columns import Columns, match_columns
from nurture.sheets.decoding import Lines
from nurture.sheets.people import Person, Terms, read_addresses, read_people
from nurture.sheets.readings import Reject
from nurture.sheets.table import Table

_IN_MEMORY = 4_000_000
"""Bytes of what comes through a pipe that are kept in memory; the rest waits on disk."""


class Sheet:
    """A file whose columns are known. Iterating reads it, once.

    Attributes:
        columns: what each column holds.
        size: bytes of the file.
    """

    def __init__(self, table: Table, columns: Columns, terms: Terms, size: int) -> None:
        """Put the parts together; `open_sheet` makes them."""
        self.columns, self.size = columns, size
        self._table, self._terms = table, terms

    def __iter__(self) -> Iterator[Person | Reject]:
        return read_people(self._table, self.columns, self._terms)

    def addresses(self) -> Iterator[str]:
        """The addresses alone, row by row; instead of iterating."""
        return read_addresses(self._table, self.columns)

    @property
    def position(self) -> int:
        """Bytes read so far, for a progress bar."""
        return self._table.lines.position

    @property
    def notes(self) -> tuple[str, ...]:
        """What its author should know, a sentence each; complete once all is read."""
        lines = self._table.lines
        if not lines.strays:
            return self.columns.notes
        more = f" (and {lines.strays - 1:,} more)" if lines.strays > 1 else ""
        where = f"line {lines.first_stray}{more} is not UTF-8 and was read as Windows-1252"
        return (*self.columns.notes, f"{where}; if names look wrong, say --encoding")


@contextmanager
def open_sheet(
    path: Path, terms: Terms, *, asked: Mapping[str, str] | None = None, encoding: str | None = None
) -> Iterator[Sheet]:
    """Open a file and read its header.

    Args:
        path: of the file; a pipe will do.
        terms: what rows are held against.
        asked: which column holds what (field or attribute → column), from `parse_maps`.
        encoding: what the file is written in; None: found out.

    Raises:
        NotFound: There is no such file.
        NurtureError: It cannot be read, is no CSV, has no header, or no column with addresses.
        UsageError: `asked` names a column that it has not, or `encoding` is none.
    """
    with ExitStack() as stack:
        try:
            file = _seekable(stack.enter_context(path.open("rb")), stack)
            size = file.seek(0, 2)
            file.seek(0)
        except FileNotFoundError as error:
            raise NotFound(f"{path}: there is no such file") from error
        except OSError as error:
            raise NurtureError(f"{path}: cannot be read ({error.strerror})") from error
        table = Table(Lines(file, path.name, encoding))
        columns = match_columns(table.header, asked or {}, repeated=table.repeated, name=path.name)
        yield Sheet(table, columns, terms, size)


def _seekable(file: BinaryIO, stack: ExitStack) -> BinaryIO:
    if file.seekable():
        return file
    kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the stack closes it
    stack.callback(kept.close)
    shutil.copyfileobj(file, kept)
    kept.seek(0)
    return kept  # type: ignore[return-value]  # it has what TextIOWrapper asks for since Python 3.11
