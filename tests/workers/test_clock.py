"""The clock: leads by a lease, says what is due, settles what dead workers held, reads the time in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from freezegun import freeze_time
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from nurture.app import App, real_clock
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.flows.ingest import ingest
from nurture.store import leases
from tests.flows.apps import add_lead, make_app, one, rows, track
from tests.rules.examples import AGREEMENT, NOW
from tests.rules.lives import book_of
from workers import clock
from workers.clock import Clock


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of())


def at(app: App, now: datetime) -> App:
    moved = replace(app, now=lambda: now)
    app.nudged.clear()  # type: ignore[attr-defined]
    return moved


def nudged(app: App) -> list[str]:
    return app.nudge.__self__  # type: ignore[attr-defined]


def test_with_nothing_due_nobody_is_nudged(app: App) -> None:
    add_lead(app)
    assert Clock(at(app, NOW)).tick()
    assert nudged(app) == []


def test_a_due_lead_then_its_mail_are_said(app: App) -> None:
    add_lead(app)
    due_at = one(app, "SELECT due_at FROM enrollment")
    Clock(at(app, due_at)).tick()
    assert nudged(app) == ["advance"]
    with transaction(app.engine) as db:
        db.exec_driver_sql("DELETE FROM lease")
    advance(app, due_at)
    Clock(at(app, due_at)).tick()
    assert nudged(app) == ["deliver"]


def test_a_promise_of_sales_that_is_due_is_said(clean_db: Engine, db_url: str, tmp_path: Path) -> None:
    app = make_app(clean_db, db_url, tmp_path, book_of(sla={**AGREEMENT["sla"], "on_breach": ["remind"]}))
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    look_at = one(app, "SELECT look_at FROM handoff")
    early, late = look_at - timedelta(seconds=1), look_at
    ticking = Clock(at(app, early))
    ticking.tick()
    assert "promises" not in nudged(app)
    ticking.app = at(app, late)
    ticking.tick()
    assert "promises" in nudged(app)


def test_a_second_clock_waits_and_takes_over_when_the_first_is_gone(app: App) -> None:
    first, second = Clock(at(app, NOW)), Clock(at(app, NOW))
    assert first.tick()
    assert not second.tick()
    assert first.tick()
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lease SET until = clock_timestamp() - interval '1 second'")
    assert second.tick()
    assert not first.tick()


def test_a_clock_that_stops_lets_go_at_once(app: App) -> None:
    first, second = Clock(at(app, NOW)), Clock(at(app, NOW))
    first.tick()
    first.give_up()
    assert second.tick()


def test_the_lease_is_never_held_twice(app: App) -> None:
    with transaction(app.engine) as db:
        assert leases.take(db, "x", "a", 5)
        assert not leases.take(db, "x", "b", 5)
        assert leases.take(db, "x", "a", 5)
        leases.give_up(db, "x", "b")
        assert not leases.take(db, "x", "b", 5)


def test_what_dead_workers_held_finds_its_way(app: App) -> None:
    """A leased mail goes back to `queued`; one that was being sent becomes `unknown`, never queued."""
    for number in range(2):
        add_lead(app, f"lead{number}@buyer.example")
    late = one(app, "SELECT max(due_at) FROM enrollment")
    advance(app, late)
    with transaction(app.engine) as db:
        db.exec_driver_sql(
            "WITH batch AS (INSERT INTO delivery_batch (token) VALUES (gen_random_uuid()) RETURNING id) "
            "UPDATE delivery SET batch_id = (SELECT id FROM batch), "
            "state = CASE WHEN id = (SELECT min(id) FROM delivery) THEN 'leased' ELSE 'sending' END, "
            "lease_token = gen_random_uuid(), leased_until = clock_timestamp() - interval '1 second'"
        )
    Clock(at(app, late)).tick()
    assert [row.state for row in rows(app, "SELECT state FROM delivery ORDER BY id")] == ["queued", "unknown"]


def test_it_makes_the_partitions_ahead(app: App) -> None:
    Clock(at(app, NOW)).tick()
    made = {row.name for row in rows(app, "SELECT relname AS name FROM pg_class WHERE relname LIKE 'event_2026_0%%'")}
    assert {"event_2026_03", "event_2026_04", "event_2026_05"} <= {name for name in made if len(name) == 13}


def test_mail_goes_out_where_no_months_may_be_made(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ProgrammingError("CREATE TABLE", None, Exception("permission denied for schema public\nmore"))

    monkeypatch.setattr(clock, "keep_house", refused)
    add_lead(app)
    due_at = one(app, "SELECT due_at FROM enrollment")
    assert Clock(at(app, due_at)).tick()
    assert nudged(app) == ["advance"]


def test_the_real_clock_gives_aware_utc() -> None:
    """With asyncio left alone: a loop that runs beside would put its timers into the frozen year, and never wake.

    (`real_asyncio=True` is not enough: it takes hold a moment after time stands still.)
    """
    with freeze_time("2026-03-29 00:59:59", ignore=["asyncio"]):
        assert real_clock() == datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
        assert real_clock().utcoffset() == timedelta(0)
