"""First answers to calls that carry an `Idempotency-Key`, kept by the database's clock."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

KEPT_FOR = timedelta(hours=48)
"""How long an answer is given again. They hold personal data."""
LEASE = timedelta(seconds=90)
"""How long a call may take; who is silent for longer has died, and the call may be tried again."""
AT_ONCE = 10_000

_CLAIM = text(
    """
    INSERT INTO api_answer AS a (holder, key_hash, request, token, leased_until, at)
    VALUES (:holder, :key_hash, :request, :token, clock_timestamp() + :lease, clock_timestamp())
    ON CONFLICT (holder, key_hash) DO UPDATE
    SET request = excluded.request, token = excluded.token, leased_until = excluded.leased_until, at = excluded.at,
        status = NULL, body = NULL
    WHERE a.at < clock_timestamp() - CAST(:kept AS interval)
       OR (a.status IS NULL AND a.leased_until < clock_timestamp() AND a.request = excluded.request)
    RETURNING token
    """
)
_FOUND = text("SELECT request, status, body FROM api_answer WHERE holder = :holder AND key_hash = :key_hash")
_KEEP = text("UPDATE api_answer SET status = :status, body = :body WHERE token = :token AND holder = :holder "
             "AND key_hash = :key_hash")  # fmt: skip
_RELEASE = text("DELETE FROM api_answer WHERE token = :token AND holder = :holder AND key_hash = :key_hash")
_OLD = text(
    """
    DELETE FROM api_answer WHERE (holder, key_hash) IN (
        SELECT holder, key_hash FROM api_answer WHERE at < now() - CAST(:kept AS interval)
        ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED)
    """
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: whose key, the hash of what the caller named it, the hash of what it asks, and our mark on it."""

    holder: str
    key_hash: bytes
    request: bytes
    token: UUID

    @property
    def place(self) -> dict[str, Any]:
        """Where its answer is kept, and that it is ours."""
        return {"holder": self.holder, "key_hash": self.key_hash, "token": self.token}


def claim(db: Connection, call: Call) -> bool:
    """Take this call upon us; False where it has been answered, or is being answered by somebody who lives.

    A call that somebody took and never finished may be tried again by the same request once the lease has run out.
    """
    values = {**call.place, "request": call.request, "lease": LEASE, "kept": KEPT_FOR}
    return db.execute(_CLAIM, values).one_or_none() is not None


def found(db: Connection, call: Call) -> Row[Any] | None:
    """What is known of this call: its request, and its status and body once it was answered."""
    return db.execute(_FOUND, {"holder": call.holder, "key_hash": call.key_hash}).one_or_none()


def keep(db: Connection, call: Call, status: int, body: str) -> None:
    """Keep the answer."""
    db.execute(_KEEP, {**call.place, "status": status, "body": body})


def release(db: Connection, call: Call) -> None:
    """Forget the call: nothing was done, so that it may be made again, or another one under its name."""
    db.execute(_RELEASE, call.place)


def drop_old(db: Connection) -> int:
    """Delete answers that are too old, so many at once at most; gives how many."""
    return db.execute(_OLD, {"kept": KEPT_FOR, "most": AT_ONCE}).rowcount
