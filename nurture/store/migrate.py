"""Bring the database to the newest schema, once, whoever else is trying."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from nurture.errors import DatabaseNotReady

if TYPE_CHECKING:
    from alembic.config import Config

UPGRADE_LOCK = 0x6E757274
"""Key of the advisory lock ("nurt"); it is tied to the transaction, so it also works behind a transaction pooler."""


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
        _upgrade(connection)
        return before, revision(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> "Config":
    # Every web process asks for the newest revision, few upgrade: they alone bear the megabytes of Alembic.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("nurture.migrations")))
    return config


def revision(connection: Connection) -> str | None:
    """The revision the database is at, None if it holds no tables of ours."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


@cache
def _known() -> tuple[str, ...]:
    """Revisions that this version of the code can make, oldest first: their files begin with them."""
    scripts = (files("nurture.migrations") / "versions").iterdir()
    return tuple(sorted(script.name.partition("_")[0] for script in scripts if script.name[:1].isdigit()))


def newest() -> str:
    """The revision this version of the code wants."""
    return _known()[-1]


def is_known(found: str | None) -> bool:
    """Whether this version of the code can tell what a database at that revision looks like."""
    return found is None or found in _known()


def unknown(found: str | None) -> str:
    """What to say of a database at a revision that this version does not know."""
    return (
        f"the database is at revision {found}, which this version does not know (its newest is {newest()}): "
        "a newer version has upgraded it; deploy that one, or restore a dump from before"
    )
