"""Mails that ask whether a form was somebody's own: asked for, sent once, confirmed.

`queued → sending → sent | failed | unknown`. A mail is `sending` before it leaves; one whose answer was lost is
`unknown` and not sent again. An address is asked at most once a day and `MOST` times in all, so that no form can be
used to flood somebody; to count these, rows outlive their lead for `REMEMBERED`, with a hash of the address. Addresses
of one mailbox (`ada+1@…`, `ada+2@…`, dots at Gmail) are one here, under the hash of its plain form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

MOST = 3
"""So often one address is asked in all."""
REMEMBERED = timedelta(days=365)
LEASE_SECONDS = 45
"""So long after a worker died with a mail in its hands nobody knows what became of it; one that lives renews this."""

_MAILBOX = """sha256(convert_to(CASE WHEN split_part(l.email, '@', 2) IN ('gmail.com', 'googlemail.com')
    THEN replace(split_part(split_part(l.email, '@', 1), '+', 1), '.', '') || '@gmail.com'
    ELSE regexp_replace(l.email, '(.)[+][^@]*@', '\\1@') END, 'UTF8'))"""
_HOLD = text(
    f"""
    SELECT pg_advisory_xact_lock(hashtextextended(encode(m.hash, 'hex'), 0))
    FROM (SELECT DISTINCT {_MAILBOX} AS hash FROM lead l WHERE l.id = ANY(:lead_id) ORDER BY 1) m
    """  # noqa: S608 - a constant of this file
)
_ASK = text(
    f"""
    INSERT INTO confirmation (lead_id, address_hash, source, basis, wording, agent, asked_at, expires_at, next_at)
    SELECT DISTINCT ON (m.hash) u.lead_id, m.hash, u.source, u.basis, u.wording, u.agent, CAST(:now AS timestamptz),
           CAST(:expires_at AS timestamptz), CAST(:now AS timestamptz)
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:source AS text[]), CAST(:basis AS text[]), CAST(:wording AS text[]),
                CAST(:agent AS text[])) AS u(lead_id, source, basis, wording, agent)
    JOIN lead l ON l.id = u.lead_id CROSS JOIN LATERAL (SELECT {_MAILBOX} AS hash) m
    WHERE (SELECT count(*) FROM confirmation c WHERE c.address_hash = m.hash) < :most
      AND NOT EXISTS (SELECT FROM confirmation c WHERE c.address_hash = m.hash
                      AND c.asked_at > CAST(:now AS timestamptz) - interval '1 day')
      AND NOT EXISTS (SELECT FROM suppression s WHERE s.address_hash IN (sha256(convert_to(l.email, 'UTF8')), m.hash)
                      AND s.topic = '' AND s.reason NOT IN ('unsubscribed', 'erased'))
    ORDER BY m.hash, u.lead_id
    RETURNING lead_id
    """  # noqa: S608 - a constant of this file
)
_WAIT = text("UPDATE lead SET unconfirmed_at = :now WHERE id = ANY(:ids) AND unconfirmed_at IS NULL")
_TAKE = text(
    f"""
    UPDATE confirmation SET state = 'sending', lease_token = :token, tries = tries + 1,
           leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = (SELECT id FROM confirmation WHERE state = 'queued' AND next_at <= :now
                ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *
    """  # noqa: S608 - a constant of this file
)
_SETTLE = text(
    """
    UPDATE confirmation SET state = :state, last_error = :error, lease_token = NULL, leased_until = NULL,
           sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END,
           next_at = coalesce(CAST(:next_at AS timestamptz), next_at)
    WHERE id = :id AND lease_token = :token AND state IN ('sending', 'unknown')
    """
)
_RENEW = text(
    f"""
    UPDATE confirmation SET leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    WHERE id = :id AND state = 'sending' AND lease_token = :token
    """  # noqa: S608 - a constant of this file
)
_EXPIRE = text(
    """
    UPDATE confirmation
    SET state = 'unknown', last_error = 'the answer was lost', leased_until = NULL
    WHERE state = 'sending' AND leased_until < clock_timestamp()
    """
)
ANY_DUE = "SELECT EXISTS (SELECT FROM confirmation WHERE state = 'queued' AND next_at <= :now)"
"""Whether a mail waits to be sent."""
ANY_LOST = "SELECT EXISTS (SELECT FROM confirmation WHERE state = 'sending' AND leased_until < clock_timestamp())"
"""Whether a dead worker was sending one."""
_CONFIRMED = text(
    """
    UPDATE confirmation SET confirmed_at = coalesce(confirmed_at, CAST(:now AS timestamptz)),
           state = CASE WHEN state IN ('queued', 'sending', 'unknown') THEN 'sent' ELSE state END
    WHERE id = :id
    """
)
_SILENT = text(
    """
    SELECT l.id FROM lead l
    WHERE l.unconfirmed_at < :before AND l.stage IN ('inquiry', 'nurture') AND NOT l.handed_over AND NOT l.refused
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.lead_id = l.id AND d.state IN ('sending', 'sent', 'unknown'))
      AND NOT EXISTS (SELECT FROM confirmation c WHERE c.lead_id = l.id AND c.expires_at > :now)
    ORDER BY l.id LIMIT :most
    """
)
_DROP = text("DELETE FROM confirmation WHERE lead_id IS NULL AND asked_at < :before")


@dataclass(frozen=True, slots=True)
class Question:
    """Whom to ask, about which form: its source, the ground and wording it named, the program that sent it."""

    lead_id: int
    source: str
    basis: str
    wording: str | None = None
    agent: str | None = None


def ask(db: Connection, questions: Sequence[Question], now: datetime, *, expires_at: datetime) -> set[int]:
    """Write down the mails that ask, one a lead; gives the leads that are asked. The leads must be locked.

    A mailbox that was asked within a day, or `MOST` times in all, is not asked; nor is an address that bounced,
    complained or was suppressed by one of us. Who asks the same mailbox at once waits here.
    """
    if not questions:
        return set()
    columns = {one.name: [getattr(question, one.name) for question in questions] for one in fields(Question)}
    db.execute(_HOLD, {"lead_id": columns["lead_id"]})
    return set(db.execute(_ASK, {**columns, "now": now, "expires_at": expires_at, "most": MOST}).scalars())


def wait_for(db: Connection, ids: set[int], now: datetime) -> None:
    """From now on these leads are unconfirmed."""
    if ids:
        db.execute(_WAIT, {"ids": sorted(ids), "now": now})


def take(db: Connection, token: UUID, now: datetime) -> Row[Any] | None:
    """Take the next mail that is due: it is `sending` once this is committed."""
    return db.execute(_TAKE, {"token": token, "now": now}).one_or_none()


def settle(
    db: Connection,
    id_: int,
    token: UUID,
    *,
    state: str,
    now: datetime,
    next_at: datetime | None = None,
    error: str = "",
) -> None:
    """Record what became of a mail: `sent`, `queued` again from `next_at`, `failed` or `unknown`."""
    values = {"id": id_, "token": token, "state": state, "now": now, "next_at": next_at, "error": error or None}
    db.execute(_SETTLE, values)


def renew(db: Connection, id_: int, token: UUID) -> None:
    """Hold a mail that is being handed over for another while."""
    db.execute(_RENEW, {"id": id_, "token": token})


def expire(db: Connection) -> int:
    """Settle what dead workers were sending: nobody knows whether it went. A late answer of one that lives counts."""
    return db.execute(_EXPIRE).rowcount


def try_again(db: Connection, id_: int, now: datetime) -> None:
    """Queue a mail that was surely not taken once more, from its first try; one that may have arrived never is."""
    query = text(
        """
        UPDATE confirmation SET state = 'queued', tries = 0, next_at = :now, last_error = NULL
        WHERE id = :id AND state = 'failed'
        """
    )
    db.execute(query, {"id": id_, "now": now})


def one(db: Connection, id_: int) -> Row[Any] | None:
    """One question."""
    return db.execute(text("SELECT * FROM confirmation WHERE id = :id"), {"id": id_}).one_or_none()


def confirmed(db: Connection, id_: int, now: datetime) -> None:
    """Note that somebody said yes; the first time stays."""
    db.execute(_CONFIRMED, {"id": id_, "now": now})


def silent(db: Connection, now: datetime, before: datetime, most: int) -> list[int]:
    """Leads that are unconfirmed since before then, and that nobody has mailed or handed over; no question is open."""
    return list(db.execute(_SILENT, {"now": now, "before": before, "most": most}).scalars())


def drop_old(db: Connection, now: datetime) -> int:
    """Forget that addresses were asked whose leads are gone."""
    return db.execute(_DROP, {"before": now - REMEMBERED}).rowcount
