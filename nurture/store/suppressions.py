"""Addresses that must not be mailed, kept by hash so that they outlive an erased lead."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

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


def suppressions_of(db: Connection, email: str) -> Sequence[Row[Any]]:
    """What must not be mailed to this address, and why: all mail (an empty topic) or a topic's."""
    query = text("SELECT topic, reason, how, at FROM suppression WHERE address_hash = :hash ORDER BY topic")
    return db.execute(query, {"hash": address_hash(email)}).all()
