"""The outbox of news for sales: leased, sent, tried again, given up; each failure with its words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

LEASE_SECONDS = 45

_INSERT = text(
    """
    INSERT INTO notice (handoff_id, channel, kind, recipient, at, next_at)
    SELECT :handoff_id, u.channel, :kind, u.recipient, :at, :at
    FROM unnest(CAST(:channels AS text[]), CAST(:recipients AS text[])) AS u(channel, recipient)
    ON CONFLICT ON CONSTRAINT notice_once_a_channel DO NOTHING
    """
)

_LEASE = text(
    f"""
    UPDATE notice SET state = 'leased', lease_token = :token, tries = tries + 1,
           leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = ANY(ARRAY(
        SELECT id FROM notice
        WHERE ((state = 'queued' AND next_at <= :now) OR (state = 'leased' AND leased_until < clock_timestamp()))
          AND channel = coalesce(:channel, channel)
        ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING *
    """  # noqa: S608 - a constant of this file
)

_SETTLE = text(
    """
    UPDATE notice SET state = :state, sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END,
           next_at = coalesce(CAST(:next_at AS timestamptz), next_at), last_error = :error,
           lease_token = NULL, leased_until = NULL
    WHERE id = :id AND lease_token = :token
    """
)


def queue(
    db: Connection, handoff_id: int, *, kind: str, channels: Sequence[tuple[str, str | None]], at: datetime
) -> None:
    """Write one notice for each (channel, recipient), in the transaction of what it tells of."""
    values = {
        "handoff_id": handoff_id,
        "kind": kind,
        "channels": [channel for channel, _ in channels],
        "recipients": [recipient for _, recipient in channels],
        "at": at,
    }
    db.execute(_INSERT, values)


def lease(db: Connection, *, token: UUID, now: datetime, most: int, channel: str | None = None) -> Sequence[Row[Any]]:
    """Take notices that are due, of one channel or of all, also those a dead worker held."""
    return db.execute(_LEASE, {"token": token, "now": now, "most": most, "channel": channel}).all()


def due_channels(db: Connection, now: datetime) -> list[str]:
    """Channels with a notice that waits to be sent."""
    query = text(
        """
        SELECT DISTINCT channel FROM notice WHERE (state = 'queued' AND next_at <= :now)
            OR (state = 'leased' AND leased_until < clock_timestamp()) ORDER BY channel
        """
    )
    return list(db.execute(query, {"now": now}).scalars())


def settle(
    db: Connection,
    notice_id: int,
    token: UUID,
    *,
    state: str,
    now: datetime,
    next_at: datetime | None = None,
    error: str | None = None,
) -> bool:
    """Record what became of a leased notice: `sent`, `queued` again from `next_at`, or `failed`."""
    values = {"id": notice_id, "token": token, "state": state, "now": now, "next_at": next_at, "error": error}
    return db.execute(_SETTLE, values).rowcount == 1


def any_due(db: Connection, now: datetime) -> bool:
    """Whether a notice waits to be sent."""
    query = text(
        """
        SELECT EXISTS (SELECT FROM notice WHERE (state = 'queued' AND next_at <= :now)
                       OR (state = 'leased' AND leased_until < clock_timestamp()))
        """
    )
    return bool(db.execute(query, {"now": now}).scalar())
