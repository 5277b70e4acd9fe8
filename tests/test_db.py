"""The engine, its addresses, and the fixtures that every database test stands on."""

import pytest
import redis
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from nurture.db import is_away, is_deadlock_or_serialization, is_refusal, make_engine, transaction
from nurture.errors import SettingsError


def _take_lease(connection: Connection, name: str) -> None:
    connection.execute(text("INSERT INTO lease (name, holder, until) VALUES (:name, 'me', now())"), {"name": name})


def _take_lease_and_fail(connection: Connection) -> None:
    _take_lease(connection, "a")
    raise ZeroDivisionError


def test_a_transaction_commits_or_rolls_back_as_a_whole(clean_db: Engine) -> None:
    with pytest.raises(ZeroDivisionError), transaction(clean_db) as connection:
        _take_lease_and_fail(connection)
    with transaction(clean_db) as connection:
        _take_lease(connection, "b")
    with transaction(clean_db) as connection:
        assert connection.scalars(text("SELECT name FROM lease")).all() == ["b"]


@pytest.mark.parametrize("n", [1, 2])
def test_a_clean_database_has_no_rows_of_the_test_before(clean_db: Engine, n: int) -> None:
    with transaction(clean_db) as connection:
        assert connection.scalar(text("SELECT count(*) FROM lease")) == 0
        _take_lease(connection, "a")


@pytest.mark.parametrize("n", [1, 2])
def test_a_redis_database_is_empty_for_each_test(redis_url: str, n: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "over")


def test_connections_say_who_they_are_and_are_tested_before_use(db_url: str) -> None:
    engine = make_engine(db_url, pool_size=1, application="nurture-clock")
    with engine.connect() as connection:
        name, mine = connection.execute(text("SELECT current_setting('application_name'), pg_backend_pid()")).one()
    assert name == "nurture-clock"
    other = make_engine(db_url)
    with transaction(other) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize(("asked", "prepared"), [("none", 0), ("1", 1)])
def test_prepared_statements_can_be_turned_off_for_a_transaction_pooler(db_url: str, asked: str, prepared: int) -> None:
    engine = make_engine(
        f"{db_url}&prepare_threshold={asked}" if "?" in db_url else f"{db_url}?prepare_threshold={asked}"
    )
    with engine.connect() as connection:
        for _ in range(10):
            connection.execute(text("SELECT 42"))
        assert min(connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) or 0, 1) == prepared
    engine.dispose()


def test_a_nonsense_threshold_names_the_variable(db_url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL: prepare_threshold=often"):
        make_engine("postgresql://a/b?prepare_threshold=often")


def test_json_goes_in_and_comes_out(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("""SELECT '{"a": [1, "ä"]}'::jsonb""")) == {"a": [1, "ä"]}


def test_a_deadlock_is_worth_another_try_and_a_typo_is_not(engine: Engine) -> None:
    with engine.connect() as connection:
        with pytest.raises(DBAPIError) as deadlock:
            connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$"))
        connection.rollback()
        with pytest.raises(DBAPIError) as typo:
            connection.execute(text("SELEC 1"))
    assert is_deadlock_or_serialization(deadlock.value)
    assert not is_deadlock_or_serialization(typo.value)
    assert not is_deadlock_or_serialization(ValueError())


def test_an_absent_database_is_told_from_a_value_that_it_does_not_take(engine: Engine) -> None:
    def raised(state: str) -> BaseException:
        with engine.connect() as connection, pytest.raises(DBAPIError) as error:
            connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"))
        return error.value

    for state in ("53300", "53100", "57P03", "25006", "55P03", "08006"):
        assert is_away(raised(state))
        assert not is_refusal(raised(state))
    for state in ("22003", "22P05", "54000"):
        assert is_refusal(raised(state))
        assert not is_away(raised(state))
    for state in ("40P01", "23505", "42601"):
        assert not is_away(raised(state))
        assert not is_refusal(raised(state))
    with pytest.raises(OperationalError) as nobody, make_engine("postgresql://127.0.0.1:1/x").connect():
        pass
    assert is_away(nobody.value)
