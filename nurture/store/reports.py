"""Reports on mails: kept once each, dropped in time; and what they settle of the mails."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.messages import EventType, RejectReason, Severity
from nurture.rules.bounces import ACCEPTED, LEFT, NOT_SENT, Mailed

RAW_KEPT_FOR = timedelta(days=90)
"""How long a report is kept as it came, with the address in it; a report that belongs to nobody is dropped then."""
AT_ONCE = 10_000
"""Reports of each kind that are dropped at once; who has dropped so many looks again soon."""
TOKENS_KEPT_FOR = timedelta(days=2)
"""How long tokens of signed calls are kept; no call is taken that was signed so long ago."""

_INSERT = text(
    """
    INSERT INTO mail_report (provider, event_id, seen, type, at, received_at, lead_id, delivery_id, recipient,
                             address_hash, message_id, reject_reason, severity, said, automatic, raw)
    SELECT u.provider, u.event_id, u.seen, u.type, u.at, :now, u.lead_id, u.delivery_id, u.recipient, u.address_hash,
           u.message_id, u.reject_reason, u.severity, u.said, u.automatic, u.raw
    FROM unnest(CAST(:provider AS text[]), CAST(:event_id AS text[]), CAST(:seen AS bytea[]), CAST(:type AS text[]),
                CAST(:at AS timestamptz[]), CAST(:lead_id AS bigint[]), CAST(:delivery_id AS bigint[]),
                CAST(:recipient AS text[]), CAST(:address_hash AS bytea[]), CAST(:message_id AS text[]),
                CAST(:reject_reason AS text[]), CAST(:severity AS text[]), CAST(:said AS text[]),
                CAST(:automatic AS bool[]), CAST(:raw AS bytea[]))
        AS u(provider, event_id, seen, type, at, lead_id, delivery_id, recipient, address_hash, message_id,
             reject_reason, severity, said, automatic, raw)
    ORDER BY u.provider, u.seen
    ON CONFLICT (provider, seen) DO NOTHING RETURNING provider, seen
    """
)
_MAILED = text(
    """
    SELECT d.id, d.lead_id, l.email, coalesce(m.lost ->> 'email', (
        SELECT c.changes -> 'email' ->> 0 FROM lead_change c
        WHERE c.lead_id = d.lead_id AND jsonb_exists(c.changes, 'email') AND c.at > coalesce(d.sending_at, d.queued_at)
        ORDER BY c.at, c.id LIMIT 1)) AS was
    FROM delivery d JOIN lead l ON l.id = d.lead_id LEFT JOIN merged_lead m ON m.lost_id = d.merged_from
    WHERE d.id = ANY(:ids)
    """
)
_SETTLE = text(
    """
    WITH heard AS (
        SELECT DISTINCT ON (delivery_id) delivery_id, type <> ALL(:not_sent) AS sent, at,
               CASE WHEN type <> ALL(:not_sent) THEN concat('settled by ', provider) ELSE
                   left(concat(provider, ': ', type, ' (' || reject_reason || ')', '; ' || said), 500) END AS words
        FROM mail_report
        WHERE delivery_id = ANY(:ids) AND (type = ANY(:left) OR type = ANY(:not_sent) OR type = ANY(:accepted))
        ORDER BY delivery_id, type = ANY(:left) DESC, type = ANY(:not_sent) DESC, at, seen
    ), before AS (
        SELECT d.id, d.state, h.sent, h.at, h.words
        FROM delivery d JOIN heard h ON h.delivery_id = d.id
        WHERE d.id = ANY(:ids) AND CASE
            WHEN NOT h.sent THEN d.state IN ('sending', 'unknown', 'sent')
            WHEN d.state IN ('sending', 'unknown') THEN true
            WHEN d.sending_at IS NULL AND d.message_id IS NULL THEN false
            WHEN d.state IN ('failed', 'cancelled') THEN NOT EXISTS (
                SELECT FROM delivery o WHERE o.lead_id = d.lead_id AND o.local_on = d.local_on AND o.id <> d.id
                AND o.state IN ('queued', 'leased', 'sending', 'sent', 'unknown'))
            ELSE d.state IN ('queued', 'leased') END
        ORDER BY d.id FOR NO KEY UPDATE OF d
    )
    UPDATE delivery d
    SET state = CASE WHEN b.sent THEN 'sent' ELSE 'failed' END, reason = b.words, for_good = NOT b.sent,
        sent_at = CASE WHEN b.sent THEN coalesce(d.sent_at, d.sending_at, b.at) END,
        lease_token = NULL, leased_until = NULL
    FROM before b WHERE d.id = b.id
    RETURNING d.id, d.lead_id, d.campaign, d.step, d.cycle, d.state, b.state AS was
    """
)
_LISTED = """
    SELECT id, provider, event_id, type, at, received_at, delivery_id, recipient, message_id, reject_reason, severity,
           said, automatic
    FROM mail_report
