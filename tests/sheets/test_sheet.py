import csv
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from nurture.errors import NotFound, NurtureError, UsageError
from nurture.sheets.people import Person
from nurture.sheets.readings import Reject, Source
from nurture.sheets.rejects import RejectsFile, rejects_beside
from nurture.sheets.sheet import open_sheet
from tests.sheets.reading import TERMS


def write(folder: Path, data: bytes | str) -> Path:
    path = folder / "leads.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_a_sheet_gives_people_and_rejects_in_order(tmp_path: Path) -> None:
    with open_sheet(write(tmp_path, "email\njo@x.example\nnobody\nal@x.example\n"), TERMS) as sheet:
        said = list(sheet)
    assert [type(one) for one in said] == [Person, Reject, Person]
    assert sheet.notes == ()


def test_a_sheet_knows_how_far_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "email\n" + "jo@x.example\n" * 5000)
    with open_sheet(path, TERMS) as sheet:
        assert sheet.size == path.stat().st_size
        assert 0 < sheet.position < sheet.size
        assert len(list(sheet)) == 5000
        assert sheet.position == sheet.size


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = write(tmp_path, "email,note\n" + f"jo@x.example,{'x' * 250}\n" * 20_000)
    with open_sheet(path, TERMS) as sheet:
        tracemalloc.start()
        read = sum(1 for _ in sheet)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert read == 20_000
    assert peak < sheet.size / 10


def test_a_sheet_tells_its_author_what_was_read_otherwise(tmp_path: Path) -> None:
    data = b"email,Name,Name\n" + "jo@x.example,Zoë,x\n".encode("cp1252") * 3
    with open_sheet(write(tmp_path, data), TERMS) as sheet:
        list(sheet)
        assert sheet.notes == (
            "more than one column is called 'Name'; all but the first are kept as attributes",
            "line 2 (and 2 more) is not UTF-8 and was read as Windows-1252; if names look wrong, say --encoding",
        )


def test_a_pipe_will_do(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"email\njo@x.example\n",))
    writer.start()
    with open_sheet(pipe, TERMS) as sheet:
        (only,) = sheet
    writer.join()
    assert isinstance(only, Person)


def test_maps_and_encodings_are_passed_on(tmp_path: Path) -> None:
    path = write(tmp_path, "mail,name\njo@x.example,日本\n".encode("shift_jis"))
    with open_sheet(path, TERMS, asked={"email": "mail"}, encoding="shift_jis") as sheet:
        (only,) = sheet
    assert isinstance(only, Person)
    assert only.attributes == {"name": "日本"}
    with pytest.raises(UsageError, match="no column 'post'"), open_sheet(path, TERMS, asked={"email": "post"}):
        pass


def test_what_cannot_be_opened_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no such file"), open_sheet(tmp_path / "none.csv", TERMS):
        pass
    with pytest.raises(NurtureError, match=r"cannot be read \(Is a directory\)"), open_sheet(tmp_path, TERMS):
        pass


def rejected(*cells: str, reason: str = "why", header: tuple[str, ...] = ("email", "name"), line: int = 2) -> Reject:
    return Reject(reason, Source(line, cells, header))


def test_rejects_stand_beside_their_file() -> None:
    assert rejects_beside(Path("/some/where/leads.csv")) == Path("/some/where/leads.rejects.csv")
    assert rejects_beside(Path("leads")) == Path("leads.rejects.csv")


def test_rejects_have_their_line_their_reason_and_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "x.rejects.csv"
    with RejectsFile(path) as rejects:
        rejects.write(rejected("a,b", 'say "no"\r\nplease', line=2))
        rejects.write(rejected("short", line=7, reason="it, too"))
        rejects.write(rejected("x", "y", "zoë", line=9))
    assert (rejects.count, rejects.path) == (3, path)
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "reason", "email", "name"],
            ["2", "why", "a,b", 'say "no"\r\nplease'],
            ["7", "it, too", "short"],
            ["9", "why", "x", "y", "zoë"],
        ]


def test_without_rejects_there_is_no_file(tmp_path: Path) -> None:
    with RejectsFile(tmp_path / "none.csv") as rejects:
        pass
    assert (rejects.count, rejects.path, list(tmp_path.iterdir())) == (0, None, [])


def test_rejects_may_only_be_counted() -> None:
    with RejectsFile(None) as rejects:
        rejects.write(rejected("x"))
    assert (rejects.count, rejects.path) == (1, None)


def test_rejects_that_cannot_be_written_are_said_in_one_line(tmp_path: Path) -> None:
    rejects = RejectsFile(tmp_path / "no" / "where.csv")
    with pytest.raises(NurtureError, match=r"cannot be written \(No such file or directory\); say --rejects FILE"):
        rejects.write(rejected("x"))


def test_mended_rejects_can_be_imported_and_rejected_again(tmp_path: Path) -> None:
    first = tmp_path / "leads.rejects.csv"
    with RejectsFile(first) as rejects:
        rejects.write(rejected("jo@x.example", "Jo", line=5))
        rejects.write(rejected("nobody", "Al", line=9))
    with open_sheet(first, TERMS) as sheet, RejectsFile(tmp_path / "again.csv") as again:
        good, bad = sheet
        assert isinstance(good, Person)
        assert (good.email, good.attributes) == ("jo@x.example", {"name": "Jo"})
        assert isinstance(bad, Reject)
        again.write(bad)
    text = (tmp_path / "again.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "line,reason,email,name"
    assert text.splitlines()[1].startswith("3,")
    assert text.splitlines()[1].endswith(",nobody,Al")
