"""Addresses that must not be mailed, kept by hash so that they outlive an erased lead."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, text

_INSERT = text(
    """
    INSERT INTO suppression (address_hash, topic, reason, how, at)
    SELECT unnest(CAST(:hashes AS bytea[])), :topic, :reason, :how, :at
    ON CONFLICT DO NOTHING
    """
)


def address_hash(email: str) -> bytes:
    """SHA-256 of the address in lower case: what a suppression is kept under. The delivery gate computes it in SQL."""
    return hashlib.sha256(email.lower().encode()).digest()


def suppress(db: Connection, emails: list[str], *, reason: str, how: str, at: datetime, topic: str = "") -> int:
    """Suppress addresses (for one topic, or all mail); gives how many were not yet."""
    if not emails:
        return 0
    hashes = sorted({address_hash(email) for email in emails})
    values = {"hashes": hashes, "topic": topic, "reason": reason, "how": how, "at": at}
    return db.execute(_INSERT, values).rowcount
