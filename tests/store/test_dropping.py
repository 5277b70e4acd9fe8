"""Old events go with their month, young ones stay wherever their client's clock put them."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.store import dropping, leads
from nurture.store.dropping import delete_before, delete_unclaimed, drop_months, keep_since
from nurture.store.partitions import FIRST, kept_since, make_months, months, months_from
from tests.store.months import own_months, tables
from tests.store.test_partitions import stored, where

BEFORE = date(2019, 7, 1)
OLD, YOUNG = datetime(2019, 5, 5, tzinfo=UTC), datetime(2019, 7, 1, tzinfo=UTC)


@pytest.fixture
def engine_of_months(clean_db: Engine) -> Iterator[Engine]:
    with own_months(clean_db):
        make_months(clean_db, months_from(date(2019, 5, 1), date(2019, 8, 1)))
        yield clean_db


def count(engine: Engine) -> int:
    with transaction(engine) as db:
        return db.execute(text("SELECT count(*) FROM event")).scalar_one()


def test_months_go_oldest_first_and_only_those_before_the_boundary(engine_of_months: Engine) -> None:
    stored(engine_of_months, *(datetime(2019, month, 5, tzinfo=UTC) for month in (5, 6, 7)))
    assert drop_months(engine_of_months, BEFORE) == ["event_2019_05"]
    assert where(engine_of_months) == ["event_2019_06", "event_2019_07"]
    assert drop_months(engine_of_months, BEFORE, most=9) == ["event_2019_06"]
    assert drop_months(engine_of_months, BEFORE, most=9) == []
    assert tables(engine_of_months) == ["event_2019_07", "event_2019_08"]


def test_what_a_slow_clock_put_into_an_old_month_stays_and_is_still_known(engine_of_months: Engine) -> None:
    slow = datetime(2019, 5, 5, tzinfo=UTC)
    stored(engine_of_months, slow, occurred_at=YOUNG)
    stored(engine_of_months, slow + timedelta(days=1), occurred_at=YOUNG - timedelta(microseconds=1))
    drop_months(engine_of_months, BEFORE)
    assert where(engine_of_months) == ["event_other"]
    stored(engine_of_months, slow, occurred_at=YOUNG)
    assert count(engine_of_months) == 1


def test_a_month_that_was_taken_out_and_not_dropped_goes_the_next_time(engine_of_months: Engine) -> None:
    with transaction(engine_of_months) as db:
        dropping._take_out(db, date(2019, 5, 1), BEFORE)
    assert "event_2019_05_dropped" in tables(engine_of_months)
    assert drop_months(engine_of_months, FIRST) == ["event_2019_05"]
    assert "event_2019_05_dropped" not in tables(engine_of_months)


def test_a_dropped_month_can_be_made_again(engine_of_months: Engine) -> None:
    drop_months(engine_of_months, BEFORE)
    assert make_months(engine_of_months, [date(2019, 5, 1)]) == []
    with transaction(engine_of_months) as db:
        assert date(2019, 5, 1) in months(db)


def test_nothing_is_dropped_under_somebody_who_reads(engine_of_months: Engine) -> None:
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with transaction(engine_of_months) as db:
            kept_since(db)
            db.execute(text("SELECT count(*) FROM event"))
            reading.set()
            done.wait(20)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert reading.wait(10)
        assert not keep_since(engine_of_months, BEFORE)
        assert drop_months(engine_of_months, BEFORE) == []
    finally:
        done.set()
        thread.join()
    assert keep_since(engine_of_months, BEFORE)
    assert drop_months(engine_of_months, BEFORE) == ["event_2019_05"]


def test_the_day_from_which_events_are_kept_only_moves_on(engine_of_months: Engine) -> None:
    keep_since(engine_of_months, BEFORE)
    keep_since(engine_of_months, date(2018, 1, 1))
    with transaction(engine_of_months) as db:
        assert kept_since(db) == BEFORE


def test_events_without_a_month_go_by_when_they_happened(
    engine_of_months: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "BATCH", 2)
    absurd = datetime(2900, 1, 1, tzinfo=UTC)
    stored(engine_of_months, *[absurd + timedelta(days=n) for n in range(5)], occurred_at=OLD)
    stored(engine_of_months, *[absurd + timedelta(days=n) for n in range(5, 8)], occurred_at=YOUNG)
    stored(engine_of_months, None, None, None, occurred_at=OLD)
    assert delete_before(engine_of_months, BEFORE, seconds=-1) == (0, False)
    assert delete_before(engine_of_months, BEFORE, seconds=10) == (3 + 5, True)
    assert where(engine_of_months) == ["event_other"] * 3


def test_only_what_nobody_claimed_goes_sooner(engine_of_months: Engine) -> None:
    boundary = datetime(2019, 5, 20, tzinfo=UTC)
    for day in (5, 19, 20, 21):
        stored(engine_of_months, boundary.replace(day=day), occurred_at=boundary.replace(day=day))
    with transaction(engine_of_months) as db:
        lead_id = leads.insert(db, [{"email": "jo@buyer.example"}], boundary)["jo@buyer.example"]
        db.execute(text("UPDATE event SET lead_id = :lead WHERE occurred_at < '2019-05-10'"), {"lead": lead_id})
    assert delete_unclaimed(engine_of_months, boundary, seconds=10) == (1, True)
    with transaction(engine_of_months) as db:
        left = db.execute(text("SELECT extract(day FROM occurred_at)::int FROM event ORDER BY 1")).scalars().all()
    assert left == [5, 20, 21]
