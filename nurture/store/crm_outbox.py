"""What CRMs are to be told: a row of the outbox for each lead and CRM, queued again whenever the lead changes.

A row says only that there is something new. What is told is read when it is sent, so a late one never puts old data
over new; and of one lead two workers never tell one CRM at once, for a row that is leased stays leased and is queued
again afterwards (`data.again`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from nurture.store.notices import LEAD_CHANGED

LEASE_SECONDS = 45
"""A batch may take longer with all its time-outs; then whoever has it renews this."""
REFRESH_EVERY = timedelta(days=1)
"""A score alone is not told more often."""

_INTO = """
    ON CONFLICT ON CONSTRAINT notice_once_a_channel DO UPDATE SET
        at = excluded.at, last_error = CASE WHEN notice.state IN ('queued', 'leased') THEN notice.last_error END,
        data = CASE WHEN notice.state = 'leased' THEN '{"again": true}'::jsonb END,
        tries = CASE WHEN notice.state IN ('queued', 'leased') THEN notice.tries ELSE 0 END,
        next_at = CASE WHEN notice.state IN ('queued', 'leased') THEN notice.next_at ELSE excluded.next_at END,
        state = CASE WHEN notice.state = 'leased' THEN 'leased' ELSE 'queued' END
"""
_COLUMNS = "INSERT INTO notice (about, kind, channel, lead_id, at, next_at)"

_QUEUE = text(
    f"""
    {_COLUMNS} SELECT 'lead:' || u.id, '{LEAD_CHANGED}', c.channel, u.id, :now, :now
    FROM unnest(CAST(:ids AS bigint[])) AS u(id) CROSS JOIN unnest(CAST(:channels AS text[])) AS c(channel)
    ORDER BY u.id, c.channel {_INTO}
    """  # noqa: S608 - constants of this file
)
_QUEUE_ALL = text(
    f"""
    {_COLUMNS} SELECT 'lead:' || l.id, '{LEAD_CHANGED}', :channel, l.id, :now, :now FROM lead l ORDER BY l.id {_INTO}
    """  # noqa: S608
)
_REFRESH_SCORES = text(
    f"""
    {_COLUMNS}
    SELECT 'lead:' || k.lead_id, '{LEAD_CHANGED}', k.channel, k.lead_id, :now, :now
    FROM crm_link k LEFT JOIN lead_score s ON s.lead_id = k.lead_id
    WHERE k.channel = :channel
      AND (k.digest IS NULL OR (coalesce(s.micro, 0) <> k.score_micro AND k.pushed_at <= :before))
    ORDER BY k.lead_id {_INTO}
    """  # noqa: S608
)
_REFRESH_OWNERS = text(
    f"""
    {_COLUMNS}
    SELECT 'lead:' || h.lead_id, '{LEAD_CHANGED}', k.channel, h.lead_id, :now, :now
    FROM handoff h JOIN crm_link k ON k.lead_id = h.lead_id AND k.channel = :channel
    WHERE h.state IN ('offered', 'accepted', 'contacted', 'qualified') AND h.owner IS NOT NULL AND h.origin = 'nurture'
      AND k.told ->> 'owner' IS DISTINCT FROM h.id || '/' || h.owner
    ORDER BY h.lead_id {_INTO}
    """  # noqa: S608
)
_IS_DUE = f"""
    kind = '{LEAD_CHANGED}' AND channel = :channel
    AND ((state = 'queued' AND next_at <= :now) OR (state = 'leased' AND leased_until < clock_timestamp()))
