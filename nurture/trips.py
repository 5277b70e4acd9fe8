"""Several statements in one round trip to PostgreSQL, by libpq's pipeline: for what every event and every mail asks.

What SQLAlchemy and psycopg do for a statement takes ten times as long as what a small one takes PostgreSQL, and each
wait for an answer is two switches between processes. So the busiest statements go here: prepared once a connection,
their values written as text, several sent together, and nothing looked at until all answers are there. Each sees what
those before it have done, and what others have committed until it begins, as if it had been sent alone.

Within the transaction of an ordinary connection, before, after and between statements that go the usual way. Errors are
SQLAlchemy's (`nurture.db` knows them), raised by whoever asks for the first answer.
"""

import re
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from hashlib import md5
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq.abc import PGconn
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from nurture.arrays import ArrayDumper

Row = tuple[Any, ...]
Rows = list[Any]

_NAME = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_PREPARED = "nurture prepared"
"""Where a connection keeps which statements it has prepared."""
_LETS_GO = ("DROP", "ALTER", "ROLLBACK", "DISCARD", "DEALLOCATE")
_BY_KEY = b"SET LOCAL enable_seqscan = off"
"""Trips ask for few rows of tables of any size, by their keys. A plan that was made while a table was nearly empty
would read all of it, for each lead once, until statistics are gathered again: minutes, in which it grows and grows."""
_SETTLED = "nurture transaction by key"
"""Where a connection keeps the last transaction that was told so."""
_BINARY = 1
_CAN_CLOSE = psycopg.capabilities.has_send_close_prepared()
"""Whether libpq (17 or newer) can close a prepared statement that may not be there; else none is prepared."""
_GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


