"""What waits for a mailer: how much, and what is given up for now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_PASS_OVER = text(
    """
    WITH late AS (
        UPDATE delivery SET state = 'cancelled', reason = 'window over'
        WHERE id = ANY(ARRAY(
            SELECT id FROM delivery
            WHERE phase = 'queued' AND mailer = :mailer AND slot_at <= :now AND slot_until <= :now
            ORDER BY slot_at, id LIMIT :most FOR UPDATE SKIP LOCKED))
        RETURNING enrollment_id
    ), woken AS (
        UPDATE enrollment SET due_at = :now
        WHERE status <> 'ended' AND id IN (SELECT enrollment_id FROM late) RETURNING id
    )
    SELECT count(*) FROM late
    """
)

_BACKLOG = text(
    """
    SELECT queued.waiting, queued.n AS queued, unknown.n AS unknown, sent.last_minute, sent.last_hour
    FROM (SELECT count(*) AS n, count(*) FILTER (WHERE slot_at <= :now) AS waiting
          FROM delivery WHERE phase = 'queued' AND mailer = :mailer) AS queued,
         (SELECT count(*) AS n FROM delivery WHERE phase = 'unknown' AND mailer = :mailer) AS unknown,
         (SELECT count(*) AS last_hour, count(*) FILTER (WHERE sent_at > :minute) AS last_minute
          FROM delivery WHERE state = 'sent' AND sent_at > :hour AND mailer = :mailer) AS sent
    """
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many mails are due and wait, are queued in all, are unknown; and how many left lately (business time)."""

    waiting: int
    queued: int
    unknown: int
    last_minute: int
    last_hour: int


def backlog(db: Connection, mailer: str, now: datetime) -> Backlog:
    """What waits for a mailer, and what it has done."""
    times = {"now": now, "minute": now - timedelta(minutes=1), "hour": now - timedelta(hours=1)}
    return Backlog(*db.execute(_BACKLOG, {"mailer": mailer, **times}).one())


def pass_over(db: Connection, mailer: str, now: datetime, most: int = 1000) -> int:
    """Cancel mails that wait for a mailer which lets nothing go, once their window is over.

    Their leads are planned again. Gives how many there were; at most so many at a time.
    """
    return int(db.execute(_PASS_OVER, {"mailer": mailer, "now": now, "most": most}).scalar_one())
