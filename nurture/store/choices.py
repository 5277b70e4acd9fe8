"""What a lead has chosen, as the page shows it where it chooses, and addresses that leads ask us to use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.rules.pausing import PAUSED

_CHOICES = text(
    """
    SELECT l.id, l.email, l.locale, l.timezone, l.postponed ->> :paused AS paused_until,
        (SELECT json_object_agg(topic, reason) FROM suppression
         WHERE address_hash = sha256(convert_to(l.email, 'UTF8'))) AS suppressions,
        (SELECT email FROM address_change
         WHERE lead_id = l.id AND sent_at IS NOT NULL AND confirmed_at IS NULL AND taken_at IS NULL
           AND expires_at > :now
         ORDER BY asked_at DESC, id DESC LIMIT 1) AS waiting
    FROM lead l WHERE l.id = coalesce((SELECT kept_id FROM merged_lead WHERE lost_id = :id), :id)
    """
)
_ASKED = text(
    """
    SELECT count(*) FILTER (WHERE lead_id = :id) AS by_lead, count(*) FILTER (WHERE address_hash = :hash) AS of_address
    FROM address_change WHERE (lead_id = :id OR address_hash = :hash) AND asked_at > :since
    """
)
_FORGET = text("UPDATE address_change SET email = NULL WHERE expires_at <= :now AND email IS NOT NULL")
_ASK = text(
    """
    INSERT INTO address_change (lead_id, email, address_hash, how, asked_at, expires_at)
    VALUES (:id, :email, :hash, :how, :now, :expires_at) RETURNING id
    """
)
_BECOME = (
    text("DELETE FROM identity WHERE kind = 'email' AND value = :new AND lead_id = :id"),
    text(
        """
        INSERT INTO identity (kind, value, lead_id, since) VALUES ('email', :old, :id, :now)
        ON CONFLICT (kind, value) DO UPDATE SET lead_id = excluded.lead_id, since = excluded.since
        """
    ),
    text("UPDATE lead SET email = :new, updated_at = :now WHERE id = :id"),
    text(
        """
        INSERT INTO lead_change (lead_id, at, source, changes)
        VALUES (:id, :now, 'preferences',
                jsonb_build_object('email', jsonb_build_array(CAST(:old AS text), CAST(:new AS text))))
        """
    ),
)

_ANSWER = text(
    """
    SELECT id, delivery_id, properties ->> 'answer' AS answer FROM event
    WHERE lead_id = :id AND kind = 'answer' AND name = :question ORDER BY occurred_at DESC, event.id DESC LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a lead gets, and what it does not.

    Attributes:
        lead_id: the lead that lives on, whatever its mail said.
        email: its address.
        locale: its language, as its profile says it.
        timezone: its zone, as its profile says it.
        stopped: why no mail goes to it at all; None where mail does.
        left: the topics that it does not get, and why.
        paused_until: when the pause that it chose is over.
        waiting: the address that it asked us to use and has not confirmed.
    """

    lead_id: int
    email: str
    locale: str | None
    timezone: str | None
    stopped: str | None
    left: Mapping[str, str]
    paused_until: datetime | None
    waiting: str | None


def choices_of(db: Connection, lead_id: int, now: datetime) -> Choices | None:
    """What the lead has chosen that lives on under this id; None where there is none."""
    row = db.execute(_CHOICES, {"id": lead_id, "now": now, "paused": PAUSED}).one_or_none()
    if row is None:
        return None
    suppressions = dict(row.suppressions or {})
    stopped = suppressions.pop("", None)
    until = None if row.paused_until is None else datetime.fromisoformat(row.paused_until)
    paused = until if until is not None and until > now else None
    return Choices(row.id, row.email, row.locale, row.timezone, stopped, suppressions, paused, row.waiting)


def addresses_asked(db: Connection, lead_id: int, address_hash: bytes, since: datetime) -> int:
    """How often a link was asked for since then: by this lead, or to this address; the larger of the two."""
    row = db.execute(_ASKED, {"id": lead_id, "hash": address_hash, "since": since}).one()
    return int(max(row.by_lead, row.of_address))


def ask_for_address(
    db: Connection, lead_id: int, email: str, address_hash: bytes, how: str, now: datetime, expires_at: datetime
) -> int:
    """Note that a lead asks to be written to at this address; gives the number that its link carries."""
    db.execute(_FORGET, {"now": now})
    values = {"id": lead_id, "email": email, "hash": address_hash, "how": how, "now": now, "expires_at": expires_at}
    return int(db.execute(_ASK, values).scalar_one())


def address_asked(db: Connection, asked_id: int) -> Row[Any] | None:
    """What was asked for under this number."""
    return db.execute(text("SELECT * FROM address_change WHERE id = :id"), {"id": asked_id}).one_or_none()


def note_address(db: Connection, asked_id: int, what: str, now: datetime) -> None:
    """Note what became of it: it was `sent`, `confirmed`, or found to be `taken`."""
    if what not in ("sent", "confirmed", "taken"):
        raise ValueError(what)
    statement = f"UPDATE address_change SET {what}_at = :now WHERE id = :id AND {what}_at IS NULL"  # noqa: S608 - above
    db.execute(text(statement), {"id": asked_id, "now": now})


def forget_address(db: Connection, asked_id: int) -> None:
    """Take back what was asked for: its mail could not be sent."""
    db.execute(text("DELETE FROM address_change WHERE id = :id"), {"id": asked_id})


def become_address(db: Connection, lead_id: int, old: str, new: str, now: datetime) -> None:
    """Give a lead, which is locked, another address; the one before goes on finding it."""
    for statement in _BECOME:
        db.execute(statement, {"id": lead_id, "old": old, "new": new, "now": now})


def latest_answer(db: Connection, lead_id: int, question: str) -> Row[Any] | None:
    """The answer that holds to a question, and the mail it was given in; None where there is none yet."""
    return db.execute(_ANSWER, {"id": lead_id, "question": question}).one_or_none()
