"""Bring the database to the newest schema, once, whoever else is trying."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from nurture.errors import DatabaseNotReady

UPGRADE_LOCK = 0x6E757274
"""Key of the advisory lock ("nurt"); it is tied to the transaction, so it also works behind a transaction pooler."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("nurture.migrations")))
    return config


def upgrade(engine: Engine) -> tuple[str | None, str | None]:
    """Upgrade to the newest revision; gives (before, after). Idempotent, and safe to run twice at once.

    The second of two that start together waits for the first, then finds nothing to do. All in one transaction: a
    failed upgrade leaves the database as it was.

    Raises:
        DatabaseNotReady: It is at a revision that this version does not know: a newer version has upgraded it.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        before = revision(connection)
        if not is_known(before):
            raise DatabaseNotReady(unknown(before))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, revision(connection)


def revision(connection: Connection) -> str | None:
    """The revision the database is at, None if it holds no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision this version of the code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(found: str | None) -> bool:
    """Whether this version of the code can tell what a database at that revision looks like."""
    try:
        return found is None or ScriptDirectory.from_config(_config()).get_revision(found) is not None
    except CommandError:
        return False


def unknown(found: str | None) -> str:
    """What to say of a database at a revision that this version does not know."""
    return (
        f"the database is at revision {found}, which this version does not know (its newest is {newest()}): "
        "a newer version has upgraded it; deploy that one, or restore a dump from before"
    )
