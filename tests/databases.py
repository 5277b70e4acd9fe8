"""Databases for tests: a template at the newest schema, copied for each worker, emptied between tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter

import pytest
from sqlalchemy import Connection, Engine, make_url, text

from nurture.db import make_engine
from nurture.settings import database_address
from nurture.store.migrate import upgrade

ONE_AT_A_TIME = 0x74657374
"""Key of the advisory lock ("test") under which workers make databases: a template must not be in use while copied."""
FEW = 65_536
"""Bytes of a table that is emptied row by row."""

_OURS = """
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        AND relname <> 'alembic_version'
"""
_NAMES = text(f"SELECT quote_ident(relname) {_OURS}")
_TABLES = text(
    f"""
    SELECT quote_ident(relname) AS name,
           reltuples < 0 AND {FEW} >= pg_relation_size(oid) + (
               SELECT coalesce(sum(pg_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent = oid) AS small
    {_OURS}
    """
)
_REFERENCES = text(
    """
    SELECT quote_ident(one.relname), quote_ident(other.relname)
    FROM pg_constraint JOIN pg_class one ON one.oid = conrelid JOIN pg_class other ON other.oid = confrelid
    WHERE contype = 'f' AND conparentid = 0 AND conrelid <> confrelid AND NOT one.relispartition
    """
)
_RESTART = text(
    """
    SELECT setval(CAST(quote_ident(sequencename) AS regclass), start_value, false) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
    """
)


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
    """Empty every table, and begin again with its ids. Only tables with rows are touched, which most are without.

    A few rows are deleted: TRUNCATE makes a new file of each table that refers to it and of each of their indexes,
    which takes fifty times as long. What has grown, or been analyzed, is truncated, and is as new.
    """
    with engine.begin() as connection:
        small = {row.name: row.small for row in connection.execute(_TABLES)}
        if not small:
            return
        asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in small)
        filled = set(connection.scalars(text(asked)))
        if big := [table for table in filled if not small[table]]:
            connection.execute(text(f"TRUNCATE {', '.join(big)} CASCADE"))
        if filled:
            for table in filter(filled.difference(big).__contains__, _those_that_refer_first(connection)):
                connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(_RESTART)


def forget_sizes(connection: Connection) -> None:
    """Let PostgreSQL plan, to the end of the transaction, as for tables that no vacuum has looked at yet.

    Whether one has depends on the tests before, and small tables are read in many ways.
    """
    if connection.dialect.server_version_info < (18,):  # type: ignore[operator]
        pytest.skip("it can be told to forget from PostgreSQL 18 on")
    connection.exec_driver_sql(
        """
        SELECT pg_clear_relation_stats(schemaname, tablename) FROM pg_tables WHERE schemaname = current_schema()
        UNION ALL
        SELECT pg_clear_relation_stats(schemaname, indexname) FROM pg_indexes WHERE schemaname = current_schema()
        """
    )


def _those_that_refer_first(connection: Connection) -> list[str]:
    """All tables, each before those that it refers to."""
    referring: dict[str, set[str]] = {table: set() for table in connection.scalars(_NAMES)}
    for table, other in connection.execute(_REFERENCES):
        referring[other].add(table)
    return list(TopologicalSorter(referring).static_order())


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
