"""Months that a test makes, and that are gone after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from nurture.db import transaction

_TABLES = text(
    r"SELECT relname FROM pg_class WHERE relname ~ '^event_\d{4}_\d{2}(_dropped)?$' AND relkind = 'r' ORDER BY 1"
)


def tables(engine: Engine) -> list[str]:
    """Every month's table, whether it is a partition or not."""
    with transaction(engine) as db:
        return list(db.execute(_TABLES).scalars())


@contextmanager
def own_months(engine: Engine) -> Iterator[None]:
    """No month has a partition at first; those that the test makes are dropped after it."""
    _drop(engine)
    try:
        yield
    finally:
        _drop(engine)


def _drop(engine: Engine) -> None:
    for name in tables(engine):
        with transaction(engine) as db:
            db.execute(text(f"DROP TABLE {name}"))
