"""The database at one instant, as reports read it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from nurture.app import App

MEMORY = "64MB"
"""For each sort or hash of a report; what does not fit goes to disk."""


@contextmanager
def snapshot(app: App) -> Iterator[Connection]:
    """One instant of the database; nothing is written. Reports may take more memory than what is done all the time."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with app.engine.execution_options(**options).begin() as db:
        db.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
        # compiling so many conditions takes longer than they do
        db.execute(text("SET LOCAL jit = off"))
        # a loop in a loop is what PostgreSQL plans where it takes much for little, as after an import: it never ends
        db.execute(text("SET LOCAL enable_nestloop = off"))
        yield db