class Statement:
    """SQL with `:names` for values, as `sqlalchemy.text` takes it; every value needs a type (`CAST(:day AS date)`)."""

    __slots__ = ("key", "make", "names", "sql")

    def __init__(self, sql: str, row: Callable[[Row], Any] = tuple) -> None:
        """`row` makes what a row is given as, of the tuple of its values; a named tuple's `_make`, for one."""
        self.names = tuple(dict.fromkeys(_NAME.findall(sql)))
        places = {name: f"${n}" for n, name in enumerate(self.names, start=1)}
        self.sql = _NAME.sub(lambda found: places[found[1]], sql).encode()
        self.key = b"nurture_" + md5(self.sql, usedforsecurity=False).hexdigest().encode()
        self.make = row

    def parameters(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """The values as PostgreSQL reads them.

        Raises:
            psycopg.DataError: A text in them has a NUL, which PostgreSQL has no place for.
        """
        return [_written(values[name]) for name in self.names]


class Answer:
    """What a statement will have given, once somebody wants to know."""

    __slots__ = ("_given", "_rows", "_statement", "_trip")

    def __init__(self, trip: "Trip", statement: Statement) -> None:
        self._trip, self._statement = trip, statement
        self._rows: Rows | None = None
        self._given: tuple[Any, Any] | None = None

    @property
    def rows(self) -> Rows:
        """All rows; the trip is made now, if it has not been yet."""
        if self._rows is None:
            self._trip.go()
            if self._given is None:
                raise RuntimeError("the trip failed before")
            result, transformer = self._given
            transformer.set_pgresult(result)
            self._rows = transformer.load_rows(0, result.ntuples, self._statement.make) if result.ntuples else []
            self._given = None
        return self._rows

    def take(self, result: Any, transformer: Any) -> None:
        """Hear what the server gave; it is read when somebody wants to know."""
        self._given = result, transformer


_Asked = tuple[Answer, Statement, list[bytes | None]]


class Trip:
    """Statements that wait to be sent together, in order. It may be used again after it has been made."""

    __slots__ = ("_asked", "_db")

    def __init__(self, db: Connection) -> None:
        """`db` is in a transaction, or begins one by the first trip."""
        self._db = db
        self._asked: list[_Asked] = []

    def ask(self, statement: Statement, values: Mapping[str, Any]) -> Answer:
        """Let this statement come along."""
        answer = Answer(self, statement)
        try:
            self._asked.append((answer, statement, statement.parameters(values)))
        except psycopg.Error as error:
            raise _as_usual(error, statement) from error
        return answer

    def go(self) -> None:
        """Send all, and wait for all answers. Whoever executes anything the usual way meanwhile says so first.

        Raises:
            DBAPIError: One of them failed; those after it were not run, and the transaction has to be rolled back.
        """
        if not self._asked:
            return
        asked, self._asked = self._asked, []
        if not self._db.in_transaction():
            self._db.begin()
        try:
            _go(self._db, asked)
        except psycopg.Error as error:
            usual = _as_usual(error, asked[0][1])
            if _is_broken(self._db):
                self._db.invalidate(usual)
            raise usual from error


def ask(db: Connection, statement: Statement, values: Mapping[str, Any]) -> Rows:
    """A trip with one statement."""
    return Trip(db).ask(statement, values).rows


def watch(engine: Engine) -> None:
    """Have connections forget what they have prepared when psycopg lets go of all of it: it does so after these."""

    def rolled_back(db: Connection) -> None:
        if not db.invalidated:
            db.info.pop(_PREPARED, None)

    def reset(connection: psycopg.Connection[Any], record: Any, _: object) -> None:
        if connection.pgconn.transaction_status != pq.TransactionStatus.IDLE:
            record.info.pop(_PREPARED, None)

    def executed(db: Connection, cursor: Any, *_: object) -> None:
        if (cursor.statusmessage or "").startswith(_LETS_GO):
            db.info.pop(_PREPARED, None)

    event.listen(engine, "after_cursor_execute", executed)
    event.listen(engine, "rollback", rolled_back)
    event.listen(engine, "reset", reset)


def _go(db: Connection, asked: list[_Asked]) -> None:
    """Make the trip; once more where it is the transaction's first and what was prepared is gone."""
    connection: psycopg.Connection[Any] = db.connection.driver_connection  # type: ignore[assignment]
    begins = connection.pgconn.transaction_status == pq.TransactionStatus.IDLE
    prepared: set[bytes] = db.info.setdefault(_PREPARED, set())
    first = [b"BEGIN"] if begins else []
    if db.info.get(_SETTLED) is not db.get_transaction():
        first.append(_BY_KEY)
    try:
        _take_there(connection, asked, prepared, first)
    except psycopg.errors.InvalidSqlStatementName:
        prepared.clear()
        if not begins:
            raise
        connection.rollback()
        _take_there(connection, asked, prepared, first)
    db.info[_SETTLED] = db.get_transaction()


def _take_there(
    connection: psycopg.Connection[Any], asked: list[_Asked], prepared: set[bytes], first: list[bytes]
) -> None:
    conn = connection.pgconn
    may_prepare = _CAN_CLOSE and connection.prepare_threshold is not None
    conn.enter_pipeline_mode()
    try:
        expected = _send(conn, asked, prepared if may_prepare else None, first)
        conn.pipeline_sync()
        results = connection.wait(_exchange(conn, len(expected)))
    except BaseException:
        connection.close()  # nobody knows what is still to be read from it
        raise
    conn.exit_pipeline_mode()
    transformer = Transformer(connection)
    for what, (result, *_) in zip(expected, results, strict=True):
        if result.status not in _GOOD:
            raise error_from_result(result, encoding="utf-8")
        if isinstance(what, Answer):
            what.take(result, transformer)
        elif what is not None:
            prepared.add(what)


def _send(
    conn: PGconn, asked: list[_Asked], prepared: set[bytes] | None, first: list[bytes]
) -> list[Answer | bytes | None]:
    """Send the statements; gives for each result that will come whose it is: an answer's, or of what was prepared."""
    expected: list[Answer | bytes | None] = []
    for command in first:
        conn.send_query_params(command, None)
        expected.append(None)
    for answer, statement, values in asked:
        key = statement.key
        if prepared is None:
            conn.send_query_params(statement.sql, values, result_format=_BINARY)
        else:
            if key not in prepared and key not in expected:
                conn.send_close_prepared(key)  # which it may be, and may not
                conn.send_prepare(key, statement.sql)
                expected += (None, key)
            conn.send_query_prepared(key, values, result_format=_BINARY)
        expected.append(answer)
    return expected


def _exchange(conn: PGconn, count: int) -> Generator[Any, Any, list[list[Any]]]:
    """Send all that waits to be sent; give the results of so many statements, and read the end of the pipeline."""
    yield from send(conn)
    results: list[list[Any]] = [[]] * count
    for n in range(count):
        results[n] = yield from fetch_many(conn)
    yield from fetch_many(conn)
    return results


def _written(value: Any) -> bytes | None:
    """A value as PostgreSQL reads it. Octets are text that is written already, such as JSON."""
    if value is None or type(value) is bytes:
        return value
    if type(value) is list:
        return _LISTS.dump(value)
    if type(value) is str:
        if "\x00" in value:
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode()
    return value.isoformat().encode() if isinstance(value, datetime) else str(value).encode()


_LISTS = ArrayDumper(list)


def _as_usual(error: psycopg.Error, statement: Statement) -> Exception:
    """The error as SQLAlchemy raises it, without values."""
    is_broken = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    usual: Exception = DBAPIError.instance(
        statement.sql.decode(), None, error, psycopg.Error, hide_parameters=True, connection_invalidated=is_broken,
        dialect=None,
    )  # fmt: skip
    return usual


def _is_broken(db: Connection) -> bool:
    connection: Any = db.connection.driver_connection
    return bool(connection.pgconn.status != pq.ConnStatus.OK)
