"""Addresses that must not be mailed, kept by hash so that they outlive an erased lead, and the history of that."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.rules.suppressing import KINDS
from nurture.trips import Answer, Statement, Trip

_SUPPRESS = text(
    """
    WITH asked AS (
        SELECT * FROM unnest(CAST(:hashes AS bytea[]), CAST(:hows AS text[]), CAST(:bys AS text[]))
            AS u(address_hash, how, by)
    ), written AS (
        INSERT INTO suppression (address_hash, topic, reason, how, at)
        SELECT address_hash, :topic, :reason, how, :at FROM asked ORDER BY address_hash
        ON CONFLICT (address_hash, topic) DO UPDATE SET reason = excluded.reason, how = excluded.how, at = excluded.at
        WHERE array_position(CAST(:kinds AS text[]), suppression.reason)
            < array_position(CAST(:kinds AS text[]), excluded.reason)
        RETURNING address_hash
    ), noted AS (
        INSERT INTO suppression_change (address_hash, topic, what, reason, by, why, at)
        SELECT a.address_hash, :topic, 'suppressed', :reason, a.by, a.how, :at FROM asked a
        CROSS JOIN LATERAL (
            SELECT max(c.id) FILTER (WHERE c.what = 'suppressed' AND c.reason = :reason) AS said,
                   max(c.id) FILTER (WHERE c.what = 'released') AS released
            FROM suppression_change c WHERE c.address_hash = a.address_hash AND c.topic = :topic) AS before
        WHERE coalesce(before.said, 0) <= coalesce(before.released, 0)
    )
    SELECT address_hash FROM written
    """
)
_RELEASE = text(
    """
    WITH gone AS (
        DELETE FROM suppression WHERE topic = :topic AND address_hash = ANY(:hashes) RETURNING address_hash, reason
    ), noted AS (
        INSERT INTO suppression_change (address_hash, topic, what, reason, by, why, at)
        SELECT address_hash, :topic, 'released', reason, :by, :why, :at FROM gone
    )
    SELECT count(*) FROM gone
    """
)
_SAID = text(
    """
    SELECT DISTINCT c.reason FROM suppression_change c
    WHERE c.address_hash = ANY(:hashes) AND c.topic = :topic AND c.what = 'suppressed'
      AND c.id > coalesce((SELECT max(r.id) FROM suppression_change r WHERE r.address_hash = c.address_hash
                           AND r.topic = :topic AND r.what = 'released'), 0)
    UNION SELECT reason FROM suppression WHERE address_hash = ANY(:hashes) AND topic = :topic
    """
)
_THERE = text(
    """
    SELECT address_hash, topic, reason, how, at FROM suppression
    WHERE address_hash = ANY(:hashes) ORDER BY topic, address_hash
    """
)
_HISTORY = text(
    """
    SELECT address_hash, topic, what, reason, by, why, at FROM suppression_change
    WHERE address_hash = ANY(:hashes) ORDER BY id
    """
)
_WISHES = text(
    """
    WITH known AS (
        SELECT id, email FROM lead WHERE id = ANY(:ids)
        UNION SELECT lead_id, value FROM identity WHERE kind = 'email' AND lead_id = ANY(:ids)
    )
    SELECT DISTINCT k.id AS lead_id, s.topic, s.reason, s.how FROM known k
    JOIN suppression s ON s.address_hash = sha256(convert_to(k.email, 'UTF8')) AND s.reason <> 'bounced'
    ORDER BY 1, 2, 3, 4
    """
)
_ERASED = Statement(
    """
    SELECT u.email, s.at FROM unnest(CAST(:emails AS text[])) AS u(email)
    JOIN suppression s ON s.address_hash = sha256(convert_to(u.email, 'UTF8')) AND s.reason = 'erased'
    """
)


def address_hash(email: str) -> bytes:
    """SHA-256 of the address in lower case: what a suppression is kept under. The delivery gate computes it in SQL."""
    return hashlib.sha256(email.strip().lower().encode()).digest()


def hashes_of(emails: Iterable[str]) -> list[bytes]:
    """The hashes of addresses, each once."""
    return sorted({address_hash(email) for email in emails})


def suppress(
    db: Connection, emails: Collection[str], *, reason: str, how: str, at: datetime, topic: str = "", by: str = ""
) -> int:
    """Suppress addresses (for one topic, or all mail); gives how many were not yet, or for a weaker reason.

    Of two reasons the stricter one is kept (`rules.suppressing.KINDS`); the history has both.
    """
    return len(suppress_each(db, dict.fromkeys(emails, (how, by)), reason=reason, at=at, topic=topic))


def suppress_each(
    db: Connection, said: Mapping[str, tuple[str, str]], *, reason: str, at: datetime, topic: str = ""
) -> set[str]:
    """The same, with how we know it and who says it of each address; gives those that were not yet, or more weakly."""
    if not said:
        return set()
    rows = {address_hash(email): (email, how, by) for email, (how, by) in said.items()}
    hows, bys = [how for _, how, _ in rows.values()], [by for _, _, by in rows.values()]
    values = {"reason": reason, "at": at, "topic": topic, "kinds": list(KINDS), "hows": hows, "bys": bys}
    return {rows[bytes(key)][0] for key in db.execute(_SUPPRESS, {**values, "hashes": list(rows)}).scalars()}


def release(db: Connection, hashes: Sequence[bytes], *, topic: str, by: str, why: str, at: datetime) -> int:
    """Take addresses off the list, of one topic or (`""`) of all mail; gives how many rows that was."""
    values = {"hashes": list(hashes), "topic": topic, "by": by, "why": why, "at": at}
    count: int = db.execute(_RELEASE, values).scalar_one()
    return count


def said_of(db: Connection, hashes: Sequence[bytes], topic: str) -> set[str]:
    """For what reasons these addresses were suppressed since they were last released."""
    return set(db.execute(_SAID, {"hashes": list(hashes), "topic": topic}).scalars())


def suppressions_of(db: Connection, email: str) -> Sequence[Row[Any]]:
    """What must not be mailed to this address, and why: all mail (an empty topic) or a topic's."""
    return suppressions_at(db, [address_hash(email)])


def suppressions_at(db: Connection, hashes: Sequence[bytes]) -> Sequence[Row[Any]]:
    """What must not be mailed to any of these addresses: `address_hash, topic, reason, how, at`."""
    return db.execute(_THERE, {"hashes": list(hashes)}).all()


def wishes_of(db: Connection, lead_ids: Collection[int]) -> Sequence[Row[Any]]:
    """What these people wished, at whatever of their addresses: `lead_id, topic, reason, how`."""
    return db.execute(_WISHES, {"ids": list(lead_ids)}).all()


def history_of(db: Connection, hashes: Sequence[bytes]) -> Sequence[Row[Any]]:
    """How the list has changed for these addresses, oldest first."""
    return db.execute(_HISTORY, {"hashes": list(hashes)}).all()


def erased(db: Connection, emails: Collection[str]) -> dict[str, datetime]:
    """Those of these addresses whose owners asked to be forgotten, and when that was done."""
    if not emails:
        return {}
    asked = {email.strip().lower(): email for email in emails}
    return {asked[email]: at for email, at in find_erased(Trip(db), asked).rows}


def find_erased(trip: Trip, emails: Iterable[str]) -> Answer:
    """The same as a question that comes along: rows of address, in lower case, and instant."""
    # every event comes through here: texts are sent in a fraction of the time of octets, and hashed there
    return trip.ask(_ERASED, {"emails": list(emails)})
