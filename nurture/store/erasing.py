"""All that is kept of a person, gone: the lead's rows go with it, the rest is looked for by address and by hash."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from nurture.store import erased

_BROWSERS = text(
    """
    DELETE FROM event e USING identity k
    WHERE k.lead_id = :id AND e.lead_id IS NULL
      AND ((k.kind = 'anonymous' AND NOT k.moved AND e.anonymous_id = k.value)
           OR (k.kind = 'user' AND e.user_id = k.value))
    """
)
_BY_ADDRESS = (
    text("DELETE FROM mail_report WHERE address_hash = ANY(:hashes)"),
    text("DELETE FROM inbound_mail WHERE sender_hash = ANY(:hashes)"),
    text(
        """
        DELETE FROM inbound_mail m WHERE m.lead_id IS NULL AND EXISTS (
            SELECT FROM unnest(CAST(:emails AS text[])) AS a(email)
            WHERE position(convert_to(a.email, 'UTF8') IN m.raw) > 0)
        """
    ),
    text("DELETE FROM soft_bounce WHERE address_hash = ANY(:hashes)"),
    text("DELETE FROM address_change WHERE address_hash = ANY(:hashes)"),
    text("DELETE FROM confirmation WHERE address_hash = ANY(:hashes)"),
    text(
        """
        DELETE FROM rejected_event r WHERE EXISTS (
            SELECT FROM unnest(CAST(:emails AS text[])) AS a(email) WHERE position(a.email IN lower(r.body)) > 0)
        """
    ),
    text("DELETE FROM merged_lead WHERE lower(lost ->> 'email') = ANY(:emails)"),
    text(
        """
        DELETE FROM api_answer r WHERE EXISTS (
            SELECT FROM unnest(CAST(:emails AS text[])) AS a(email) WHERE position(a.email IN r.body) > 0)
        """
    ),
)
_FORGIVE = (
    text("DELETE FROM suppression WHERE address_hash = ANY(:hashes)"),
    text("DELETE FROM suppression_change WHERE address_hash = ANY(:hashes)"),
)
_MARK = (
    text(
        """
        INSERT INTO suppression (address_hash, topic, reason, how, at)
        SELECT unnest(CAST(:hashes AS bytea[])), '', 'erased', 'erased', :at
        """
    ),
    text(
        """
        INSERT INTO suppression_change (address_hash, topic, what, reason, by, why, at)
        SELECT unnest(CAST(:hashes AS bytea[])), '', 'suppressed', 'erased', :by, 'erased', :at
        """
    ),
)


def remove_lead(db: Connection, lead_id: int) -> bool:
    """Delete a lead, which must be locked, with everything that belongs to it; False if there is none.

    How much that was stays, by day, for the reports.
    """
    if db.execute(text("SELECT FROM lead WHERE id = :id FOR UPDATE"), {"id": lead_id}).one_or_none() is None:
        return False
    erased.tally(db, lead_id)
    db.execute(_BROWSERS, {"id": lead_id})
    db.execute(text("DELETE FROM lead WHERE id = :id"), {"id": lead_id})
    return True


def remove_questions(db: Connection, lead_id: int) -> None:
    """Delete what this lead was asked, which would outlive it: it is counted by mailboxes, not by addresses."""
    db.execute(text("DELETE FROM confirmation WHERE lead_id = :id"), {"id": lead_id})


def remove_traces(db: Connection, emails: Sequence[str], hashes: Sequence[bytes]) -> int:
    """Delete what names these addresses elsewhere, such as reports that belong to no lead; gives how many rows."""
    values = {"emails": list(emails), "hashes": list(hashes)}
    return sum(db.execute(statement, values).rowcount for statement in _BY_ADDRESS)


def mark_erased(db: Connection, hashes: Sequence[bytes], *, by: str, at: datetime) -> None:
    """Leave of these addresses nothing but their hashes, as `erased`."""
    values = {"hashes": list(hashes), "by": by, "at": at}
    for statement in (*_FORGIVE, *_MARK):
        db.execute(statement, values)
