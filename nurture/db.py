"""The way to PostgreSQL: one engine a process, one connection a transaction, no sessions on hot paths."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection, Engine, TextualSelect, column, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nurture import trips
from nurture.arrays import ArrayDumper
from nurture.errors import SettingsError
from nurture.settings import database_address

APPLICATION = "nurture"
POOL_SIZE = 5
CONNECTS_WITHIN = 10
"""Seconds; a database that is not there must not hold a command for minutes."""
CUT_OFF: dict[str, int] = {
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip
"""libpq's: a server that is cut off without a word is gone after 25 seconds, not after the system's two hours."""
HOLDS_SECONDS = 30
"""So long a transaction of a process that is cut off, or stands still, may keep others from its rows."""
_LET_GO = f"""
    SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
           set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '25000', false),
           set_config('idle_in_transaction_session_timeout', '{HOLDS_SECONDS * 1000}', false)
"""
TRY_AGAIN = frozenset({"40001", "40P01"})
"""SQLSTATEs of a transaction that did nothing wrong: serialization_failure, deadlock_detected."""
AWAY = frozenset({"08", "25", "53", "55", "57", "58"})
"""Classes of SQLSTATE in which no transaction succeeds for a while: connections, standby, resources, locks, a stop."""
REFUSED = frozenset({"22", "54"})
"""Classes of SQLSTATE that say that a value cannot be stored, now or later: data exception, program limit exceeded."""


class TryAgain(Exception):
    """What was read has changed before it could be locked: this transaction has to begin anew."""


def make_engine(url: str, *, pool_size: int = POOL_SIZE, application: str = APPLICATION) -> Engine:
    """An engine that hands out tested connections, reads and writes JSON by orjson, and keeps parameters out of errors.

    Behind a pooler that shares server connections between transactions (PgBouncer before 1.21), end the address with
    `?prepare_threshold=none`: then nothing is prepared. A number says after how many executions a statement is.

    Args:
        url: `postgres://`, `postgresql://` or `postgresql+psycopg://`; its query is kept.
        pool_size: connections kept at most; as many more may be opened for a while.
        application: the name that PostgreSQL shows in `pg_stat_activity`.

    Raises:
        SettingsError: The address is none, or names no PostgreSQL.
    """
    address = make_url(database_address(url))
    connect_args: dict[str, Any] = {"connect_timeout": CONNECTS_WITHIN, "application_name": application, **CUT_OFF}
    connect_args |= {name: address.query[name] for name in connect_args if name in address.query}
    if "prepare_threshold" in address.query:
        connect_args["prepare_threshold"] = _prepare_threshold(str(address.query["prepare_threshold"]))
        address = address.difference_update_query(["prepare_threshold"])
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=_from_json,
        connect_args=connect_args,
    )
    event.listen(engine, "connect", _prepare)
    trips.watch(engine)
    return engine


def hold_briefly(engine: Engine) -> None:
    """Have the server end what this process holds soon after it stands still, or its host is cut off.

    For processes that run on: others wait for the leads that they lock. The server would wait for two hours. Behind a
    pooler that shares connections between transactions nothing is told: whoever has the connection next would inherit
    it. Its own `idle_transaction_timeout` does the same.
    """

    def tell(connection: psycopg.Connection[Any], _: object) -> None:
        if connection.prepare_threshold is None:
            return
        connection.execute(_LET_GO)
        connection.commit()

    event.listen(engine, "connect", tell)


def _prepare(connection: psycopg.Connection[Any], _: object) -> None:
    connection.adapters.register_dumper(list, ArrayDumper)
    set_json_loads(_from_json, connection)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction: committed at the end of the block, rolled back where the block raises."""
    with engine.begin() as connection:
        yield connection


def giving(names: str, sql: str) -> TextualSelect:
    """A statement whose result has columns of these names, in this order.

    Where they are not told beforehand, SQLAlchemy works them out each time, in as long as PostgreSQL takes for a small
    query. It is worth it for what every event asks.
    """
    return text(sql).columns(*map(column, names.split()))


def is_deadlock_or_serialization(error: BaseException) -> bool:
    """Whether the same transaction, run again, may well succeed."""
    return isinstance(error, TryAgain) or _state(error) in TRY_AGAIN


def is_away(error: BaseException) -> bool:
    """Whether nothing can be stored at the moment, whatever it is: there is no connection, or the server says so."""
    if isinstance(error, InterfaceError | PoolTimeout):
        return True
    return (
        _state(error)[:2] in AWAY if _state(error) else isinstance(error, OperationalError | psycopg.OperationalError)
    )


def is_refusal(error: BaseException) -> bool:
    """Whether the database does not take a value, now or later."""
    return isinstance(error, DataError) or _state(error)[:2] in REFUSED


def words_of(error: BaseException) -> str:
    """What PostgreSQL says of it, in one line; it may quote a value."""
    return " ".join(str(getattr(error, "orig", error)).split("\n")[0].split())


def _state(error: BaseException) -> str:
    said = error.orig if isinstance(error, DBAPIError) else error
    return (said.sqlstate if isinstance(said, psycopg.Error) else None) or ""


def _prepare_threshold(said: str) -> int | None:
    if said.lower() == "none":
        return None
    if said.isdigit():
        return int(said)
    raise SettingsError(f"DATABASE_URL: prepare_threshold={said} is neither a number nor none")


def _from_json(stored: str | bytes) -> Any:
    """Read JSON; what cannot be read (1e400) is given as its text, so that it spoils its own row and no other."""
    try:
        return orjson.loads(stored)
    except orjson.JSONDecodeError:
        return stored if isinstance(stored, str) else bytes(stored).decode()


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()
