"""Upgrading: idempotent, safe to run twice at once, and what it makes is what the models say."""

import threading
import uuid
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, make_url, text
from sqlmodel import SQLModel

import nurture.models  # noqa: F401
from nurture.db import make_engine
from nurture.errors import DatabaseNotReady
from nurture.local.servers import LocalServers
from nurture.store import migrate
from nurture.store.migrate import is_known, newest, revision, upgrade


@pytest.fixture
def empty_database(servers: LocalServers) -> Iterator[Engine]:
    """A database with nothing in it."""
    name = f"nurture_empty_{uuid.uuid4().hex[:8]}"
    _run(servers, f"CREATE DATABASE {name}")
    url = make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url, pool_size=4)
    yield engine
    engine.dispose()
    _run(servers, f"DROP DATABASE {name} WITH (FORCE)")


def _run(servers: LocalServers, statement: str) -> None:
    engine = make_engine(servers.database_url, pool_size=1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text(statement))
    engine.dispose()


def test_files_of_migrations_begin_with_their_revisions() -> None:
    scripts = list(ScriptDirectory.from_config(migrate._config()).walk_revisions())
    assert [script.revision for script in scripts] == list(reversed(migrate._known()))
    assert newest() == scripts[0].revision
    assert is_known("0001")
    assert not is_known("9999")


def test_upgrading_is_idempotent(empty_database: Engine) -> None:
    assert upgrade(empty_database) == (None, newest())
    assert upgrade(empty_database) == (newest(), newest())


def test_what_a_newer_version_upgraded_is_said_in_one_line(empty_database: Engine) -> None:
    upgrade(empty_database)
    with empty_database.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNotReady, match=r"revision 9999, which this version does not know .* newer version"):
        upgrade(empty_database)


def test_upgrading_four_times_at_once_is_safe(empty_database: Engine) -> None:
    results: list[object] = []

    def work() -> None:
        try:
            results.append(upgrade(empty_database))
        except BaseException as error:
            results.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == sorted([(None, newest()), *[(newest(), newest())] * 3], key=str)


def test_what_is_made_is_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True, "include_name": _ours})
        assert revision(db) == newest()
        assert compare_metadata(context, SQLModel.metadata) == []


def _ours(name: str | None, kind: str, _: object) -> bool:
    """Partitions are made as time goes on; they are no part of the models."""
    return not (kind == "table" and name is not None and name.startswith("event_"))
