import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import NurtureError
from nurture.sheets.table import DELIMITERS, Broken, Row
from tests.sheets.reading import cells_of, rows_of, table_of


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_the_one_that_the_header_has_most_of(delimiter: str) -> None:
    data = (
        delimiter.join(["email", '"name, or; so|"', "x"]) + "\n" + delimiter.join(["a", "b,;", "c"]).replace(",;", "")
    )
    found = table_of(data.encode())
    assert found.delimiter == delimiter
    assert found.header == ("email", "name, or; so|", "x")


def test_a_header_in_quotes_does_not_count_the_delimiters_inside() -> None:
    assert table_of(b'"a,b,c,d,e";"f"\n').header == ("a,b,c,d,e", "f")


def test_excel_may_say_the_delimiter_in_a_line_of_its_own() -> None:
    found = table_of(b"sep=;\r\nemail,x;name\r\na;b\r\n")
    assert (found.header, list(found)) == (("email,x", "name"), [Row(3, ("a", "b"))])


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n \r\n\t\n", b",,,\n , ,\n", b"sep=,\n"])
def test_a_file_with_nothing_in_it_is_empty(data: bytes) -> None:
    with pytest.raises(NurtureError, match=r"leads\.csv: the file is empty"):
        table_of(data)


def test_blank_lines_before_and_between_are_passed_over_and_counted() -> None:
    found = table_of(b"\n\n  \nemail,b\n\n1,2\n,\n , \n3,4\n\n")
    assert list(found) == [Row(6, ("1", "2")), Row(9, ("3", "4"))]


def test_a_header_alone_has_no_rows() -> None:
    assert rows_of(b"email,name") == []


def test_a_quoted_line_break_belongs_to_its_cell_and_lines_stay_right() -> None:
    found = rows_of(b'a,b\r\n"one\r\ntwo\r\n\r\nthree",x\r\ny,z\r\n')
    assert found == [Row(2, ("one\r\ntwo\r\n\r\nthree", "x")), Row(6, ("y", "z"))]


def test_a_header_may_have_line_breaks_in_it() -> None:
    found = table_of(b'"first\nname",email\nJo,jo@x.example\n')
    assert found.header == ("first name", "email")
    assert list(found) == [Row(3, ("Jo", "jo@x.example"))]


def test_columns_without_a_name_or_with_the_same_get_one_of_their_own() -> None:
    found = table_of(b" a ,,a,A,,a_2,a,\n")
    assert found.header == ("a", "column_2", "a_3", "A", "column_5", "a_2", "a_4", "column_8")
    assert found.repeated == ("a",)


def test_control_characters_do_not_stand_in_names() -> None:
    assert table_of("e\x07mail,\x1b[31mname\x85\n".encode()).header == ("e mail", "[31mname")


def test_a_quote_that_is_never_closed_breaks_its_own_line_alone() -> None:
    found = rows_of(b'a,b\n1,"oops\n2,x\n3,"fine"\n4,y\n')
    assert found == [
        Broken(2, ("1", '"oops'), "a quote is opened and not closed"),
        Row(3, ("2", "x")),
        Row(4, ("3", "fine")),
        Row(5, ("4", "y")),
    ]


def test_two_stray_quotes_do_not_swallow_the_rows_between_them() -> None:
    found = rows_of(b'a,b,c\n1,"x,1\n2,y,2\n3,"z,3\n4,w,4\n')
    assert [type(row) for row in found] == [Broken, Row, Broken, Row]
    assert [row.line for row in found] == [2, 3, 4, 5]


def test_a_quote_open_at_the_end_of_the_file_loses_only_its_line() -> None:
    found = rows_of(b'a,b\n1,2\n3,"4')
    assert found == [Row(2, ("1", "2")), Broken(3, ("3", '"4'), "a quote is opened and not closed")]


def test_quotes_within_a_cell_are_what_they_are() -> None:
    assert cells_of(b'a,b\n5" pipe,"say ""no"""\n"Bob" Smith,x\n') == [('5" pipe', 'say "no"'), ("Bob Smith", "x")]


def test_a_nul_breaks_its_row_alone() -> None:
    found = rows_of(b"a,b\n1,2\n3,\x004\n5,6\n" + b"x,y\n" * 100)
    assert found[1] == Broken(3, ("3", "\x004"), "there is a NUL character in it")
    assert found[2] == Row(4, ("5", "6"))


def test_a_cell_that_is_too_long_breaks_its_row_alone() -> None:
    found = rows_of(b"a,b\n1," + b"x" * 200_000 + b"\n2,y\n")
    assert isinstance(found[0], Broken)
    assert found[0].reason == "a cell is longer than 131,072 characters"
    assert found[1] == Row(3, ("2", "y"))


def test_a_line_that_is_too_long_breaks_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.sheets.decoding.LONGEST", 30)
    found = rows_of(b"a,b\n" + b"1," * 50 + b"\n2,y\n")
    assert isinstance(found[0], Broken)
    assert "longer than" in found[0].reason
    assert found[1] == Row(3, ("2", "y"))


def test_a_header_that_cannot_be_read_says_why() -> None:
    with pytest.raises(
        NurtureError, match=r"leads\.csv:1: the header cannot be read: a quote is opened and not closed"
    ):
        table_of(b'email,"name\n1,2\n')


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=20)


@settings(max_examples=60)
@given(
    rows=st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8)),
    delimiter=st.sampled_from(DELIMITERS),
    style=st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_writes_is_read_back(
    rows: list[list[str]], delimiter: str, style: tuple[int, str], encoding: str
) -> None:
    written = io.StringIO()
    width = len(rows[0]) if rows else 1
    writer = csv.writer(written, delimiter=delimiter, quoting=style[0], lineterminator=style[1])  # type: ignore[arg-type]
    header = [f"c{n}" for n in range(max(width, 2))]
    padded = [row + ["x"] * (len(header) - width) for row in rows]
    writer.writerows([header, *padded])
    found = table_of(written.getvalue().encode(encoding))
    assert found.header == tuple(header)
    expected = [tuple(row) for row in padded if any(cell.strip() for cell in row)]
    assert [row.cells for row in found] == expected


@settings(max_examples=120)
@given(st.binary(max_size=400) | st.lists(st.sampled_from(list(b'a@,;"\t\r\n\0\xff ')), max_size=60).map(bytes))
def test_any_bytes_give_rows_or_one_clear_error(data: bytes) -> None:
    try:
        found = table_of(data)
    except NurtureError:
        return
    rows = list(found)
    assert all(any(cell.strip() for cell in row.cells) for row in rows)
    assert [row.line for row in rows] == sorted({row.line for row in rows})
    assert len(set(found.header)) == len(found.header)


@settings(max_examples=60)
@given(
    good=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    strays=st.lists(st.tuples(st.integers(0, 12), st.sampled_from(['1,"x', '"x,y', 'x,"y\\"z', 'x,y,"z'])), max_size=3),
)
def test_stray_quotes_cost_no_other_row(good: list[int], strays: list[tuple[int, str]]) -> None:
    lines = [f"{number},v" for number in good]
    for at, stray in strays:
        lines.insert(min(at, len(lines)), stray)
    found = rows_of(("a,b\n" + "\n".join(lines) + "\n").encode())
    whole = [row.cells for row in found if row.cells[-1] == "v"]
    assert whole == [(str(number), "v") for number in good]
