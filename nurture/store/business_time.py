"""The demo's clock: one row, moved by hand, that every process reads. Empty wherever time is real."""

from datetime import datetime

from sqlalchemy import Connection, text

_SET = text(
    "INSERT INTO stepped_clock (one, now) VALUES (true, :now) ON CONFLICT (one) DO UPDATE SET now = excluded.now"
)


def stepped_now(db: Connection) -> datetime | None:
    """What the stepped clock shows; None if nobody has set it."""
    shown: datetime | None = db.execute(text("SELECT now FROM stepped_clock")).scalar()
    return shown


def step_to(db: Connection, now: datetime) -> None:
    """Move the stepped clock; it never goes back."""
    db.execute(_SET, {"now": now})
