"""How it goes, in numbers that are right, at a cost that does not grow."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen, remove

from nurture.db import transaction
from nurture.store import agenda, deliveries, leases, processes, sending, set_aside
from nurture.store import health as store
from nurture.store.health import Health, Waiting, health
from nurture.store.notices import Queued, queue
from nurture.store.processes import Running
from tests.rules.examples import NOW

PAST = """
WITH made AS (
    INSERT INTO lead (email, key, timezone, stage, grade, cycle_started_at, created_at, updated_at)
    SELECT 'x' || n || '@buyer.example', 'x' || n || '@buyer.example', 'America/Chicago', 'nurture', 'A',
           %(now)s, %(now)s, %(now)s
    FROM generate_series(1, %(leads)s) AS n RETURNING id
), enrolled AS (
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'not-ready', 1, 'active', %(now)s, %(due)s FROM made RETURNING id, lead_id
), batch AS (
    INSERT INTO delivery_batch (token) SELECT gen_random_uuid() WHERE %(state)s IN ('leased', 'sending') RETURNING id)
INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until, local_on,
                      zone, queued_at, sending_at, sent_at, batch_id)
SELECT lead_id, id, 'not-ready', 'step' || m, 1, 't/one', %(state)s, %(slot)s, %(now)s, %(now)s::date - m,
       'America/Chicago', %(now)s, %(slot)s, CAST(%(now)s AS timestamptz) - interval '1 day',
       (SELECT id FROM batch)
