"""A place of the demo's own: a fresh directory, and a database in which no real lead can be."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from nurture.db import make_engine
from nurture.errors import DatabaseNotReady
from nurture.private import make_data_directory
from nurture.settings import DEMO_DATABASE, read_settings

_REAL_CHANNELS = ("SLACK_WEBHOOK_URL", "HANDOFF_WEBHOOK_URL", "HANDOFF_WEBHOOK_SECRET", "SENTRY_DSN", "WRITE_KEY")
"""Nobody outside shall hear of make-believe leads."""


@contextmanager
def demo_place(environ: Mapping[str, str], *, keep: bool) -> Iterator[dict[str, str]]:
    """The environment of a demo: a new data directory, and on a server that is named, a new database.

    Both are removed at the end, unless they are to be kept, or something went wrong and the logs are wanted.
    """
    name = secrets.token_hex(4)
    data = Path(tempfile.gettempdir()) / f"nurture-demo-{name}"
    make_data_directory(data)
    dropped = {*_REAL_CHANNELS, *(f"{channel}_FILE" for channel in _REAL_CHANNELS)}
    ours = {variable: value for variable, value in environ.items() if variable not in dropped}
    ours["NURTURE_DATA"] = str(data)
    try:
        if not ours.get("DATABASE_URL") and not ours.get("DATABASE_URL_FILE"):
            yield ours
            return
        if not ours.get("SECRET_KEY") and not ours.get("SECRET_KEY_FILE"):
            ours["SECRET_KEY"] = secrets.token_hex(24)
        address = read_settings(ours).database_url or ""
        with _own_database(address, f"{DEMO_DATABASE}_{name}", keep=keep) as url:
            ours.pop("DATABASE_URL_FILE", None)
            yield {**ours, "DATABASE_URL": url}
    except Exception:
        keep = True
        raise
    finally:
        if not keep:
            shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _own_database(server: str, name: str, *, keep: bool) -> Iterator[str]:
    _run(server, f'CREATE DATABASE "{name}"')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        if not keep:
            _run(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run(server: str, statement: str) -> None:
    engine = make_engine(server, pool_size=1)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        message = f"DATABASE_URL: the demo wants a database of its own on that server: {why}"
        raise DatabaseNotReady(message) from error
    finally:
        engine.dispose()
