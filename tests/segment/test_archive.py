"""Files of events are read line by line, whatever they are and however long their lines."""

import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import NotFound, NurtureError
from nurture.segment import archive as archives
from nurture.segment.archive import STDIN, Archive, Line, open_archive


def lines_of(path: Path) -> list[Line]:
    with open_archive(path) as archive:
        return list(archive)


def test_lines_are_counted_and_their_ends_are_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\xef\xbb\xbf{1}\r\n\n{3}\n{4}")
    assert lines_of(path) == [Line(1, b"{1}"), Line(2, b""), Line(3, b"{3}"), Line(4, b"{4}")]


def test_what_gzip_has_packed_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(gzip.compress(b"{1}\n") + gzip.compress(b"{2}\n"))
    assert lines_of(path) == [Line(1, b"{1}"), Line(2, b"{2}")]


def test_the_standard_input_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for packed in (b"{1}\n{2}\n", gzip.compress(b"{1}\n{2}\n")):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(packed))))
        assert [line.text for line in lines_of(STDIN)] == [b"{1}", b"{2}"]


def test_a_line_that_is_too_long_is_passed_over_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "LONGEST_LINE", 10)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 10 + b"\n" + b"y" * 11 + b"\n" + b"z" * 95 + b"\n" + b"last\n" + b"w" * 30)
    assert [line.text for line in lines_of(path)] == [b"x" * 10, None, None, b"last", None]


@pytest.mark.parametrize("spoil", [lambda packed: packed[:-9], lambda packed: packed[:40] + b"\x00" * 40])
def test_a_damaged_file_is_said_to_be_after_what_could_be_read(tmp_path: Path, spoil) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(spoil(gzip.compress(b"".join(b'{"n": %d}\n' % n for n in range(5000)))))
    with open_archive(path) as archive, pytest.raises(NurtureError, match=r"events\.gz: cannot be read on after line"):
        list(archive)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no such file"), open_archive(tmp_path / "none.jsonl"):
        pass


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")), max_size=20), st.booleans())
def test_position_and_digest_are_those_of_what_was_read(lines: list[bytes], ended: bool) -> None:
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    file = io.BytesIO(text)
    archive = Archive("x", file, file, len(text))
    for line in archive:
        read = text.split(b"\n")[: line.number]
        assert archive.line == line.number
        before = Archive("y", io.BytesIO(text[: archive.position]), file, None)
        assert len(list(before)) == len(read)
        assert before.mark.digest == archive.mark.digest
    assert archive.position == len(text)
