"""The engine, its addresses, and the fixtures that every database test stands on."""

import pytest
import redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from nurture.db import database_address, is_deadlock_or_serialization, make_engine, transaction
from nurture.errors import SettingsError


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_the_scheme_becomes_ours_and_the_query_stays(scheme: str) -> None:
    address = database_address(f"{scheme}://me:p%40ss@db.example:6432/app?sslmode=require&prepare_threshold=none")
    assert address.render_as_string(hide_password=False) == (
        "postgresql+psycopg://me:p%40ss@db.example:6432/app?prepare_threshold=none&sslmode=require"
    )


@pytest.mark.parametrize("wrong", ["mysql://a/b", "sqlite://", "no address", ""])
def test_another_database_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        database_address(wrong)


def test_a_transaction_commits_or_rolls_back_as_a_whole(clean_db: Engine) -> None:
    with pytest.raises(ZeroDivisionError), transaction(clean_db) as connection:
        connection.execute(text("INSERT INTO lease (name, holder, until) VALUES ('a', 'me', now())"))
        raise ZeroDivisionError
    with transaction(clean_db) as connection:
        connection.execute(text("INSERT INTO lease (name, holder, until) VALUES ('b', 'me', now())"))
    with transaction(clean_db) as connection:
        assert connection.scalars(text("SELECT name FROM lease")).all() == ["b"]


@pytest.mark.parametrize("n", [1, 2])
def test_a_clean_database_has_no_rows_of_the_test_before(clean_db: Engine, n: int) -> None:
    with transaction(clean_db) as connection:
        assert connection.scalar(text("SELECT count(*) FROM lease")) == 0
        connection.execute(text("INSERT INTO lease (name, holder, until) VALUES ('a', 'me', now())"))


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
def test_prepared_statements_can_be_turned_off_for_a_transaction_pooler(
    db_url: str, asked: str, prepared: int
) -> None:
    engine = make_engine(f"{db_url}&prepare_threshold={asked}" if "?" in db_url else f"{db_url}?prepare_threshold={asked}")
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
