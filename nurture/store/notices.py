"""The outbox of news: leased, sent, tried again, given up; each failure with its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Row, text

LEASE_SECONDS = 45

LEAD_CHANGED = "lead.changed"
"""The kind of what CRMs are told. Connectors lease these rows themselves, many at a time; here they are passed over."""

_QUEUE = text(
    """
    INSERT INTO notice (about, kind, channel, recipient, handoff_id, lead_id, data, at, next_at)
    SELECT u.about, :kind, u.channel, u.recipient, u.handoff_id, u.lead_id, CAST(u.data AS jsonb), :at, :at
    FROM unnest(CAST(:about AS text[]), CAST(:channel AS text[]), CAST(:recipient AS text[]),
                CAST(:handoff_id AS bigint[]), CAST(:lead_id AS bigint[]), CAST(:data AS text[]))
        AS u(about, channel, recipient, handoff_id, lead_id, data)
    ON CONFLICT ON CONSTRAINT notice_once_a_channel DO NOTHING
    """
)

_IS_DUE = f"""
    ((state = 'queued' AND next_at <= :now) OR (state = 'leased' AND leased_until < clock_timestamp()))
    AND kind <> '{LEAD_CHANGED}'
"""

ANY_DUE = f"SELECT EXISTS (SELECT FROM notice WHERE {_IS_DUE})"  # noqa: S608 - a constant of this file
"""Whether a notice waits to be sent."""

_LEASE = text(
    f"""
    UPDATE notice SET state = 'leased', lease_token = :token, tries = tries + 1,
           leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = ANY(ARRAY(
        SELECT id FROM notice WHERE {_IS_DUE} AND channel = coalesce(:channel, channel)
        ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING *
    """  # noqa: S608 - constants of this file
)

_RENEW = text(
    f"""
    UPDATE notice SET leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = ANY(:ids) AND state = 'leased' AND lease_token = :token
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


@dataclass(frozen=True, slots=True)
class Queued:
    """One row to be written: one channel, and by mail one recipient, to be told of one thing."""

    about: str
    channel: str
    recipient: str | None = None
    handoff_id: int | None = None
    lead_id: int | None = None
    data: Mapping[str, object] | None = None


def queue(db: Connection, kind: str, rows: Sequence[Queued], *, at: datetime) -> None:
    """Write these rows, in the transaction of what they tell of; what is there already stays as it is."""
    if not rows:
        return
    columns: dict[str, list[object]] = {
        name: [getattr(row, name) for row in rows]
        for name in ("about", "channel", "recipient", "handoff_id", "lead_id")
    }
    columns["data"] = [None if row.data is None else orjson.dumps(dict(row.data)).decode() for row in rows]
    db.execute(_QUEUE, {**columns, "kind": kind, "at": at})


def lease(db: Connection, *, token: UUID, now: datetime, most: int, channel: str | None = None) -> Sequence[Row[Any]]:
    """Take notices that are due, of one channel or of all, also those a dead worker held."""
    return db.execute(_LEASE, {"token": token, "now": now, "most": most, "channel": channel}).all()


def renew(db: Connection, ids: Sequence[int], token: UUID) -> None:
    """Hold leased notices for another while."""
    db.execute(_RENEW, {"ids": list(ids), "token": token})


def due_channels(db: Connection, now: datetime) -> list[str]:
    """Channels with a notice that waits to be sent."""
    query = text(f"SELECT DISTINCT channel FROM notice WHERE {_IS_DUE} ORDER BY channel")  # noqa: S608
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
    """Record what became of a leased notice: `sent`, `queued` again from `next_at`, `failed` or `cancelled`."""
    values = {"id": notice_id, "token": token, "state": state, "now": now, "next_at": next_at, "error": error}
    return db.execute(_SETTLE, values).rowcount == 1


def first_mail(db: Connection, handoff_id: int, kind: str, recipient: str | None) -> int | None:
    """The mail of this kind that was queued first about a handoff, this recipient's own before others'."""
    query = text(
        """
        SELECT id FROM notice WHERE handoff_id = :handoff_id AND kind = :kind AND channel = 'email'
        ORDER BY recipient IS NOT DISTINCT FROM CAST(:recipient AS text) DESC, id LIMIT 1
        """
    )
    return db.execute(query, {"handoff_id": handoff_id, "kind": kind, "recipient": recipient}).scalar_one_or_none()


def listed(
    db: Connection, *, state: str | None = None, handoff_id: int | None = None, most: int = 1000
) -> Sequence[Row[Any]]:
    """News, newest first, with its lead's address; of one state or one handoff where asked."""
    query = text(
        """
        SELECT n.id, n.about, n.kind, n.channel, n.recipient, n.state, n.tries, n.at, n.next_at, n.sent_at,
               n.last_error AS reason, n.handoff_id AS handoff, l.email AS lead
        FROM notice n LEFT JOIN handoff h ON h.id = n.handoff_id
             LEFT JOIN lead l ON l.id = coalesce(n.lead_id, h.lead_id)
        WHERE (CAST(:state AS text) IS NULL OR n.state = :state)
          AND (CAST(:handoff_id AS bigint) IS NULL OR n.handoff_id = :handoff_id)
        ORDER BY n.id DESC LIMIT :most
        """
    )
    return db.execute(query, {"state": state, "handoff_id": handoff_id, "most": most}).all()


def try_again(db: Connection, ids: Sequence[int] | None, now: datetime) -> Sequence[Row[Any]]:
    """Queue failed news again, from its first try, or let queued news go at once; gives id and channel of each.

    `ids` None: all that failed. What was sent, is being sent or was cancelled stays as it is.
    """
    query = text(
        """
        UPDATE notice SET state = 'queued', tries = 0, next_at = :now, last_error = NULL
        WHERE CASE WHEN CAST(:ids AS bigint[]) IS NULL THEN state = 'failed'
                   ELSE id = ANY(:ids) AND state IN ('failed', 'queued') END
        RETURNING id, channel
        """
    )
    return db.execute(query, {"ids": None if ids is None else list(ids), "now": now}).all()


def state_of(db: Connection, notice_id: int) -> str | None:
    """What became of one so far; None if there is no such."""
    return db.execute(text("SELECT state FROM notice WHERE id = :id"), {"id": notice_id}).scalar_one_or_none()
