"""Events by month: a partition for each, made before it begins.

Whoever adds or takes away a partition must for a moment have events, and the leads that they refer to, to himself.
So each month is a transaction of its own, which does next to nothing and waits `LOCKS_WITHIN` at most: that is how long
anybody who writes events can be held up by it. Where others are in the way it gives up, and is tried again later; there
are two months' time for it.
"""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from nurture.db import transaction
from nurture.segment.client_time import EARLIEST

FIRST = EARLIEST.date()
"""No event is older; events without a time of their own stand under this month, in a partition of their own."""

LOCKS_WITHIN = 200
"""Milliseconds. Less than PostgreSQL takes to look for deadlocks (1 s), so that it is never ingest that gives way."""

MOVES_AT_MOST = 50_000
"""Events of one month that are moved out of the default partition when theirs is made: a second's work. More stay there
until `retention` takes them: nobody may be held up for longer than that."""

PAUSE = 0.05
"""Seconds between two tries."""

_KEY = 0x6576656E74
"""Of the advisory lock ("event") under which partitions come and go; it ends with its transaction."""

_MONTHS = text(
    r"""
    SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_\d{4}_\d{2}$' ORDER BY 1
    """
)

log = logging.getLogger(__name__)


def first_of_month(day: date) -> date:
    """The month's first day."""
    return date(day.year, day.month, 1)


def following(month: date) -> date:
    """The next month's first day."""
    return first_of_month(month + timedelta(days=31))


def months_from(start: date, end: date) -> list[date]:
    """The first days of these months and of all between them."""
    months, month = [], first_of_month(start)
    while month <= end:
        months.append(month)
        month = following(month)
    return months


def ahead_of(now: datetime, months: int = 2) -> list[date]:
    """This month and the ones that come next."""
    found = [first_of_month(now.astimezone(UTC).date())]
    while len(found) <= months:
        found.append(following(found[-1]))
    return found


def name_of(month: date) -> str:
    """The name of a month's partition."""
    return f"event_{month:%Y_%m}"


def months(db: Connection) -> list[date]:
    """The months that have a partition of their own, in order."""
    return list(db.execute(_MONTHS).scalars())


def kept_since(db: Connection) -> date:
    """The first day (UTC) from which on every event is still stored; `FIRST` where nothing was ever dropped.

    To be asked before events are read, and in the same transaction: whoever drops events moves this day first, and
    waits with it until those have ended who have asked. So what is read from that day on is complete.
    """
    return db.execute(text("SELECT kept_since FROM housekeeping")).scalar() or FIRST


def make_months(engine: Engine, wanted: Iterable[date], *, tries: int = 1) -> list[date]:
    """Make the partitions of these months, as far as they are missing; gives those that are missing still.

    Events that waited in the default partition move over. Nobody is held up for longer than a moment: where others are
    in the way, it is tried so many times.
    """
    with transaction(engine) as db:
        there = set(months(db))
    missing = [month for month in wanted if month not in there and month > FIRST]
    return [month for month in missing if not _tried(engine, month, tries)]


def take_turns(db: Connection) -> bool:
    """Whether this transaction alone may add or take away partitions now; it waits for other locks but a moment."""
    db.execute(text(f"SET LOCAL lock_timeout = {LOCKS_WITHIN}"))
    return bool(db.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _KEY}).scalar())


def is_in_the_way(error: OperationalError) -> bool:
    """Whether others held what was needed: lock_not_available, deadlock_detected."""
    return getattr(error.orig, "sqlstate", None) in ("55P03", "40P01")


def _tried(engine: Engine, month: date, tries: int) -> bool:
    for attempt in range(tries):
        if attempt:
            time.sleep(PAUSE)
        try:
            with transaction(engine) as db:
                if take_turns(db):
                    return _made(db, month)
        except OperationalError as error:
            if not is_in_the_way(error):
                raise
    return False


def _made(db: Connection, month: date) -> bool:
    """Create beside, move what the default partition holds of that month, then attach: no row is ever out of reach.

    What takes time is done before the locks are taken.
    """
    name, start, end = name_of(month), month, following(month)
    if month in months(db):
        return True
    its = f"month >= '{start}' AND month < '{end}'"
    waiting = f"SELECT count(*) FROM (SELECT FROM event_other WHERE {its} LIMIT {MOVES_AT_MOST + 1}) AS waiting"  # noqa: S608 - dates
    if (db.execute(text(waiting)).scalar() or 0) > MOVES_AT_MOST:
        log.warning("a month has too many events in the default partition; they stay there", extra={"month": name})
        return True
    db.execute(text(f"CREATE TABLE {name} (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    # Who inserts looks up the partition while he holds `event`: one who had looked already would be refused afterwards.
    db.execute(text("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE"))
    db.execute(text("LOCK TABLE event_other IN ACCESS EXCLUSIVE MODE"))
    db.execute(text("LOCK TABLE lead IN SHARE ROW EXCLUSIVE MODE"))
    moved = f"WITH moved AS (DELETE FROM event_other WHERE {its} RETURNING *)"  # noqa: S608 - dates
    db.execute(text(f"{moved} INSERT INTO {name} SELECT * FROM moved"))  # noqa: S608 - our own name
    db.execute(text(f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"))
    log.info("made a month for events", extra={"month": name})
    return True
