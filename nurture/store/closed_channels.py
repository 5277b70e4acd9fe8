"""Channels whose receiver said that it is gone for good: nothing is sent to that address again until it changes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_CLOSE = text(
    """
    INSERT INTO closed_channel (channel, address_hash, at, words) VALUES (:channel, :address_hash, :at, :words)
    ON CONFLICT (channel) DO UPDATE SET address_hash = excluded.address_hash, at = excluded.at, words = excluded.words
    """
)


@dataclass(frozen=True, slots=True)
class Closed:
    """Since when, and what the receiver said."""

    at: datetime
    words: str


def close(db: Connection, channel: str, address_hash: bytes, *, at: datetime, words: str) -> None:
    """Note that this address of a channel is gone."""
    db.execute(_CLOSE, {"channel": channel, "address_hash": address_hash, "at": at, "words": words})


def find(db: Connection, channel: str, address_hash: bytes) -> Closed | None:
    """Whether just this address of a channel is gone."""
    query = text("SELECT at, words FROM closed_channel WHERE channel = :channel AND address_hash = :address_hash")
    row = db.execute(query, {"channel": channel, "address_hash": address_hash}).one_or_none()
    return None if row is None else Closed(row.at, row.words)


def reopen(db: Connection, channel: str) -> None:
    """Forget it: somebody wants it to be tried again."""
    db.execute(text("DELETE FROM closed_channel WHERE channel = :channel"), {"channel": channel})