FROM enrolled, generate_series(1, %(mails)s) AS m
"""


def past(engine: Engine, *, leads: int = 1, mails: int = 1, state: str = "sent", slot=NOW, due=None) -> None:
    values = {"now": NOW, "leads": leads, "mails": mails, "state": state, "slot": slot, "due": due}
    with engine.begin() as db:
        db.exec_driver_sql("DELETE FROM lead")
        db.exec_driver_sql(PAST, values)


def looked(engine: Engine) -> Health:
    with transaction(engine) as db:
        return health(db, NOW)


def test_an_empty_database_is_well(clean_db: Engine) -> None:
    found = looked(clean_db)
    assert found.due == Waiting()
    (mailer,) = found.mailers
    assert (mailer.name, mailer.state, mailer.waiting, mailer.lets_go) == ("default", "sending", Waiting(), True)
    assert found.outboxes == {}
    assert (found.unknown, found.notices_failed, found.events_rejected, found.events_unfiled) == (0, 0, 0, 0)
    assert (found.clock.age, found.clock.is_led, found.clock.leader) == (None, False, None)
    assert found.processes == {}
    assert found.database_octets > 1_000_000
    assert 0 < found.connections <= found.most_connections


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("queued", {"waiting": Waiting(3, 600.0), "planned": 0, "under_way": 0, "unknown": 0}),
        ("leased", {"waiting": Waiting(0, 600.0), "planned": 0, "under_way": 3, "unknown": 0}),
        ("sending", {"waiting": Waiting(0, 600.0), "planned": 0, "under_way": 3, "unknown": 0}),
        ("unknown", {"waiting": Waiting(), "planned": 0, "under_way": 0, "unknown": 3}),
        ("sent", {"waiting": Waiting(), "planned": 0, "under_way": 0, "unknown": 0}),
        ("cancelled", {"waiting": Waiting(), "planned": 0, "under_way": 0, "unknown": 0}),
    ],
)
def test_a_mail_counts_by_where_it_stands(clean_db: Engine, state: str, expected: dict[str, object]) -> None:
    past(clean_db, leads=3, state=state, slot=NOW - timedelta(minutes=10))
    (mailer,) = looked(clean_db).mailers
    assert {name: getattr(mailer, name) for name in expected} == expected
    assert mailer.unknown_since == (NOW - timedelta(minutes=10) if state == "unknown" else None)


def test_a_mail_whose_slot_is_to_come_is_not_late(clean_db: Engine) -> None:
    past(clean_db, leads=2, state="queued", slot=NOW + timedelta(hours=1))
    (mailer,) = looked(clean_db).mailers
    assert (mailer.waiting, mailer.planned) == (Waiting(), 2)


def test_leads_that_are_due_are_counted_with_the_age_of_the_oldest(clean_db: Engine) -> None:
    past(clean_db, leads=4, due=NOW - timedelta(hours=2))
    with clean_db.begin() as db:
        db.exec_driver_sql(
            "UPDATE lead SET ask_at = %s WHERE id = (SELECT min(id) FROM lead)", (NOW - timedelta(hours=3),)
        )
    assert looked(clean_db).due == Waiting(5, 3 * 3600.0)


def test_a_mailer_tells_why_it_does_not_send(clean_db: Engine) -> None:
    with clean_db.begin() as db:
        sending.pause(db, "default", "the list is wrong")
    (mailer,) = looked(clean_db).mailers
    assert (mailer.lets_go, mailer.why) == (False, "the list is wrong")
    assert mailer.paused_at is not None


def test_news_waits_by_channel_and_what_nobody_took_is_counted(clean_db: Engine) -> None:
    earlier = NOW - timedelta(minutes=7)
    with clean_db.begin() as db:
        queue(db, "handoff.offered", [Queued(f"test:{n}", "slack") for n in range(3)], at=earlier)
        queue(db, "handoff.offered", [Queued("test:0", "email", "rep@acme.example")], at=NOW)
        db.exec_driver_sql("UPDATE notice SET state = 'failed' WHERE about = 'test:2'")
    found = looked(clean_db)
    assert found.outboxes == {"slack": Waiting(2, 420.0), "email": Waiting(1, 0.0)}
    assert found.notices_failed == 1


def test_what_could_not_be_decided_is_counted_while_it_waits(clean_db: Engine) -> None:
    past(clean_db, leads=2, due=NOW)
    with clean_db.begin() as db:
        (lead_id,) = db.exec_driver_sql("SELECT min(id) FROM lead").one()
        set_aside.put(db, "lead", lead_id, lead_id, "a reason", NOW)
    assert looked(clean_db).set_aside == {"lead": 1}
    with clean_db.begin() as db:
        set_aside.wake(db, NOW)
    assert looked(clean_db).set_aside == {}


def test_a_score_that_could_not_be_worked_out_is_counted_until_it_is(clean_db: Engine) -> None:
    past(clean_db, leads=2)
    with clean_db.begin() as db:
        db.exec_driver_sql("DELETE FROM enrollment")
        (lead_id,) = db.exec_driver_sql("SELECT min(id) FROM lead").one()
        set_aside.put(db, "score", lead_id, lead_id, "a reason", NOW)
        assert set_aside.wake(db, NOW) == 1
        assert set_aside.drop_old(db, NOW + 2 * set_aside.KEPT) == 0
    assert looked(clean_db).set_aside == {"score": 1}
    with clean_db.begin() as db:
        set_aside.end_scores(db, [lead_id])
    assert looked(clean_db).set_aside == {}


def test_the_clock_and_the_processes_are_seen(clean_db: Engine) -> None:
    with clean_db.begin() as db:
        leases.take(db, "clock", "host/1/abc", 15)
        processes.first_beat(db, Running("a", "worker", "one", 80_000_000), {})
        processes.first_beat(db, Running("b", "worker", "two", 90_000_000), {})
        processes.first_beat(db, Running("c", "web", "one"), {})
        processes.first_beat(db, Running("d", "worker", "dead"), {})
        db.exec_driver_sql("UPDATE process SET beat_at = beat_at - interval '31 seconds' WHERE name = 'd'")
        processes.ended(db, "c")
    found = looked(clean_db)
    assert (found.clock.is_led, found.clock.leader) == (True, "host/1/abc")
    assert found.clock.age is not None
    assert found.clock.age < 60
    assert found.processes == {"worker": 2}
    assert found.peak_octets == {"worker": 90_000_000}


def test_a_count_ends_where_it_is_many(clean_db: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    past(clean_db, leads=20, state="queued", slot=NOW - timedelta(minutes=1))
    few = str(store._MAILERS).replace(str(store.MOST), "10")
    monkeypatch.setattr(store, "_MAILERS", store.text(few))
    (mailer,) = looked(clean_db).mailers
    assert mailer.waiting == Waiting(10, 60.0)


@contextmanager
def counting_pages(db: Connection) -> Iterator[list[int]]:
    """Pages of tables and indexes that each statement looks at."""
    found: list[int] = []

    def explain(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        with db.connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values)
            (told,) = cursor.fetchone()
        plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
        found.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

    listen(db, "before_cursor_execute", explain)
    yield found
    remove(db, "before_cursor_execute", explain)


def pages_looked_at(engine: Engine, look: Callable[[Connection], object]) -> int:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM ANALYZE lead, enrollment, delivery")
        with counting_pages(db) as found:
            look(db)
        return sum(found)


def test_it_costs_the_same_however_much_has_been(clean_db: Engine) -> None:
    past(clean_db, leads=100, mails=3)
    few = pages_looked_at(clean_db, lambda db: health(db, NOW))
    past(clean_db, leads=3000, mails=5)
    many = pages_looked_at(clean_db, lambda db: health(db, NOW))
    assert many <= few + 20, (few, many)


@pytest.mark.parametrize("look", [agenda.waiting, lambda db, now: deliveries.any_to_send(db, "default", now)])
def test_an_idle_look_costs_the_same_however_much_has_been(
    clean_db: Engine, look: Callable[[Connection, datetime], object]
) -> None:
    past(clean_db, leads=100, mails=3, due=NOW + timedelta(days=1))
    few = pages_looked_at(clean_db, lambda db: look(db, NOW))
    past(clean_db, leads=3000, mails=5, due=NOW + timedelta(days=1))
    many = pages_looked_at(clean_db, lambda db: look(db, NOW))
    assert many <= few * 1.2 + 1, (few, many)
