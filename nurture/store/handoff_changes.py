"""The log of handoffs: one row for each thing that ever happened to one, written with what it tells of.

Nothing here is changed or taken away: reasons and notes of sales stay also when the lead goes round again. A row goes
with its handoff, and that with its lead, when a person is erased.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Row, text

from nurture.facts import nothing

What = Literal[
    "offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "reassigned", "reminded",
    "escalated", "asked", "attempt", "revoked", "merged", "imported",
]  # fmt: skip

_NOTE = text(
    """
    INSERT INTO handoff_change (handoff_id, at, what, by, owner, reason, note, details)
    SELECT u.handoff_id, u.at, u.what, u.by, coalesce(u.owner, h.owner), u.reason, u.note, CAST(u.details AS jsonb)
    FROM unnest(CAST(:handoff_id AS bigint[]), CAST(:at AS timestamptz[]), CAST(:what AS text[]), CAST(:by AS text[]),
                CAST(:owner AS text[]), CAST(:reason AS text[]), CAST(:note AS text[]), CAST(:details AS text[]))
        WITH ORDINALITY AS u(handoff_id, at, what, by, owner, reason, note, details, place)
    JOIN handoff h ON h.id = u.handoff_id ORDER BY u.place
    """
)
_COLUMNS = ("handoff_id", "at", "what", "by", "owner", "reason", "note")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to a handoff.

    Attributes:
        handoff_id: to which.
        what: what happened.
        at: when.
        by: who did it; empty where nobody did, as when an SLA returns a lead.
        owner: whose the handoff is from then on; None: whose it is now.
        reason: a code of the agreement, where one was given.
        note: in somebody's own words.
        details: more, of the kind that belongs to `what`.
    """

    handoff_id: int
    what: What
    at: datetime
    by: str = ""
    owner: str | None = None
    reason: str | None = None
    note: str | None = None
    details: Mapping[str, Any] = field(default_factory=nothing)


def note_changes(db: Connection, changes: Iterable[Change]) -> None:
    """Note what happened to these handoffs, in this order, within the transaction that does it."""
    rows = list(changes)
    if not rows:
        return
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in _COLUMNS}
    columns["note"] = [row.note or None for row in rows]
    columns["details"] = [orjson.dumps(dict(row.details), default=str).decode() for row in rows]
    db.execute(_NOTE, columns)


def note_change(
    db: Connection,
    handoff_id: int,
    what: What,
    *,
    at: datetime,
    by: str = "",
    owner: str | None = None,
    reason: str | None = None,
    note: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Note one thing that happened to one handoff; the arguments are those of `Change`."""
    note_changes(db, [Change(handoff_id, what, at, by, owner, reason, note, details or {})])


def of_handoff(db: Connection, handoff_id: int) -> Sequence[Row[Any]]:
    """All that happened to a handoff, in the order in which it was noted."""
    return db.execute(text("SELECT * FROM handoff_change WHERE handoff_id = :id ORDER BY id"), {"id": handoff_id}).all()


def last(db: Connection, handoff_id: int, what: str) -> Row[Any] | None:
    """The last time that this happened to a handoff; None if it never did."""
    query = text("SELECT * FROM handoff_change WHERE handoff_id = :id AND what = :what ORDER BY id DESC LIMIT 1")
    return db.execute(query, {"id": handoff_id, "what": what}).one_or_none()
