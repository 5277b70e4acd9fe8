"""Events that are too old go: months whole, with their partition; the rest in small batches.

A month is first taken out of `event` (an instant), then dropped on its own, when nobody reads it any more. What its
clients' clocks put into it though it happened later (`occurred_at` is by our clock) stays, in the default partition.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from nurture.db import transaction
from nurture.store.partitions import is_in_the_way, months, name_of, take_turns

BATCH = 5_000
"""Events deleted in one transaction."""

DROPPED = "_dropped"
"""What the name of a month's table ends with when it is no partition any more."""

_MOVE_BOUNDARY = text(
    """
    INSERT INTO housekeeping (kept_since) VALUES (:since)
    ON CONFLICT (id) DO UPDATE SET kept_since = greatest(housekeeping.kept_since, excluded.kept_since)
    """
)

_TAKEN_OUT = text(r"SELECT relname FROM pg_class WHERE relname ~ '^event_\d{4}_\d{2}_dropped$' AND relkind = 'r'")


def midnight(day: date) -> datetime:
    """The instant at which a day (UTC) begins."""
    return datetime.combine(day, time(), UTC)


def keep_since(engine: Engine, day: date) -> bool:
    """Say that events before this day may be gone; False where somebody is reading who was told otherwise.

    Goes before every drop. Who asks `kept_since` holds its table until the end of his transaction, and this waits for
    him, but not long.
    """
    return _done(engine, _keep_since, day)


def drop_months(engine: Engine, before: date, *, most: int = 1) -> list[str]:
    """Drop up to so many partitions of months before this one; gives the names of those that are gone.

    What others are in the way of is left for the next time, and so is what an earlier time left.
    """
    with transaction(engine) as db:
        old = [month for month in months(db) if month < before][:most]
    for month in old:
        if not _done(engine, _take_out, month, before):
            break
    with transaction(engine) as db:
        waiting = sorted(db.execute(_TAKEN_OUT).scalars())
    return [name.removesuffix(DROPPED) for name in waiting if _done(engine, _drop, name)]


def delete_before(engine: Engine, day: date, *, seconds: float) -> tuple[int, bool]:
    """Delete older events that have no month of their own, for so long at most; gives how many, and if that is all."""
    return _delete(engine, ("event_undated", "event_other"), f"occurred_at < '{midnight(day).isoformat()}'", seconds)


def delete_unclaimed(engine: Engine, before: datetime, *, seconds: float) -> tuple[int, bool]:
    """Delete older events of which nobody knows whose they are, for so long at most; how many, and if that is all."""
    with transaction(engine) as db:
        old = [name_of(month) for month in months(db) if midnight(month) <= before]
    which = f"lead_id IS NULL AND occurred_at < '{before.isoformat()}'"
    return _delete(engine, (*old, "event_undated", "event_other"), which, seconds)


def _keep_since(db: Connection, day: date) -> None:
    db.execute(text("LOCK TABLE housekeeping IN ACCESS EXCLUSIVE MODE"))
    db.execute(_MOVE_BOUNDARY, {"since": day})


def _take_out(db: Connection, month: date, before: date) -> None:
    name = name_of(month)
    db.execute(text(f"ALTER TABLE event DETACH PARTITION {name}"))
    db.execute(text(f"ALTER TABLE {name} RENAME TO {name}{DROPPED}"))
    younger = f"SELECT * FROM {name}{DROPPED} WHERE occurred_at >= :before"  # noqa: S608 - our own name
    db.execute(text(f"INSERT INTO event {younger}"), {"before": midnight(before)})


def _drop(db: Connection, name: str) -> None:
    db.execute(text(f"DROP TABLE {name}"))


def _done(engine: Engine, what: Callable[..., None], *about: Any) -> bool:
    """Whether it was done; where others are in the way, or do the same, it was not."""
    try:
        with transaction(engine) as db:
            if not take_turns(db):
                return False
            what(db, *about)
    except OperationalError as error:
        if not is_in_the_way(error):
            raise
        return False
    return True


def _delete(engine: Engine, tables: Sequence[str], which: str, seconds: float) -> tuple[int, bool]:
    """In small transactions, passing over what somebody is just changing."""
    until, deleted = monotonic() + seconds, 0
    for table in tables:
        some = f"SELECT ctid FROM {table} WHERE {which} LIMIT {BATCH} FOR UPDATE SKIP LOCKED"  # noqa: S608 - our own names and times
        batch = text(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({some}))")  # noqa: S608 - the same
        count = BATCH
        while count == BATCH:
            if monotonic() > until:
                return deleted, False
            with transaction(engine) as db:
                count = db.execute(batch).rowcount
            deleted += count
    return deleted, True
