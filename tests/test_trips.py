"""Several statements in one round trip: what each sees, what comes back, and what becomes of a trip that fails."""

from datetime import UTC, date, datetime

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from nurture.db import is_away, is_refusal, make_engine, transaction
from nurture.trips import Statement, Trip, ask

_ADD = Statement("INSERT INTO lease (name, holder, until) VALUES (:name, :holder, CAST(:until AS timestamptz))")
_ALL = Statement("SELECT name, holder FROM lease WHERE name LIKE 'trip%' ORDER BY name")
_SAY = Statement("SELECT CAST(:text AS text), CAST(:day AS date), CAST(:many AS int[]), CAST(:json AS jsonb)")
_DIVIDE = Statement("SELECT 1 / CAST(:by AS int)")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def lease(name: str) -> dict[str, object]:
    return {"name": name, "holder": "me", "until": NOON}


def test_each_statement_sees_what_those_before_it_did(clean_db: Engine) -> None:
    with transaction(clean_db) as db:
        trip = Trip(db)
        none = trip.ask(_ALL, {})
        trip.ask(_ADD, lease("trip a"))
        one = trip.ask(_ALL, {})
        assert (none.rows, one.rows) == ([], [("trip a", "me")])
    with transaction(clean_db) as db:
        assert ask(db, _ALL, {}) == [("trip a", "me")]


def test_values_go_and_come_as_they_are(clean_db: Engine) -> None:
    said = {"text": 'Zoë\'s \\ "robots"', "day": date(2026, 3, 2), "many": [1, None, -3], "json": b'{"a": [1, null]}'}
    with transaction(clean_db) as db:
        assert ask(db, _SAY, said) == [(said["text"], said["day"], said["many"], {"a": [1, None]})]
        assert ask(db, _SAY, dict.fromkeys(said)) == [(None, None, None, None)]


def test_a_name_may_come_twice_and_a_cast_is_no_name(clean_db: Engine) -> None:
    twice = Statement("SELECT CAST(:a AS int) + CAST(:b AS int) + CAST(:a AS int), '1'::int")
    with transaction(clean_db) as db:
        assert ask(db, twice, {"a": 1, "b": 10}) == [(12, 1)]


def test_the_usual_way_and_trips_are_one_transaction(clean_db: Engine) -> None:
    with clean_db.connect() as db:
        db.execute(text("INSERT INTO lease (name, holder, until) VALUES ('trip b', 'you', now())"))
        ask(db, _ADD, lease("trip c"))
        assert db.execute(text("SELECT count(*) FROM lease WHERE name LIKE 'trip%'")).scalar() == 2
        db.rollback()
        assert ask(db, _ALL, {}) == []


def test_what_fails_says_so_as_it_would_the_usual_way_and_what_follows_is_not_run(clean_db: Engine) -> None:
    with clean_db.connect() as db:
        trip = Trip(db)
        trip.ask(_ADD, lease("trip d"))
        trip.ask(_DIVIDE, {"by": 0})
        trip.ask(_ADD, lease("trip e"))
        with pytest.raises(DataError) as refused:
            trip.go()
        assert is_refusal(refused.value)
        assert "by" not in str(refused.value.params)
        db.rollback()
        ask(db, _ADD, lease("trip f"))
        with pytest.raises(IntegrityError):
            ask(db, _ADD, lease("trip f"))
        db.rollback()
        assert ask(db, _ALL, {}) == []


def test_a_text_that_postgresql_has_no_place_for_is_refused(clean_db: Engine) -> None:
    with transaction(clean_db) as db, pytest.raises(DataError) as refused:
        ask(db, _SAY, {"text": "a\x00b", "day": None, "many": None, "json": None})
    assert is_refusal(refused.value)


def test_a_connection_that_is_cut_is_told_and_not_used_again(clean_db: Engine) -> None:
    with clean_db.connect() as db:
        server = ask(db, Statement("SELECT pg_backend_pid()"), {})[0][0]
        with transaction(clean_db) as other:
            other.execute(text("SELECT pg_terminate_backend(:server)"), {"server": server})
        with pytest.raises(DBAPIError) as gone:
            ask(db, _ALL, {})
        assert is_away(gone.value)
    with transaction(clean_db) as db:
        assert ask(db, _ALL, {}) == []


def test_what_was_prepared_may_go_at_any_time(clean_db: Engine) -> None:
    with clean_db.connect() as db:
        for _ in range(8):
            ask(db, _ALL, {})
            db.execute(text("SELECT 1"))  # which psycopg prepares at last, and lets go of when it rolls back
            db.rollback()
        ask(db, _ALL, {})
        db.commit()
        db.exec_driver_sql("DEALLOCATE ALL")
        db.commit()
        assert ask(db, _ALL, {}) == []
        for _ in range(8):
            db.execute(text("SELECT 1"))
        db.exec_driver_sql("CREATE TEMPORARY TABLE short_lived ()")
        db.exec_driver_sql("DROP TABLE short_lived")
        assert ask(db, _ALL, {}) == []


def test_nothing_is_prepared_behind_a_pooler(clean_db: Engine) -> None:
    url = clean_db.url.update_query_dict({"prepare_threshold": "none"}).render_as_string(hide_password=False)
    engine = make_engine(url)
    try:
        with transaction(engine) as db:
            assert ask(db, _ALL, {}) == []
            assert db.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar() == 0
    finally:
        engine.dispose()


def test_a_large_value_goes_while_a_large_answer_comes(clean_db: Engine) -> None:
    long = "x" * 2_000_000
    with transaction(clean_db) as db:
        trip = Trip(db)
        answers = [trip.ask(_SAY, {"text": long, "day": None, "many": None, "json": None}) for _ in range(6)]
        assert all(answer.rows[0][0] == long for answer in answers)


def test_an_interrupted_trip_leaves_no_half_read_connection(clean_db: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with clean_db.connect() as db:
        ask(db, _ALL, {})
        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Connection, "wait", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                ask(db, _ALL, {})
        assert db.connection.driver_connection.closed
        db.invalidate()
    with transaction(clean_db) as db:
        assert ask(db, _ALL, {}) == []


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_transaction_with_a_trip_reads_tables_by_their_keys_and_the_next_one_as_it_likes(clean_db: Engine) -> None:
    how = text("SHOW enable_seqscan")
    with clean_db.connect() as db:
        for _ in range(2):
            ask(db, _ALL, {})
            assert db.execute(how).scalar() == "off"
            db.commit()
            assert db.execute(how).scalar() == "on"
            ask(db, _ALL, {})  # of a transaction that began the usual way
            assert db.execute(how).scalar() == "off"
            db.rollback()
