"""What every command begins with: settings, the servers they name (or the embedded ones), an app."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from sqlalchemy.exc import DBAPIError, OperationalError

from nurture.app import App, open_app
from nurture.db import is_away, make_engine
from nurture.errors import DatabaseNotReady
from nurture.local.servers import local_servers
from nurture.local.web_address import web_address
from nurture.settings import Settings, read_settings
from nurture.store import migrate


@contextmanager
def opened_settings() -> Iterator[Settings]:
    """Settings with addresses of servers that run; the embedded ones are started, or joined, where none are named.

    Links lead to the `nurture up` that runs on the same data, where BASE_URL does not say otherwise.
    """
    settings = read_settings(os.environ)
    with ExitStack() as stack:
        if settings.is_embedded:
            servers = stack.enter_context(local_servers(settings.data_dir))
            settings = settings.on_servers(servers.database_url, servers.redis_url)
            if "BASE_URL" not in settings.set_variables and (running := web_address(settings.data_dir)):
                settings = replace(settings, base_url=running)
        yield settings


@contextmanager
def opened_app() -> Iterator[App]:
    """An app on a database that is up to date.

    An embedded database is upgraded by the way; any other must have been, by `nurture db upgrade`.

    Raises:
        DatabaseNotReady: It cannot be reached, or it has not been upgraded.
    """
    with opened_settings() as settings:
        if read_settings(os.environ).is_embedded:
            upgrade(settings)
        with readable_errors(), open_app(settings) as app:
            with app.engine.connect() as db:
                found = migrate.revision(db)
            if found != migrate.newest():
                if not migrate.is_known(found):
                    raise DatabaseNotReady(migrate.unknown(found), for_good=True)
                raise DatabaseNotReady(
                    f"the database is at revision {found or 'none'}, this version wants {migrate.newest()}; "
                    "run `nurture db upgrade`"
                )
            yield app


def upgrade(settings: Settings) -> tuple[str | None, str | None]:
    """Bring the database to the newest schema; gives the revisions before and after."""
    engine = make_engine(settings.database_url or "", pool_size=1)
    try:
        with readable_errors():
            return migrate.upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def readable_errors() -> Iterator[None]:
    """Say in one line what PostgreSQL says in twenty."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, OperationalError) or is_away(error):
            why = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
            raise DatabaseNotReady(f"DATABASE_URL: the database cannot be reached: {why}") from error
        if "UndefinedTable" in type(error.orig).__name__:
            raise DatabaseNotReady("the database has no tables of ours; run `nurture db upgrade`") from error
        raise
