"""Addresses at which mails bounced for the moment."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from nurture.rules.bounces import ALIVE, QUIET, Mailbox

_MAKE = text(
    """
    INSERT INTO soft_bounce (address_hash) SELECT h FROM unnest(CAST(:hashes AS bytea[])) AS u(h) ORDER BY h
    ON CONFLICT DO NOTHING
    """
)
_LOCKED = text(
    """
    SELECT address_hash, bounced_at, alive_at FROM soft_bounce
    WHERE address_hash = ANY(:hashes) ORDER BY address_hash FOR UPDATE
    """
)
_WRITE = text(
    """
    UPDATE soft_bounce s SET bounced_at = CAST(u.bounced_at AS timestamptz[]), alive_at = u.alive_at
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:bounced_at AS text[]), CAST(:alive_at AS timestamptz[]))
        AS u(address_hash, bounced_at, alive_at)
    WHERE s.address_hash = u.address_hash
    """
)
_HEARD = text(
    """
    SELECT address_hash AS hash, max(at) AS at FROM mail_report
    WHERE address_hash = ANY(:hashes) AND type = ANY(:alive) GROUP BY 1
    """
)
_SIGNS = text(
    """
    SELECT u.hash, greatest(l.engaged_at,
        (SELECT max(d.sent_at) FROM delivery d
         WHERE d.lead_id = l.id AND d.merged_from IS NULL AND d.state = 'sent' AND d.sent_at < :quiet
           AND NOT EXISTS (SELECT FROM mail_report r WHERE r.delivery_id = d.id AND r.type = 'bounced'))) AS at
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:leads AS bigint[])) AS u(hash, lead_id)
    JOIN lead l ON l.id = u.lead_id AND sha256(convert_to(l.email, 'UTF8')) = u.hash
    """
)
_GONE = text(
    """
    SELECT EXISTS (SELECT FROM mail_report WHERE address_hash = :hash AND (
        (type = 'bounced' AND severity = 'hard') OR (type = 'rejected' AND reject_reason IN ('invalid', 'bounced'))))
    """
)


def locked(db: Connection, bouncing: Iterable[bytes], others: Iterable[bytes]) -> dict[bytes, Mailbox]:
    """What is known of the mailboxes that bounce, locked, and of those of the others that ever did."""
    making = sorted(set(bouncing))
    if making:
        db.execute(_MAKE, {"hashes": making})
    wanted = sorted({*making, *others})
    if not wanted:
        return {}
    rows = db.execute(_LOCKED, {"hashes": wanted})
    return {bytes(row.address_hash): Mailbox(tuple(row.bounced_at), row.alive_at) for row in rows}


def write(db: Connection, mailboxes: Mapping[bytes, Mailbox]) -> None:
    """Write what is known of mailboxes now."""
    if not mailboxes:
        return
    found = list(mailboxes.values())
    arrays = ["{" + ",".join(at.isoformat() for at in one.bounced_at) + "}" for one in found]
    alive_at = [one.alive_at for one in found]
    db.execute(_WRITE, {"hashes": list(mailboxes), "bounced_at": arrays, "alive_at": alive_at})


def heard_of(db: Connection, hashes: Iterable[bytes]) -> dict[bytes, datetime]:
    """When each of these addresses was last reported to take mail; none where never."""
    wanted = list(hashes)
    if not wanted:
        return {}
    return {bytes(row.hash): row.at for row in db.execute(_HEARD, {"hashes": wanted, "alive": list(ALIVE)})}


def signs_of_life(db: Connection, leads: Mapping[bytes, int | None], now: datetime) -> dict[bytes, datetime]:
    """What nobody reported: when the lead of each address last did something, or a mail was sent that arrived.

    A mail of which nothing was heard for long enough has arrived: not everybody reports deliveries.
    """
    if not leads:
        return {}
    values = {"hashes": list(leads), "leads": list(leads.values()), "quiet": now - QUIET}
    return {bytes(row.hash): row.at for row in db.execute(_SIGNS, values) if row.at is not None}


def is_gone(db: Connection, address_hash: bytes) -> bool:
    """Whether anybody ever reported that there is no such mailbox."""
    return bool(db.execute(_GONE, {"hash": address_hash}).scalar())