"""
_SINCE = text(
    """
    SELECT type, severity, count(*) AS n FROM mail_report
    WHERE received_at >= :since AND delivery_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
    """
)
_EMPTY = text(
    """
    UPDATE mail_report SET raw = NULL, recipient = NULL
    WHERE id = ANY(ARRAY(SELECT id FROM mail_report WHERE received_at < :before AND raw IS NOT NULL LIMIT :most))
    """
)
_DROP = text(
    """
    DELETE FROM mail_report WHERE id = ANY(ARRAY(
        SELECT id FROM mail_report WHERE received_at < :before AND raw IS NOT NULL AND lead_id IS NULL LIMIT :most))
    """
)
_DROP_ALL = text(
    "DELETE FROM mail_report WHERE id = ANY(ARRAY(SELECT id FROM mail_report WHERE received_at < :before LIMIT :most))"
)
_USE = text(
    """
    INSERT INTO hook_token (token, content, at) VALUES (:token, :content, :now)
    ON CONFLICT (token) DO UPDATE SET token = excluded.token RETURNING content
    """
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as it is kept; `seen` is its key, the same however often it comes."""

    provider: str
    event_id: str
    seen: bytes
    type: EventType
    at: datetime
    lead_id: int | None
    delivery_id: int | None
    recipient: str | None
    address_hash: bytes | None
    message_id: str | None
    reject_reason: RejectReason | None
    severity: Severity | None
    said: str | None
    automatic: bool
    raw: bytes


def insert(db: Connection, rows: Sequence[ReportRow], now: datetime) -> set[tuple[str, bytes]]:
    """Keep reports; gives the keys of those that are new. Who keeps the same one at the same time waits here."""
    if not rows:
        return set()
    columns = {name: [getattr(row, name) for row in rows] for name in ReportRow.__slots__}
    return {(row.provider, bytes(row.seen)) for row in db.execute(_INSERT, {**columns, "now": now})}


def mailed(db: Connection, deliveries: Iterable[int]) -> dict[int, tuple[int, Mailed]]:
    """Of each of these deliveries that there is: its lead, and where it was sent."""
    ids = sorted(set(deliveries))
    if not ids:
        return {}
    return {row.id: (row.lead_id, Mailed(row.email, row.was)) for row in db.execute(_MAILED, {"ids": ids})}


def settle(db: Connection, deliveries: Iterable[int]) -> Sequence[Row[Any]]:
    """Set the state of mails to what all reports on them say; gives those that changed, with the state before (`was`).

    A mail of which anything shows that it left is `sent`, also one that would be tried again, or was cancelled then.
    One of which nothing does, and that the provider did not send, has `failed` for good.
    """
    ids = sorted(set(deliveries))
    if not ids:
        return ()
    kinds = {"left": list(LEFT), "not_sent": list(NOT_SENT), "accepted": list(ACCEPTED)}
    return db.execute(_SETTLE, {"ids": ids, **kinds}).all()


def of_deliveries(db: Connection, deliveries: Iterable[int], most: int = 1000) -> Sequence[Row[Any]]:
    """What was reported on these mails, newest first."""
    query = text(_LISTED + " WHERE delivery_id = ANY(:ids) ORDER BY at DESC, id DESC LIMIT :most")
    return db.execute(query, {"ids": list(deliveries), "most": most}).all()


def of_lead(db: Connection, lead_id: int, most: int = 1000) -> Sequence[Row[Any]]:
    """What was reported on a lead's mails, or of its address, newest first."""
    query = text(_LISTED + " WHERE lead_id = :id ORDER BY at DESC, id DESC LIMIT :most")
    return db.execute(query, {"id": lead_id, "most": most}).all()


def counts_since(db: Connection, since: datetime) -> Sequence[Row[Any]]:
    """How many reports on our mails came since then, by `type` and `severity`: what a breaker looks at."""
    return db.execute(_SINCE, {"since": since}).all()


def drop_old(db: Connection, now: datetime, most: int = AT_ONCE) -> int:
    """Empty what has been kept long enough of reports, and drop those that belong to nobody; gives how many."""
    values = {"before": now - RAW_KEPT_FOR, "most": most}
    return db.execute(_DROP, values).rowcount + db.execute(_EMPTY, values).rowcount


def drop_before(db: Connection, since: date, most: int = AT_ONCE) -> int:
    """Drop reports that came before this day (UTC), whoever they belong to; gives how many."""
    return db.execute(_DROP_ALL, {"before": datetime.combine(since, time.min, UTC), "most": most}).rowcount


def use_token(db: Connection, token: str, content: bytes, now: datetime) -> bool:
    """Use a token that signs one call; False if something else was said by it before."""
    key = hashlib.sha256(token.encode("utf-8", "replace")).digest()
    kept = db.execute(_USE, {"token": key, "content": content, "now": now}).scalar_one()
    return bytes(kept) == content


def drop_tokens(db: Connection, now: datetime) -> int:
    """Forget tokens of calls that were signed too long ago to be good any more."""
    return db.execute(text("DELETE FROM hook_token WHERE at < :before"), {"before": now - TOKENS_KEPT_FOR}).rowcount
