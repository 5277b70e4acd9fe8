"""Files that real programs wrote: nothing crashes, nothing shifts, every row is accounted for."""

import codecs
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nurture.errors import NurtureError
from nurture.sheets.decoding import Lines
from nurture.sheets.people import Person
from nurture.sheets.readings import Reject
from nurture.sheets.sheet import open_sheet
from nurture.sheets.table import Row, Table
from tests.sheets.reading import TERMS

SharedData = Callable[[str], Path]
SETS = ("dittofeed_user_uploads", "messy_csv", "csv_spectrum")


def table_at(path: Path) -> tuple[Table, list[Row]]:
    with path.open("rb") as file:
        table = Table(Lines(file, path.name))
        return table, list(table)


def records(path: Path) -> list[dict[str, str]]:
    table, rows = table_at(path)
    return [dict(zip(table.header, row.cells, strict=True)) for row in rows]


def by_the_book(path: Path) -> list[list[str]]:
    """The rows as Python's own reader gives them, once a person has told it encoding and delimiter."""
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8-sig"
    delimiter = {"csvkit_dummy.tsv": "\t", "csvkit_sniff_limit.csv": ";"}.get(path.name, ",")
    rows = csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter)
    return [row for row in rows if any(cell.strip() for cell in row)]


def test_csv_spectrum_is_read_as_its_json_says(shared_data: SharedData) -> None:
    folder = shared_data("csv_spectrum")
    pairs = [(path, path.with_suffix(".json")) for path in sorted(folder.glob("*.csv"))]
    assert len(pairs) == 6
    for path, truth in pairs:
        found, expected = records(path), json.loads(truth.read_text())
        if path.name == "newlines_crlf.csv":  # git took away the CRs that its name and its JSON speak of
            found = [{name: cell.replace("\n", "\r\n") for name, cell in record.items()} for record in found]
        assert found == expected, path.name


def test_every_row_of_every_file_is_read_whole_and_in_its_columns(shared_data: SharedData) -> None:
    read = 0
    for name in SETS:
        for path in sorted(shared_data(name).glob("*.?sv")):
            if not (expected := by_the_book(path)):
                with pytest.raises(NurtureError, match="the file is empty"):
                    table_at(path)
                continue
            table, rows = table_at(path)
            assert [" ".join(cell.split()) for cell in expected[0]] == list(table.header), path.name
            assert [list(row.cells) for row in rows] == expected[1:], path.name
            assert table.lines.strays == 0
            read += len(rows)
    assert read > 60


def test_workbooks_are_called_by_their_name(shared_data: SharedData) -> None:
    books = [path for path in sorted(shared_data("messy_csv").iterdir()) if path.suffix in (".xls", ".xlsx")]
    assert len(books) == 4
    for book in books:
        with pytest.raises(NurtureError, match=rf"this is an Excel file \({book.suffix}\), not CSV; save it as CSV"):
            table_at(book)


def test_what_was_converted_from_a_workbook_is_read_as_it_stands(shared_data: SharedData) -> None:
    """Csvkit made these of .xls and .xlsx files; the same sheet must read the same from both."""
    folder = shared_data("messy_csv")
    one, other = records(folder / "csvkit_testxls_converted.csv"), records(folder / "csvkit_testxlsx_converted.csv")
    assert [row["text"] for row in one] == [row["text"] for row in other]
    assert one[-1]["text"] == "Unicode! Σ"
    assert [row["h"] for row in one] == [row["h"] for row in other]
    assert one[1]["h"] == "Extra data beyond headers will be trimmed"
    sheets = records(folder / "csvkit_sheetsxls_converted.csv")
    assert [row["text"] for row in sheets][-2:] == ["This row has blanks", "Unicode! Σ"]
    assert sheets[1]["time"] == "14:57:13"
    assert records(folder / "csvkit_test_date_format_converted.csv") == [{"a": "2014-01-02"}, {"a": "2012-12-31"}]
    plain = records(folder / "csvkit_dummy3.csv")[:1]
    assert records(folder / "csvkit_testxlsx_unicode_converted.csv") == plain


def test_every_file_gives_people_and_rejects_for_all_its_rows(shared_data: SharedData) -> None:
    """With the first column taken for the address, whatever it holds."""
    taken = 0
    for name in SETS:
        for path in sorted(shared_data(name).glob("*.?sv")):
            expected = by_the_book(path)
            if not expected:
                continue
            first = " ".join(expected[0][0].split())
            with open_sheet(path, TERMS, asked={"email": first}) as sheet:
                said = list(sheet)
            assert len(said) == len(expected) - 1, path.name
            lines = [one.source.line for one in said]
            assert lines == sorted(set(lines))
            taken += sum(isinstance(one, Person) for one in said)
    assert taken == 0, "none of these first columns holds addresses"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("users.csv", 5, 0), ("missing-some-identifiers.csv", 3, 2), ("subscription-group-actions.csv", 5, 0)],
)
def test_uploads_with_addresses_are_taken(shared_data: SharedData, name: str, good: int, bad: int) -> None:
    with open_sheet(shared_data("dittofeed_user_uploads") / name, TERMS) as sheet:
        said = list(sheet)
    assert (sum(isinstance(one, Person) for one in said), sum(isinstance(one, Reject) for one in said)) == (good, bad)
    for one in said:
        if isinstance(one, Person):
            assert one.profile.keys() == {"first_name", "last_name"}
        else:
            assert one.reason == "email: an e-mail address is missing"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing-email-users.csv", "no column is called `email`.*there are `id`, `firstName`, `lastName`"),
        ("missing-identifiers.csv", "no column is called `email`.*there are `firstName`, `lastName`"),
        ("missing-headers-users.csv", "the first line has to name the columns, and this one holds an address"),
    ],
)
def test_uploads_without_addresses_are_refused_as_a_whole(shared_data: SharedData, name: str, said: str) -> None:
    path = shared_data("dittofeed_user_uploads") / name
    with pytest.raises(NurtureError, match=said), open_sheet(path, TERMS):
        pass


def test_a_column_of_actions_can_say_who_is_not_to_be_mailed(shared_data: SharedData) -> None:
    path = shared_data("dittofeed_user_uploads") / "subscription-group-actions.csv"
    with open_sheet(path, TERMS, asked={"do_not_email": "action"}) as sheet:
        said = list(sheet)
    assert [one.email for one in said if isinstance(one, Person) and one.do_not_email] == ["janedoe@example.com"]
    reasons = [one.reason for one in said if isinstance(one, Reject)]
    assert reasons == ["the row has 5 cells, the header has 6: it ends before its do_not_email"]
