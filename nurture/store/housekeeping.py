"""The one row that remembers when the clock was looked at."""

from datetime import datetime

from sqlalchemy import Connection, text

from nurture.store.partitions import FIRST

_WATCHED = text(
    """
    INSERT INTO housekeeping (kept_since, looked_at, steady_since) VALUES (:first, :looked_at, :steady_since)
    ON CONFLICT (id) DO UPDATE SET looked_at = excluded.looked_at, steady_since = excluded.steady_since
    """
)


def watch(db: Connection) -> tuple[datetime | None, datetime | None]:
    """When the clock was looked at last, and since when it has gone steadily."""
    row = db.execute(text("SELECT looked_at, steady_since FROM housekeeping FOR UPDATE")).one_or_none()
    return (None, None) if row is None else (row.looked_at, row.steady_since)


def watched(db: Connection, looked_at: datetime | None, steady_since: datetime | None) -> None:
    """Note it."""
    db.execute(_WATCHED, {"first": FIRST, "looked_at": looked_at, "steady_since": steady_since})


def database_now(db: Connection) -> datetime:
    """What the database's own clock says."""
    now: datetime = db.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now
