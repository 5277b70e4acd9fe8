import codecs
import io

import pytest

from nurture.errors import NurtureError, UsageError
from nurture.sheets import decoding
from nurture.sheets.decoding import Lines
from tests.sheets.reading import cells_of, table_of

TEXT = "email,name\njo@x.example,Zoë Ōe\n"


def lines_of(data: bytes, encoding: str | None = None) -> Lines:
    return Lines(io.BytesIO(data), "leads.csv", encoding)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT.encode(), id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), id="utf-8 with a mark"),
        pytest.param(TEXT.encode("utf-16"), id="utf-16 with the machine's mark"),
        pytest.param(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), id="utf-16 little endian"),
        pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), id="utf-16 big endian"),
        pytest.param(TEXT.encode("utf-16-le"), id="utf-16 little endian without a mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="utf-16 big endian without a mark"),
        pytest.param(codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), id="utf-32 little endian"),
        pytest.param(codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), id="utf-32 big endian"),
    ],
)
def test_the_same_text_is_read_whatever_it_is_written_in(data: bytes) -> None:
    table = table_of(data)
    assert table.header == ("email", "name")
    assert [row.cells for row in table] == [("jo@x.example", "Zoë Ōe")]
    assert table.lines.strays == 0


def test_bytes_that_are_no_utf8_are_read_as_windows_1252_and_counted() -> None:
    data = "email,name,company\njo@x.example,Zoë,“Œuvre” €\n".encode("cp1252") + "al@x.example,Al,Ōe\n".encode()
    table = table_of(data)
    assert [row.cells for row in table] == [("jo@x.example", "Zoë", "“Œuvre” €"), ("al@x.example", "Al", "Ōe")]
    assert (table.lines.strays, table.lines.first_stray) == (1, 2)


def test_bytes_that_even_windows_1252_does_not_have_are_latin_1() -> None:
    assert cells_of(b"email\n\x81\x8d\xff\n") == [("\x81\x8dÿ",)]


def test_a_given_encoding_goes_before_what_would_be_found_out() -> None:
    assert cells_of("email,name\njo@x.example,日本\n".encode("shift_jis"), "shift_jis") == [("jo@x.example", "日本")]


def test_what_is_not_in_a_given_encoding_breaks_its_row_alone() -> None:
    data = b"email,name\njo@x.example,\xff\xff\nal@x.example,Al\n"
    first, second = table_of(data, "shift_jis")
    assert getattr(first, "reason", None) == "it cannot be read as shift_jis"
    assert second.cells == ("al@x.example", "Al")


@pytest.mark.parametrize("name", ["klingon", "hex", "idna", "undefined", "", "utf-8\0"])
def test_an_encoding_that_there_is_not_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match="there is no encoding"):
        lines_of(b"email\n", name)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel file (.xls)"),
        (b"PK\x03\x04" + b"\0" * 20 + b"xl/workbook.xml", "an Excel file (.xlsx)"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)"),
        (b"PK\x03\x04leads.csv", "a ZIP archive"),
        (b"PK\x05\x06", "a ZIP archive"),
        (b"\x1f\x8b\x08", "compressed (gzip)"),
        (b"%PDF-1.7", "a PDF"),
        (b"  <!DOCTYPE html><table>", "HTML or XML"),
        (b'<?xml version="1.0"?>', "HTML or XML"),
        (b"\x7fELF" + b"\0\1\0\2\0" * 20, "a binary file"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(data: bytes, said: str) -> None:
    with pytest.raises(NurtureError) as caught:
        lines_of(data)
    assert f"leads.csv: this is {said}, not CSV" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_book_that_begins_with_pk_is_no_archive() -> None:
    assert cells_of(b"PKZ,email\nx,jo@x.example\n") == [("x", "jo@x.example")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_on_any_machine(end: str) -> None:
    lines = lines_of(f"a{end}b{end}{end}c".encode())
    assert [line.strip() for line in lines] == ["a", "b", "", "c"]
    assert lines.number == 4


def test_of_a_line_without_end_only_the_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LONGEST", 10)
    lines = lines_of(b"email\n" + b"x" * 35 + b"\nshort\n" + b"y" * 25)
    assert list(lines) == ["email\n", "x" * 10 + "\n", "short\n", "y" * 10]
    assert lines.cut == {2, 4}


def test_the_position_ends_at_the_size() -> None:
    data = b"email\n" + b"jo@x.example\n" * 10_000
    lines = lines_of(data)
    first, *_ = next(lines), list(lines)
    assert first == "email\n"
    assert lines.position == len(data)
