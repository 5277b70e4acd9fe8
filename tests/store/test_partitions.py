"""Months are made beside everybody else's work, and no event is ever lost by it."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.store import events, partitions
from nurture.store.partitions import FIRST, ahead_of, following, kept_since, make_months, months, months_from
from tests.store.months import own_months, tables

MONTH = date(2019, 5, 1)


@pytest.fixture
def engine_of_months(clean_db: Engine) -> Iterator[Engine]:
    with own_months(clean_db):
        yield clean_db


def stored(
    engine: Engine, *client_at: datetime | None, occurred_at: datetime = datetime(2019, 5, 5, tzinfo=UTC)
) -> None:
    row = {
        "source": "test",
        "anonymous_id": "v",
        "kind": "page",
        "occurred_at": occurred_at,
        "received_at": occurred_at,
    }
    with transaction(engine) as db:
        events.insert(db, [row | {"message_id": f"{at} {n}", "client_at": at} for n, at in enumerate(client_at)])


def where(engine: Engine) -> list[str]:
    """The partitions in which events lie."""
    with transaction(engine) as db:
        return list(db.execute(text("SELECT tableoid::regclass::text FROM event ORDER BY 1")).scalars())


def test_months_follow_each_other_over_the_end_of_a_year() -> None:
    assert following(date(2026, 12, 1)) == date(2027, 1, 1)
    assert following(date(2028, 2, 1)) == date(2028, 3, 1)
    assert ahead_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == [
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]
    assert months_from(date(2025, 11, 30), date(2026, 1, 1)) == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)]
    assert len(months_from(date(2000, 1, 1), date(2027, 1, 1))) == 27 * 12 + 1


def test_making_a_month_twice_makes_it_once(engine_of_months: Engine) -> None:
    for _ in range(2):
        assert make_months(engine_of_months, [MONTH, following(MONTH)]) == []
    with transaction(engine_of_months) as db:
        assert months(db) == [MONTH, following(MONTH)]
    assert tables(engine_of_months) == ["event_2019_05", "event_2019_06"]


def test_events_that_waited_move_and_are_still_known(engine_of_months: Engine) -> None:
    stored(engine_of_months, datetime(2019, 5, 31, 23, 59, tzinfo=UTC), datetime(2019, 6, 1, tzinfo=UTC))
    assert where(engine_of_months) == ["event_other", "event_other"]
    make_months(engine_of_months, [MONTH])
    assert where(engine_of_months) == ["event_2019_05", "event_other"]
    stored(engine_of_months, datetime(2019, 5, 31, 23, 59, tzinfo=UTC), datetime(2019, 6, 1, tzinfo=UTC))
    assert len(where(engine_of_months)) == 2


def test_events_without_a_time_of_their_own_lie_apart(engine_of_months: Engine) -> None:
    stored(engine_of_months, None, datetime(1970, 1, 1, tzinfo=UTC))
    assert where(engine_of_months) == ["event_undated", "event_undated"]
    make_months(engine_of_months, [FIRST])
    assert where(engine_of_months) == ["event_undated", "event_undated"]


def test_a_month_has_every_index_and_constraint_that_events_have(engine_of_months: Engine) -> None:
    make_months(engine_of_months, [MONTH])
    indexes = text("SELECT count(*) FROM pg_index WHERE indrelid = CAST(:table AS regclass)")
    constraints = text(
        "SELECT contype, count(*) FROM pg_constraint WHERE conrelid = CAST(:table AS regclass) GROUP BY 1"
    )
    with transaction(engine_of_months) as db:
        for query in (indexes, constraints):
            of = [sorted(map(tuple, db.execute(query, {"table": name}).all())) for name in ("event", "event_2019_05")]
            assert of[0] == of[1] != []


def test_what_would_take_too_long_stays_in_the_default_partition(
    engine_of_months: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "MOVES_AT_MOST", 1)
    day = datetime(2019, 5, 1, tzinfo=UTC)
    stored(engine_of_months, day, day + timedelta(days=1), day + timedelta(days=40))
    assert make_months(engine_of_months, [MONTH, following(MONTH)]) == []
    assert where(engine_of_months) == ["event_2019_06", "event_other", "event_other"]


def test_nobody_waits_longer_than_a_moment_for_a_month(engine_of_months: Engine) -> None:
    """Somebody reads events for long: the month is not made now, and who comes after is not held up."""
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with transaction(engine_of_months) as db:
            db.execute(text("SELECT count(*) FROM event"))
            reading.set()
            done.wait(20)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert reading.wait(10)
        assert make_months(engine_of_months, [MONTH], tries=2) == [MONTH]
        assert tables(engine_of_months) == []
    finally:
        done.set()
        thread.join()
    assert make_months(engine_of_months, [MONTH]) == []


def test_four_at_once_make_each_month_once(engine_of_months: Engine) -> None:
    wanted = months_from(MONTH, date(2019, 12, 1))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while make_months(engine_of_months, wanted, tries=3):
                pass
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with transaction(engine_of_months) as db:
        assert months(db) == wanted


def test_everything_is_kept_until_something_is_dropped(engine_of_months: Engine) -> None:
    with transaction(engine_of_months) as db:
        assert kept_since(db) == FIRST
