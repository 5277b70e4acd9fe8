"""Keys of the API that are in the database: by their hashes alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

_INSERT = text(
    """
    INSERT INTO api_key (name, digest, hint, read_only, created_at) VALUES (:name, :digest, :hint, :read_only, :now)
    ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING id
    """
)
_VALID = text("SELECT id, name, digest, read_only, last_used_at FROM api_key WHERE revoked_at IS NULL")
_ALL = text("SELECT id, name, hint, read_only, created_at, last_used_at, revoked_at FROM api_key ORDER BY id")
_USED = text(
    """
    UPDATE api_key SET last_used_at = :now
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= CAST(:now AS timestamptz) - CAST(:unless AS interval))
    """
)
_REVOKE = text("UPDATE api_key SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL")


def add(db: Connection, *, name: str, digest: bytes, hint: str, read_only: bool, now: datetime) -> bool:
    """Insert a key; False where a valid one is called so already."""
    values = {"name": name, "digest": digest, "hint": hint, "read_only": read_only, "now": now}
    return db.execute(_INSERT, values).one_or_none() is not None


def valid(db: Connection) -> Sequence[Row[Any]]:
    """The keys that are good: id, name, digest, read_only, last_used_at."""
    return db.execute(_VALID).all()


def everyone(db: Connection) -> Sequence[Row[Any]]:
    """All keys that there ever were, oldest first, without their hashes."""
    return db.execute(_ALL).all()


def used(db: Connection, key_id: int, now: datetime, *, unless_since: timedelta) -> None:
    """Note that a key was used, unless that was noted so short a time ago."""
    db.execute(_USED, {"id": key_id, "now": now, "unless": unless_since})


def revoke(db: Connection, name: str, now: datetime) -> bool:
    """Let the valid key of this name be good no more; False where there is none."""
    return bool(db.execute(_REVOKE, {"name": name, "now": now}).rowcount)
