"""Something that is done to every lead, batch by batch in the order of ids, and goes on where it was interrupted."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

AGREEMENT = "agreement"
"""The walk that a changed agreement makes necessary."""
RECOMPUTE = "recompute"
"""The walk that an operator asks for."""

ANY_TO_RESCORE = f"SELECT EXISTS (SELECT FROM walk WHERE name = '{AGREEMENT}')"  # noqa: S608 - a constant of this file
"""Whether leads follow an agreement that has changed since."""

_BEGIN = text(
    """
    INSERT INTO walk (name, aim, parts, began_at, moved_at) VALUES (:name, :aim, :parts, :now, :now)
    ON CONFLICT (name) DO UPDATE SET aim = excluded.aim, parts = excluded.parts, after_id = 0, leads = 0,
        began_at = excluded.began_at, moved_at = excluded.moved_at
    """
)
_MOVE = text("UPDATE walk SET after_id = :after_id, leads = leads + :leads, moved_at = :now WHERE name = :name")
_LEADS = text("SELECT id FROM lead WHERE id > :after ORDER BY id LIMIT :most FOR NO KEY UPDATE")


def begin(db: Connection, name: str, *, aim: str, parts: Collection[str], now: datetime) -> None:
    """Begin a walk from the first lead on; one of that name that is under way begins anew."""
    db.execute(_BEGIN, {"name": name, "aim": aim, "parts": sorted(parts), "now": now})


def find(db: Connection, name: str) -> Row[Any] | None:
    """The walk of that name, if one is under way: its columns. For looking only."""
    return db.execute(text("SELECT * FROM walk WHERE name = :name"), {"name": name}).one_or_none()


def hold(db: Connection, name: str) -> Row[Any] | None:
    """The same, locked; waits while somebody else does a batch of it."""
    return db.execute(text("SELECT * FROM walk WHERE name = :name FOR UPDATE"), {"name": name}).one_or_none()


def claim(db: Connection, name: str) -> Row[Any] | None:
    """The same, locked; None while somebody else does a batch of it."""
    query = text("SELECT * FROM walk WHERE name = :name FOR UPDATE SKIP LOCKED")
    return db.execute(query, {"name": name}).one_or_none()


def next_leads(db: Connection, after_id: int, most: int) -> list[int]:
    """Lock the leads that come after this id, in order; none at the end of the walk."""
    values = {"after": after_id, "most": most}
    # Twice, for all that were found may have been merged into others while we waited for them.
    return list(db.execute(_LEADS, values).scalars()) or list(db.execute(_LEADS, values).scalars())


def move(db: Connection, name: str, *, after_id: int, leads: int, now: datetime) -> None:
    """Note that so many more are done, up to this id."""
    db.execute(_MOVE, {"name": name, "after_id": after_id, "leads": leads, "now": now})


def aim_at(db: Connection, name: str, aim: str) -> None:
    """Let a walk that is under way be one of other files that come to the same."""
    db.execute(text("UPDATE walk SET aim = :aim WHERE name = :name"), {"name": name, "aim": aim})


def end(db: Connection, name: str) -> None:
    """All leads are done."""
    db.execute(text("DELETE FROM walk WHERE name = :name"), {"name": name})


def leads_left(db: Connection, after_id: int) -> int:
    """How many leads come after this id."""
    return int(db.execute(text("SELECT count(*) FROM lead WHERE id > :after"), {"after": after_id}).scalar_one())
