"""History comes in out of files: once, whatever happens, and nothing follows from it but what counts."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NurtureError
from nurture.flows import import_events as flow
from nurture.flows.enroll import qualify
from nurture.flows.import_events import ImportedEvents, import_events, ready
from nurture.flows.ingest import ingest
from nurture.segment import batches
from nurture.segment.lines import read_line
from nurture.store.dropping import keep_since
from nurture.store.partitions import months
from tests.flows.apps import add_lead, one, rows
from tests.rules.examples import NOW
from tests.store.months import own_months

LATELY = NOW - timedelta(days=5)
READY = ({"type": "page", "path": "/pricing"}, {"type": "page", "path": "/pricing"}, {"event": "Whitepaper Downloaded"})
"""What qualifies a lead of grade A, if it was lately; two days of it."""


@pytest.fixture(autouse=True)
def no_months(clean_db: Engine) -> Iterator[None]:
    with own_months(clean_db):
        yield


def said(number: int, at: datetime = LATELY, email: str | None = "jo@buyer.example", **more: Any) -> dict[str, Any]:
    kind = more.pop("type", "track")
    path = {"properties": {"path": more.pop("path")}} if "path" in more else {}
    who = {"context": {"traits": {"email": email}}} if email else {}
    base = {"messageId": f"m{number}", "type": kind, "timestamp": at.isoformat(), "anonymousId": f"of {email}"}
    return base | path | who | more


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(*events: dict[str, Any] | str, name: str = "events.jsonl") -> Path:
        path = tmp_path / name
        lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
        text = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return write


def take(app: App, path: Path, now: datetime = NOW, **more: Any) -> ImportedEvents:
    more = {"source": "segment", "rejects": path.with_suffix(".rejects")} | more
    return import_events(app, path, now, **more)


def counted(app: App) -> list[tuple[Any, ...]]:
    return [
        tuple(row) for row in rows(app, "SELECT lead_id, cycle, matcher, day, count FROM signal_day ORDER BY 1, 3, 4")
    ]


def test_two_years_of_a_known_and_an_unknown_lead(app: App, write) -> None:
    """Everything is in its month, counted and scored; nobody is handed over, enrolled or mailed."""
    known = add_lead(app)
    before = one(app, "SELECT due_at FROM enrollment")
    events = []
    for number in range(0, 1460, 2):
        at = NOW - timedelta(hours=12 * number)
        events += [
            said(number, at, path="/pricing", type="page"),
            said(number + 1, at, "new@buyer.example", event="Demo Requested"),
        ]
    path = write(*events[::-1], name="history.jsonl.gz")
    done = take(app, path)
    assert (done.read, done.stored, done.duplicates, done.rejected, done.created) == (1460, 1460, 0, 0, 1)
    assert done.rejects_file is None
    assert one(app, "SELECT count(*) FROM event WHERE tableoid = 'event_other'::regclass") == 0
    with transaction(app.engine) as db:
        assert len(months(db)) == 25
    assert one(app, "SELECT count(*) FROM handoff") == one(app, "SELECT count(*) FROM delivery") == 0
    assert rows(app, "SELECT lead_id, due_at FROM enrollment") == [(known, before)]
    assert rows(app, "SELECT email, stage FROM lead ORDER BY id") == [
        ("jo@buyer.example", "nurture"),
        ("new@buyer.example", "inquiry"),
    ]
    assert one(app, "SELECT sum(count) FROM signal_day") == 1460
    assert one(app, "SELECT engaged_at FROM lead WHERE email = 'new@buyer.example'") == NOW


def test_what_is_imported_counts_as_if_it_had_come_in_time(app: App, write) -> None:
    events = [said(n, LATELY + timedelta(hours=n), **READY[n % 3]) for n in range(6)]
    path = write(*events)
    add_lead(app, now=NOW - timedelta(days=30))
    take(app, path)
    imported = [row[1:] for row in counted(app)], one(app, "SELECT micro FROM lead_score")
    with transaction(app.engine) as db:
        db.exec_driver_sql("TRUNCATE lead, event, imported_file CASCADE")
    add_lead(app, now=NOW - timedelta(days=30))
    for number, event in enumerate(events):
        live = read_line(json.dumps(event).encode(), number)
        ingest(app, [live], live.occurred_at)
    assert [row[1:] for row in counted(app)] == imported[0]
    assert one(app, "SELECT count(*) FROM handoff") == 1


def test_who_qualifies_by_history_is_offered_when_an_operator_says_so(app: App, write) -> None:
    add_lead(app)
    path = write(*(said(n, LATELY + timedelta(days=n % 2), **READY[n % 3]) for n in range(6)))
    take(app, path)
    assert one(app, "SELECT count(*) FROM handoff") == 0
    assert ready(app, NOW.date(), NOW) == 1
    assert qualify(app, limit=9, now=NOW) == 1
    assert ready(app, NOW.date(), NOW) == 0


def test_even_what_happened_a_minute_ago_is_history_in_a_file(app: App, write) -> None:
    add_lead(app)
    take(app, write(said(1, NOW - timedelta(minutes=1), event="Demo Requested")))
    assert one(app, "SELECT count(*) FROM handoff") == 0
    assert one(app, "SELECT count(*) FROM event") == 1


def test_what_came_in_over_http_is_known_by_its_write_key(app: App, write) -> None:
    add_lead(app)
    event = said(1, path="/pricing", type="page")
    ingest(app, [read_line(json.dumps(event).encode(), 1, "website")], LATELY)
    path = write(event)
    assert take(app, path, source="website").duplicates == 1
    assert take(app, path, source="app").stored == 1


def test_imported_once_more_a_file_is_passed_over_and_read_anew_it_changes_nothing(app: App, write) -> None:
    path = write(*(said(n, path="/pricing", type="page") for n in range(5)))
    take(app, path)
    counts = counted(app)
    second = take(app, path)
    assert (second.read, second.skipped, second.stored) == (0, 5, 0)
    third = take(app, path, again=True)
    assert (third.read, third.skipped, third.duplicates) == (5, 0, 5)
    assert counted(app) == counts


def test_a_file_that_has_grown_goes_on_where_it_ended(app: App, write) -> None:
    take(app, write(*(said(n, path="/a", type="page") for n in range(5))))
    done = take(app, write(*(said(n, path="/a", type="page") for n in range(8))))
    assert (done.skipped, done.read, done.stored) == (5, 3, 3)


def test_another_file_with_the_same_beginning_is_read_from_its_beginning(app: App, write) -> None:
    take(app, write(*(said(n, path="/a", type="page") for n in range(5))))
    done = take(app, write(said(0, path="/a", type="page"), *(said(n, path="/b", type="page") for n in range(5, 20))))
    assert (done.skipped, done.stored, done.duplicates) == (0, 15, 1)


def test_a_stopped_import_goes_on_after_its_last_batch(app: App, write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_LINES", 4)
    events: list[Any] = [said(n, path="/pricing", type="page") for n in range(18)]
    events[3] = events[13] = "no JSON"
    path = write(*events)

    def stop(_: Any, read: int) -> None:
        if read == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(app, path, progress=stop)
    done = take(app, path)
    assert (done.skipped, done.read, done.stored, done.duplicates, done.rejected) == (8, 10, 9, 0, 1)
    assert one(app, "SELECT count(*) FROM event") == one(app, "SELECT sum(count) FROM signal_day") == 16
    assert [json.loads(line)["line"] for line in path.with_suffix(".rejects").read_text().splitlines()] == [4, 14]


def test_bad_lines_are_rejected_and_kept_for_operators_too(app: App, write) -> None:
    path = write("{", said(1, path="/a", type="page"), said(2, type="dance"), '{"type": "page", "anonymousId": "x"}')
    done = take(app, path)
    assert (done.read, done.stored, done.rejected) == (4, 1, 3)
    assert done.rejects_file is not None
    told = [json.loads(line) for line in done.rejects_file.read_text().splitlines()]
    assert [(line["line"], line["reason"]) for line in told] == [
        (1, "it is no JSON"),
        (3, "its type is none of identify, track, page, screen, group, alias"),
        (4, "it does not say when it happened (`timestamp`)"),
    ]
    assert one(app, "SELECT sum(count) FROM rejected_day") == 3
    again = take(app, done.rejects_file, rejects=None)
    assert (again.read, again.rejected) == (3, 3)


def test_a_value_that_the_database_refuses_costs_its_own_line_only(
    app: App, write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(text: bytes, number: int, source: str) -> Any:
        event = read_line(text, number, source)
        return event if number != 5 else event.__class__(**{**_fields(event), "name": "\x00"})

    monkeypatch.setattr(batches, "read_line", read)
    path = write(*(said(n, event="X") for n in range(9)))
    done = take(app, path)
    assert (done.stored, done.rejected, done.read) == (8, 1, 9)
    assert done.rejects_file is not None
    assert json.loads(done.rejects_file.read_text())["line"] == 5


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__slots__}


def test_what_is_older_than_events_are_kept_is_left_out(app_with, write) -> None:
    app = app_with(retention={"events": "13 months"})
    add_lead(app)
    path = write(
        said(1, datetime(2025, 1, 31, tzinfo=UTC), event="X"), said(2, datetime(2025, 2, 1, tzinfo=UTC), event="X")
    )
    done = take(app, path)
    assert (done.read, done.stored, done.too_old, done.rejected) == (2, 1, 1, 0)


def test_what_was_dropped_is_not_counted_again(app: App, write) -> None:
    keep_since(app.engine, datetime(2026, 2, 1, tzinfo=UTC).date())
    done = take(app, write(said(1, datetime(2026, 1, 31, tzinfo=UTC), event="X"), said(2, event="X")))
    assert (done.stored, done.too_old) == (1, 1)


def test_a_visitor_of_long_ago_becomes_known_by_a_later_line(app: App, write) -> None:
    path = write(
        said(1, LATELY - timedelta(days=2), None, anonymousId="v", path="/pricing", type="page"),
        said(2, LATELY, "jo@buyer.example", anonymousId="v", type="identify"),
    )
    done = take(app, path)
    assert (done.stored, done.created) == (2, 1)
    assert one(app, "SELECT count(*) FROM event WHERE lead_id IS NULL") == 0
    assert one(app, "SELECT sum(count) FROM signal_day") == 1
    assert one(app, "SELECT count(*) FROM enrollment") == 0


def test_who_somebody_was_long_ago_does_not_go_before_what_is_known_since(app: App, write) -> None:
    add_lead(app, title="VP Operations", now=NOW - timedelta(days=20))
    traits = {"type": "identify"}
    old = said(1, NOW - timedelta(days=30), **traits, traits={"title": "Clerk", "industry": "steel"})
    new = said(2, NOW - timedelta(days=10), **traits, traits={"industry": "robots"})
    other = said(3, NOW - timedelta(days=15), **traits, traits={"industry": "paper"})
    for event in (old, new, other):
        take(app, write(event))
    assert rows(app, "SELECT title, industry FROM lead") == [("VP Operations", "robots")]
    assert [row.at for row in rows(app, "SELECT at FROM lead_change WHERE source = 'history' ORDER BY at")] == [
        NOW - timedelta(days=30),
        NOW - timedelta(days=10),
    ]


def test_beside_those_who_send_events_of_the_same_leads_nothing_is_lost(app: App, write) -> None:
    """The same 20 leads, the same 200 events in a file and from four clients, in other orders."""
    events_of = [said(n, email=f"lead{n % 20}@buyer.example", path="/pricing", type="page") for n in range(200)]
    path = write(*events_of)
    failures: list[BaseException] = []
    stored: list[int] = []

    def send(order: int) -> None:
        try:
            for start in range(0, 200, 10):
                part = events_of[start : start + 10][::order]
                batch = [read_line(json.dumps(event).encode(), 1) for event in part]
                stored.append(ingest(app, batch, NOW).stored)
        except BaseException as error:
            failures.append(error)

    senders = [threading.Thread(target=send, args=(order,)) for order in (1, -1, 1, -1)]
    for sender in senders:
        sender.start()
    done = take(app, path)
    for sender in senders:
        sender.join()
    assert failures == []
    assert done.stored + sum(stored) == 200
    assert one(app, "SELECT count(*) FROM event") == one(app, "SELECT sum(count) FROM signal_day") == 200
    assert one(app, "SELECT count(*) FROM lead") == 20


def test_a_json_array_is_no_file_of_lines(app: App, tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text(json.dumps([said(1)]))
    with pytest.raises(NurtureError, match=r"is a JSON array; `jq -c '\.\[\]' events\.json` makes a line of each"):
        take(app, path)


def test_an_empty_file_is_nothing(app: App, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    assert take(app, tmp_path / "empty") == ImportedEvents()


def test_an_error_of_ours_is_not_a_rejected_line(app: App, write, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(flow, "ingest", broken)
    with pytest.raises(ZeroDivisionError):
        take(app, write(said(1, event="X")))
