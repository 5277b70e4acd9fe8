"""Databases for tests: a template at the newest schema, copied for each worker, emptied between tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, make_url, text

from nurture.db import make_engine
from nurture.settings import database_address
from nurture.store.migrate import upgrade

ONE_AT_A_TIME = 0x74657374
"""Key of the advisory lock ("test") under which workers make databases: a template must not be in use while copied."""


def make_database(server_url: str, run: str, name: str) -> str:
    """A fresh database on this server; its address. The first of a run makes the template."""
    template, mine = f"nurture_{run}_template", f"nurture_{run}_{name}"
    with _alone(server_url) as connection:
        if not _exists(connection, template):
            draft = f"{template}_draft"
            _make(connection, draft)
            _upgrade(_address(server_url, draft))
            connection.execute(text(f'ALTER DATABASE "{draft}" RENAME TO "{template}"'))
        _make(connection, mine, template)
    return _address(server_url, mine)


def drop_databases(server_url: str, run: str) -> None:
    """Drop all databases of a run."""
    with _alone(server_url) as connection:
        ours = text("SELECT datname FROM pg_database WHERE datname LIKE :start")
        for name in connection.scalars(ours, {"start": rf"nurture\_{run}\_%"}).all():
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def empty(engine: Engine) -> None:
    """Empty every table. Only those with rows are touched: asking is cheap, TRUNCATE is not."""
    with engine.begin() as connection:
        tables = connection.scalars(
            text(
                "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'"
            )
        ).all()
        if not tables:
            return
        asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
        if filled := connection.scalars(text(asked)).all():
            connection.execute(text(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE"))


@contextmanager
def _alone(server_url: str) -> Iterator[Connection]:
    engine = make_engine(server_url, pool_size=1)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
            yield connection
    finally:
        engine.dispose()


def _exists(connection: Connection, name: str) -> bool:
    return bool(connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}))


def _make(connection: Connection, name: str, template: str = "template1") -> None:
    connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
    connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))


def _upgrade(url: str) -> None:
    engine = make_engine(url, pool_size=1)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def _address(server_url: str, name: str) -> str:
    return make_url(database_address(server_url)).set(database=name).render_as_string(hide_password=False)
