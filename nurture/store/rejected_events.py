"""Events that nothing could be made of: the latest of each kind to look at, and a count of all by day.

Whoever holds a write key, which every visitor of a site can read in its source, can send such events at any rate. So
what is kept is bounded by number (per source and reason) whenever something is added, and by age by the clock.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from nurture.db import transaction
from nurture.segment.rejected import Rejected

KEPT_FOR = timedelta(days=30)
"""How long copies and counts are kept. Copies hold personal data."""

KEPT_OF_EACH = 500
"""Copies of one source and reason."""

KEPT_AT_ONCE = 20
"""Copies of one source and reason out of one request."""

_COUNT = text(
    """
    INSERT INTO rejected_day (day, source, reason, count)
    SELECT :day, u.source, u.reason, u.count
    FROM unnest(CAST(:sources AS text[]), CAST(:reasons AS text[]), CAST(:counts AS bigint[]))
        AS u(source, reason, count)
    ORDER BY u.source, u.reason
    ON CONFLICT (day, source, reason) DO UPDATE SET count = rejected_day.count + excluded.count
    """
)

_KEEP = text(
    """
    INSERT INTO rejected_event (at, source, reason, message_id, body)
    SELECT :at, u.source, u.reason, u.message_id, u.body
    FROM unnest(CAST(:sources AS text[]), CAST(:reasons AS text[]), CAST(:message_ids AS text[]),
                CAST(:bodies AS text[])) AS u(source, reason, message_id, body)
    """
)

_BOUND = text(
    """
    DELETE FROM rejected_event r
    USING unnest(CAST(:sources AS text[]), CAST(:reasons AS text[])) AS u(source, reason)
    WHERE r.source = u.source AND r.reason = u.reason
      AND r.id <= (SELECT x.id FROM rejected_event x WHERE x.source = u.source AND x.reason = u.reason
                   ORDER BY x.id DESC OFFSET :most LIMIT 1)
    """
)

_LISTED = text(
    """
    SELECT id, at, source, reason, message_id, body FROM rejected_event
    WHERE at >= :since ORDER BY id DESC LIMIT :most
    """
)

_SUMMARY = text(
    """
    SELECT d.source, d.reason, CAST(sum(d.count) AS bigint) AS count, max(d.day) AS last_day
    FROM rejected_day d WHERE d.day >= :since GROUP BY d.source, d.reason ORDER BY 3 DESC, 1, 2
    """
)


def keep(db: Connection, rejected: Sequence[Rejected], now: datetime) -> None:
    """Count all of these, and keep copies of the first of each source and reason."""
    if not rejected:
        return
    kinds = count(db, rejected, now)
    few = _few_of_each(rejected)
    copies = {
        "at": now,
        "sources": [one.source for one in few],
        "reasons": [one.reason for one in few],
        "message_ids": [one.message_id for one in few],
        "bodies": [one.copy() for one in few],
    }
    db.execute(_KEEP, copies)
    db.execute(_BOUND, {**kinds, "most": KEPT_OF_EACH})


def count(db: Connection, rejected: Sequence[Rejected], now: datetime) -> dict[str, list[str]]:
    """Count all of these without keeping any; gives their `sources` and `reasons`, each pair once."""
    if not rejected:
        return {"sources": [], "reasons": []}
    counts = sorted(Counter((one.source, one.reason) for one in rejected).items())
    kinds = {"sources": [source for (source, _), _ in counts], "reasons": [reason for (_, reason), _ in counts]}
    day = now.astimezone(UTC).date()
    # The counters come first: their rows, in order, keep two who add to the same from meeting in what follows.
    db.execute(_COUNT, {**kinds, "day": day, "counts": [number for _, number in counts]})
    return kinds


def keep_apart(engine: Engine, rejected: Sequence[Rejected], now: datetime) -> None:
    """The same in a transaction of its own, which does not wait for the disk: nobody waits for this list."""
    if not rejected:
        return
    with transaction(engine) as db:
        db.execute(text("SET LOCAL synchronous_commit = off"))
        keep(db, rejected, now)


def _few_of_each(rejected: Sequence[Rejected]) -> list[Rejected]:
    taken: dict[tuple[str, str], int] = defaultdict(int)
    few: list[Rejected] = []
    for one in rejected:
        taken[one.source, one.reason] += 1
        if taken[one.source, one.reason] <= KEPT_AT_ONCE:
            few.append(one)
    return few


def listed(db: Connection, since: datetime, most: int) -> Sequence[Row[Any]]:
    """The copies that are kept since then, newest first."""
    return db.execute(_LISTED, {"since": since, "most": most}).all()


def summary(db: Connection, since: datetime) -> Sequence[Row[Any]]:
    """How many there were by source and reason since that day (UTC), the most frequent first."""
    return db.execute(_SUMMARY, {"since": since.astimezone(UTC).date()}).all()


def drop_old(db: Connection, now: datetime) -> int:
    """Drop what is older than `KEPT_FOR`; gives how many copies that were."""
    before = now - KEPT_FOR
    db.execute(text("DELETE FROM rejected_day WHERE day < :day"), {"day": before.astimezone(UTC).date()})
    return db.execute(text("DELETE FROM rejected_event WHERE at < :before"), {"before": before}).rowcount
