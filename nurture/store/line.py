"""One of the pool's connections, asked from an event loop: who waits for its answer lets others work meanwhile.

For the one statement that all mails wait for. It goes to libpq as it is, prepared once a connection: SQLAlchemy and
psycopg take longer to pass such a statement on than it takes to send a mail.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import DuplicatePreparedStatement, FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Engine

from nurture.trips import Statement

Value = str | int | datetime | UUID | list[Any] | None
Row = tuple[bytes | None, ...]

_GOOD = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


class Line:
    """A connection that is lent by the pool until `close`. One statement at a time, each a transaction of its own.

    `is_fit`: it can be asked; where it cannot, a new one has to be taken.
    """

    def __init__(self, engine: Engine) -> None:
        """Take one from the pool; this may wait for PostgreSQL, so it is not for the event loop's own thread."""
        self._lent = engine.raw_connection()
        driver = self._lent.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101  (what our engine is made for)
        self._server: PGconn = driver.pgconn
        self._prepares = driver.prepare_threshold is not None
        self._prepared: set[bytes] = self._lent.info.setdefault("prepared by a line", set())
        self.is_fit = True

    async def ask(self, statement: Statement, values: Mapping[str, Value]) -> list[Row]:
        """Run it and give its rows.

        Raises:
            psycopg.Error: What PostgreSQL says against it, or that it is gone; then nobody knows whether it ran.
        """
        parameters = statement.parameters(values)
        self.is_fit = False  # until its answer has been read to the end
        try:
            result = await self._run(statement, parameters)
        except psycopg.Error as error:
            # a statement that was prepared before a migration may never again be run here
            may_go_on = error.sqlstate is not None and not isinstance(error, FeatureNotSupported)
            self.is_fit = may_go_on and self._server.status == ConnStatus.OK
            raise
        self.is_fit = True
        return [
            tuple([result.get_value(row, column) for column in range(result.nfields)]) for row in range(result.ntuples)
        ]

    def close(self) -> None:
        """Give it back to the pool, or close it where something is amiss."""
        if not self.is_fit:
            self._lent.invalidate()
        self._lent.close()

    async def _run(self, statement: Statement, parameters: list[bytes | None]) -> PGresult:
        if not self._prepares:
            self._server.send_query_params(statement.sql, parameters)
            return await self._answer()
        try:
            return await self._run_prepared(statement, parameters)
        except InvalidSqlStatementName:  # psycopg gives up all prepared statements when it rolls back
            self._prepared.discard(statement.key)
            return await self._run_prepared(statement, parameters)

    async def _run_prepared(self, statement: Statement, parameters: list[bytes | None]) -> PGresult:
        if statement.key not in self._prepared:
            self._server.send_prepare(statement.key, statement.sql)
            with suppress(DuplicatePreparedStatement):
                await self._answer()
            self._prepared.add(statement.key)
        self._server.send_query_prepared(statement.key, parameters)
        return await self._answer()

    async def _answer(self) -> PGresult:
        loop, socket = asyncio.get_running_loop(), self._server.socket
        while self._server.flush():
            await _once(loop.add_writer, loop.remove_writer, socket)
        results: list[PGresult] = []
        while True:
            while self._server.is_busy():
                await _once(loop.add_reader, loop.remove_reader, socket)
                self._server.consume_input()
            result = self._server.get_result()
            if result is None:
                break
            results.append(result)
        for result in results:
            if result.status not in _GOOD:
                raise error_from_result(result)
        return results[-1]


async def _once(add: Callable[..., object], remove: Callable[[int], object], socket: int) -> None:
    """Wait until the socket can be read, or written."""
    ready = asyncio.get_running_loop().create_future()
    add(socket, _done, ready)
    try:
        await ready
    finally:
        remove(socket)


def _done(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
