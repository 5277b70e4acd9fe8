"""Mail that came in: kept once, matched to mails of ours, passed on to people by an outbox; how far boxes are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

LEASE_SECONDS = 45
KEPT = timedelta(days=90)
"""So long mails that came in are kept as they came."""

_KEEP = text(
    """
    INSERT INTO inbound_mail (digest, received_at, source, envelope_to, sender_hash, kind, lead_id, delivery_id,
                              matched_by, said, raw)
    VALUES (:digest, :received_at, :source, :envelope_to, :sender_hash, :kind, :lead_id, :delivery_id,
            :matched_by, :said, :raw)
    ON CONFLICT ON CONSTRAINT inbound_mail_once DO NOTHING RETURNING id
    """
)
_KNOWN = text("SELECT EXISTS (SELECT FROM inbound_mail WHERE digest = :digest)")
_LATELY = text(
    """
    SELECT count(*) FROM inbound_mail WHERE sender_hash = :sender_hash AND received_at > :since
      AND coalesce(matched_by IN ('references', 'token'), false) = :is_genuine
    """
)
_MAILS = text("SELECT id, lead_id, campaign, step FROM delivery WHERE id = ANY(:ids)")
_OF_LEAD = text(
    """
    SELECT id, received_at, source, kind, matched_by, said FROM inbound_mail WHERE lead_id = :lead_id
    ORDER BY received_at DESC, id DESC LIMIT :most
    """
)
_OWNER = text(
    """
    SELECT coalesce((SELECT owner FROM handoff WHERE lead_id = :lead_id
                     AND state IN ('offered', 'accepted', 'contacted', 'qualified')),
                    (SELECT owner FROM lead WHERE id = :lead_id))
    """
)
_DROP = text("DELETE FROM inbound_mail WHERE received_at < :before")

_FORWARD = text("INSERT INTO mail_forward (inbound_id, recipient, at, next_at) VALUES (:id, :recipient, :now, :now)")
_TAKE = text(
    f"""
    UPDATE mail_forward SET state = 'leased', lease_token = :token, tries = tries + 1,
           leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE inbound_id = (
        SELECT inbound_id FROM mail_forward
        WHERE (state = 'queued' AND next_at <= :now) OR (state = 'leased' AND leased_until < clock_timestamp())
        ORDER BY next_at, inbound_id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING inbound_id, recipient, at, tries
    """  # noqa: S608 - a constant of this file
)
_RENEW = text(
    f"""
    UPDATE mail_forward SET leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE inbound_id = :id AND state = 'leased' AND lease_token = :token
    """  # noqa: S608 - a constant of this file
)
_SETTLE = text(
    """
    UPDATE mail_forward SET state = :state, sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END,
           next_at = coalesce(CAST(:next_at AS timestamptz), next_at), last_error = :error,
           lease_token = NULL, leased_until = NULL
    WHERE inbound_id = :id AND lease_token = :token
    """
)
ANY_TO_FORWARD = """
    SELECT EXISTS (SELECT FROM mail_forward WHERE (state = 'queued' AND next_at <= :now)
                   OR (state = 'leased' AND leased_until < clock_timestamp()))
"""
"""Whether a mail waits to go on to somebody."""
_MAIL = text(
    """
    SELECT i.id, i.kind, i.lead_id, i.raw, i.said, i.received_at, l.email, l.first_name, l.last_name, l.company, l.stage
    FROM inbound_mail i LEFT JOIN lead l ON l.id = i.lead_id WHERE i.id = :id
    """
)

_POSITION = text("SELECT uid_validity, uid FROM inbox_position WHERE mailbox = :mailbox")
_READ = text(
    """
    INSERT INTO inbox_position (mailbox, uid_validity, uid, read_at) VALUES (:mailbox, :uid_validity, :uid, :now)
    ON CONFLICT (mailbox) DO UPDATE SET uid_validity = excluded.uid_validity, read_at = excluded.read_at,
        uid = CASE WHEN inbox_position.uid_validity = excluded.uid_validity
                   THEN greatest(inbox_position.uid, excluded.uid) ELSE excluded.uid END
    """
)


@dataclass(frozen=True, slots=True)
class InboundRow:
    """One mail as it is kept (`models.InboundMail`)."""

    digest: bytes
    received_at: datetime
    source: str
    kind: str
    raw: bytes
    envelope_to: str | None = None
    sender_hash: bytes | None = None
    lead_id: int | None = None
    delivery_id: int | None = None
    matched_by: str | None = None
    said: str | None = None


def keep(db: Connection, row: InboundRow) -> int | None:
    """Keep a mail; None where it has been kept before. Whoever keeps the same at once waits for the other."""
    values = {name: getattr(row, name) for name in InboundRow.__slots__}
    return db.execute(_KEEP, values).scalar()


def is_known(db: Connection, digest: bytes) -> bool:
    """Whether this mail came before."""
    return bool(db.execute(_KNOWN, {"digest": digest}).scalar())


def count_lately(db: Connection, sender_hash: bytes, since: datetime, *, is_genuine: bool) -> int:
    """How many mails came from this sender since: those that answer one of ours, or the others."""
    values = {"sender_hash": sender_hash, "since": since, "is_genuine": is_genuine}
    return int(db.execute(_LATELY, values).scalar_one())


def mails(db: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Our mails of these ids, as far as there are such."""
    return {row.id: row for row in db.execute(_MAILS, {"ids": list(ids)})} if ids else {}


def of_lead(db: Connection, lead_id: int, most: int) -> Sequence[Row[Any]]:
    """What came in from a lead, the newest first."""
    return db.execute(_OF_LEAD, {"lead_id": lead_id, "most": most}).all()


def owner_of(db: Connection, lead_id: int) -> str | None:
    """Who has the lead: of its open handoff, else of its profile."""
    return db.execute(_OWNER, {"lead_id": lead_id}).scalar()


def drop_old(db: Connection, now: datetime) -> int:
    """Forget what came in so long ago."""
    return db.execute(_DROP, {"before": now - KEPT}).rowcount


def forward(db: Connection, inbound_id: int, recipient: str, now: datetime) -> None:
    """Let a mail that came in reach a person."""
    db.execute(_FORWARD, {"id": inbound_id, "recipient": recipient, "now": now})


def take_forward(db: Connection, token: UUID, now: datetime) -> Row[Any] | None:
    """Lease the next mail that is to go on to somebody."""
    return db.execute(_TAKE, {"token": token, "now": now}).one_or_none()


def renew_forward(db: Connection, inbound_id: int, token: UUID) -> None:
    """Hold a mail that is on its way to somebody for another while."""
    db.execute(_RENEW, {"id": inbound_id, "token": token})


def settle_forward(
    db: Connection,
    inbound_id: int,
    token: UUID,
    *,
    state: str,
    now: datetime,
    next_at: datetime | None,
    error: str | None,
) -> None:
    """Record what became of it: `sent`, `queued` again from `next_at`, or `failed`."""
    values = {"id": inbound_id, "token": token, "state": state, "now": now, "next_at": next_at, "error": error}
    db.execute(_SETTLE, values)


def try_again(db: Connection, inbound_id: int, now: datetime) -> None:
    """Let a mail that nobody took go on again, from its first try."""
    query = text(
        """
        UPDATE mail_forward SET state = 'queued', tries = 0, next_at = :now, last_error = NULL
        WHERE inbound_id = :id AND state = 'failed'
        """
    )
    db.execute(query, {"id": inbound_id, "now": now})


def mail(db: Connection, inbound_id: int) -> Row[Any] | None:
    """A mail that came in, and its lead."""
    return db.execute(_MAIL, {"id": inbound_id}).one_or_none()


def position(db: Connection, mailbox: str) -> tuple[int, int] | None:
    """Up to where a mailbox has been read: UIDVALIDITY and UID; None where never."""
    row = db.execute(_POSITION, {"mailbox": mailbox}).one_or_none()
    return None if row is None else (row.uid_validity, row.uid)


def read_up_to(db: Connection, mailbox: str, uid_validity: int, uid: int, now: datetime) -> None:
    """Note up to where a mailbox has been read; never goes back within one UIDVALIDITY."""
    db.execute(_READ, {"mailbox": mailbox, "uid_validity": uid_validity, "uid": uid, "now": now})
