"""Short ways to read bytes, for tests of the reader."""

import io
from datetime import UTC, datetime

from nurture.sheets.columns import match_columns
from nurture.sheets.decoding import Lines
from nurture.sheets.people import Person, Terms, read_people
from nurture.sheets.readings import Reject
from nurture.sheets.table import Row, Table

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TERMS = Terms(frozenset({"not_ready", "no_budget", "student", "no_follow_up"}), "America/Chicago", NOW)


def table_of(data: bytes, encoding: str | None = None) -> Table:
    """The header and the rows of a file."""
    return Table(Lines(io.BytesIO(data), "leads.csv", encoding))


def rows_of(data: bytes, encoding: str | None = None) -> list[Row]:
    """The rows of a file, broken ones too."""
    return list(table_of(data, encoding))


def cells_of(data: bytes, encoding: str | None = None) -> list[tuple[str, ...]]:
    """The cells of a file's rows."""
    return [row.cells for row in rows_of(data, encoding)]


def read(text: str | bytes, **asked: str) -> list[Person | Reject]:
    """What the rows of a file say."""
    table = table_of(text.encode() if isinstance(text, str) else text)
    columns = match_columns(table.header, asked, repeated=table.repeated)
    return list(read_people(table, columns, TERMS))


def person(text: str, **asked: str) -> Person:
    """The one person of a file with one good row."""
    (only,) = read(text, **asked)
    assert isinstance(only, Person), only
    return only


def reject(text: str, **asked: str) -> Reject:
    """The one reject of a file with one bad row."""
    (only,) = read(text, **asked)
    assert isinstance(only, Reject), only
    return only
