"""Portions of a file of events, and the file of what could not be read."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nurture.segment import batches
from nurture.segment.archive import LONGEST_LINE, Archive
from nurture.segment.batches import TOO_LONG, Batch, Reader
from nurture.segment.rejects import RejectsFile, rejects_beside, unwrapped

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
READER = Reader("archive", datetime(2025, 1, 1, tzinfo=UTC), NOW)


def read(lines: list[bytes | None], *, after: int = 0) -> list[Batch]:
    """Portions of a file of these lines; None for one that is too long."""
    text = b"\n".join(b"x" * (LONGEST_LINE + 1) if line is None else line for line in lines)
    file = io.BytesIO(text)
    return list(READER.batches(Archive("x", file, file, len(text)), after=after))


def said(number: int, at: str = "2026-01-01T00:00:00Z", **more: Any) -> bytes:
    event = {"type": "page", "messageId": f"m{number}", "anonymousId": "v", "timestamp": at, **more}
    return json.dumps(event).encode()


def test_a_portion_is_in_order_of_time_and_knows_its_source() -> None:
    (batch,) = read([said(1, "2026-02-01"), said(2, "2026-01-01"), b"  "])
    assert [event.message_id for event, _ in batch.events] == ["m2", "m1"]
    assert [line.number for _, line in batch.events] == [2, 1]
    assert {event.source for event, _ in batch.events} == {"archive"}
    assert batch.lines == 2


def test_portions_are_bounded_by_lines_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [said(number) for number in range(1, 8)]
    monkeypatch.setattr(batches, "MOST_LINES", 3)
    assert [batch.lines for batch in read(lines)] == [3, 3, 1]
    assert [batch.lines for batch in read(lines, after=5)] == [2]
    monkeypatch.setattr(batches, "MOST_BYTES", 2 * len(lines[0]))
    assert [batch.lines for batch in read(lines)] == [2, 2, 2, 1]


def test_what_is_no_event_is_rejected_with_its_reason() -> None:
    lines = [b"{", None, b"[1]", b'{"type": "page"}', said(5)]
    (batch,) = read(lines)
    assert [(line.number, reason) for line, reason in batch.rejected] == [
        (1, "it is no JSON"),
        (2, TOO_LONG),
        (3, "it is no object"),
        (4, "it does not say when it happened (`timestamp`)"),
    ]
    assert len(batch.events) == 1


def test_what_is_older_than_all_that_is_kept_is_counted_only() -> None:
    (batch,) = read([said(1, "2024-12-31T23:59:59Z"), said(2, "2025-01-01T00:00:00Z")])
    assert (batch.too_old, len(batch.events), batch.rejected) == (1, 1, [])


def test_nothing_happens_later_than_now_whatever_an_archive_says() -> None:
    (batch,) = read([said(1, "2031-01-01T00:00:00Z", receivedAt="2031-01-01T00:00:00Z")])
    (event, _) = batch.events[0]
    assert event.occurred_at == event.received_at == NOW
    assert event.client_at == NOW.replace(year=2031, month=1, day=1, hour=0)


def test_rejects_lie_beside_their_file() -> None:
    for name in ("events.jsonl", "events.jsonl.gz", "events.ndjson", "events.gz", "events"):
        assert rejects_beside(Path("a") / name) == Path("a/events.rejects.jsonl")


def test_rejected_lines_can_be_mended_and_imported(tmp_path: Path) -> None:
    path = tmp_path / "x.rejects.jsonl"
    with RejectsFile(path) as file:
        file.write(3, "it is no object", b"[1]")
        file.write(4, "it is no JSON", b'{"type": \xff')
        file.write(5, "a track needs the name of its event", b'{"type": "track"}')
        assert file.path == path
    first, second, third = path.read_bytes().splitlines()
    assert json.loads(second) == {"line": 4, "reason": "it is no JSON", "event": '{"type": \ufffd'}
    assert unwrapped(first) == b"[1]"
    assert unwrapped(third) == b'{"type":"track"}'
    assert unwrapped(b'{"line": 1}') == b'{"line": 1}'
    assert unwrapped(b'{"line": 1, "reason"') == b'{"line": 1, "reason"'


def test_nothing_to_reject_is_no_file(tmp_path: Path) -> None:
    with RejectsFile(tmp_path / "x") as file:
        pass
    assert file.path is None
    assert not (tmp_path / "x").exists()


def test_an_import_that_goes_on_keeps_the_rejects_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "x.rejects.jsonl"
    with RejectsFile(path) as file:
        for line in (1, 5, 9):
            file.write(line, "why", b"{}")
    path.write_bytes(path.read_bytes()[:-3])  # it was stopped in the middle of a line
    with RejectsFile(path, after=5) as file:
        file.write(9, "why", b"{}")
    assert [json.loads(line)["line"] for line in path.read_bytes().splitlines()] == [1, 5, 9]