"""
_LEASE = text(
    f"""
    UPDATE notice SET state = 'leased', lease_token = :token, tries = tries + 1, data = NULL,
           leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = ANY(ARRAY(SELECT id FROM notice WHERE {_IS_DUE}
                         ORDER BY next_at, id LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING id, lead_id, tries
    """  # noqa: S608
)
_RENEW = text(
    f"""
    UPDATE notice SET leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = ANY(:ids) AND state = 'leased' AND lease_token = :token
    """  # noqa: S608
)
_HOLD = text("SELECT FROM notice WHERE id = ANY(:ids) ORDER BY lead_id, id FOR NO KEY UPDATE")
"""In the order in which rows are queued, or the two would wait for each other."""
_SETTLE = text(
    """
    UPDATE notice SET
        state = CASE WHEN data ->> 'again' = 'true' THEN 'queued' ELSE u.state END,
        sent_at = CASE WHEN u.state = 'sent' THEN CAST(:now AS timestamptz) ELSE sent_at END,
        next_at = CASE WHEN data ->> 'again' = 'true' AND u.next_at IS NULL THEN :now
                       ELSE coalesce(u.next_at, notice.next_at) END,
        tries = CASE WHEN u.counts AND data ->> 'again' IS NULL THEN tries ELSE greatest(tries - 1, 0) END,
        last_error = u.error, data = NULL, lease_token = NULL, leased_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:next_ats AS timestamptz[]),
                CAST(:errors AS text[]), CAST(:counts AS bool[])) AS u(id, state, next_at, error, counts)
    WHERE notice.id = u.id AND notice.lease_token = :token
    """
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a leased row. `counts`: as a try; not where nobody's record was the reason."""

    notice_id: int
    state: str
    error: str | None = None
    next_at: datetime | None = None
    counts: bool = True


def queue(db: Connection, lead_ids: Sequence[int], channels: Sequence[str], now: datetime) -> None:
    """Have these CRMs told of these leads, in the transaction of what changed."""
    if lead_ids and channels:
        db.execute(_QUEUE, {"ids": sorted(set(lead_ids)), "channels": list(channels), "now": now})


def queue_all(db: Connection, channel: str, now: datetime) -> int:
    """Have a CRM told of every lead; gives how many."""
    return db.execute(_QUEUE_ALL, {"channel": channel, "now": now}).rowcount


def refresh_scores(db: Connection, channel: str, now: datetime) -> int:
    """Queue whose score has changed since it was told, a day ago or more; and who was made one with another lead."""
    values = {"channel": channel, "now": now, "before": now - REFRESH_EVERY}
    return db.execute(_REFRESH_SCORES, values).rowcount


def refresh_owners(db: Connection, channel: str, now: datetime) -> int:
    """Queue whose rep is another than the CRM was told: a handoff is given away without anything being decided."""
    return db.execute(_REFRESH_OWNERS, {"channel": channel, "now": now}).rowcount


def lease(db: Connection, channel: str, *, token: UUID, now: datetime, most: int) -> Sequence[Row[Any]]:
    """Take rows (`id`, `lead_id`, `tries`) that are due, also those that a dead worker held."""
    return db.execute(_LEASE, {"channel": channel, "token": token, "now": now, "most": most}).all()


def renew(db: Connection, ids: Sequence[int], token: UUID) -> None:
    """Hold leased rows for another while."""
    db.execute(_RENEW, {"ids": list(ids), "token": token})


def settle(db: Connection, rows: Sequence[Settled], token: UUID, now: datetime) -> None:
    """Record what became of leased rows; one that changed meanwhile is queued again."""
    if rows:
        values = {
            "ids": [row.notice_id for row in rows],
            "states": [row.state for row in rows],
            "next_ats": [row.next_at for row in rows],
            "errors": [row.error for row in rows],
            "counts": [row.counts for row in rows],
        }
        db.execute(_HOLD, {"ids": values["ids"]})
        db.execute(_SETTLE, {**values, "token": token, "now": now})


def any_due(db: Connection, channel: str, now: datetime) -> bool:
    """Whether a row waits to be told to this CRM."""
    query = text(f"SELECT EXISTS (SELECT FROM notice WHERE {_IS_DUE})")  # noqa: S608
    return bool(db.execute(query, {"channel": channel, "now": now}).scalar())


def counts(db: Connection, channel: str) -> dict[str, int]:
    """How many rows are in which state."""
    query = text(f"SELECT state, count(*) FROM notice WHERE kind = '{LEAD_CHANGED}' AND channel = :channel GROUP BY 1")  # noqa: S608
    return dict(db.execute(query, {"channel": channel}).all())
