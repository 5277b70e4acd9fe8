"""Long lists, page by page, by the id of the last row that was shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.facts import OPEN_HANDOFF
from nurture.store.handoffs import LISTED


def leads_after(
    db: Connection,
    last: int | None,
    *,
    most: int,
    stage: str | None = None,
    grade: str | None = None,
    updated_since: datetime | None = None,
    ids: Sequence[int] | None = None,
) -> Sequence[Row[Any]]:
    """Leads in the order in which they came, after the one with this id: id, created_at, updated_at.

    Args:
        db: the connection.
        last: the id after which to begin; None: from the beginning.
        most: how many at most.
        stage: only those in it.
        grade: only those with it.
        updated_since: only those that changed then or later.
        ids: only these.
    """
    asked = {
        "last": ("id > :last", last),
        "stage": ("stage = :stage", stage),
        "grade": ("grade = :grade", grade),
        "since": ("updated_at >= :since", updated_since),
        "ids": ("id = ANY(:ids)", None if ids is None else list(ids)),
    }
    where, values = _where(asked)
    query = f"SELECT id, created_at, updated_at FROM lead{where} ORDER BY id LIMIT :most"  # noqa: S608 - our own words
    return db.execute(text(query), {**values, "most": most}).all()


def handoffs_before(
    db: Connection,
    last: int | None,
    *,
    most: int,
    state: str | None = None,
    owner: str | None = None,
    lead_id: int | None = None,
    since: datetime | None = None,
    changed_since: datetime | None = None,
) -> Sequence[Row[Any]]:
    """Handoffs, the newest first, before the one with this id; each with its lead's address and number of attempts.

    Args:
        db: the connection.
        last: the id before which to begin; None: with the newest.
        most: how many at most.
        state: only those in it; `open` for all that wait for something.
        owner: only those that this rep has, in whatever case the address is written.
        lead_id: only this lead's.
        since: only those that were offered then or later.
        changed_since: only those to which anything happened then or later.
    """
    states = None if state is None else sorted(OPEN_HANDOFF) if state == "open" else [state]
    asked = {
        "last": ("h.id < :last", last),
        "states": ("h.state = ANY(:states)", states),
        "owner": ("lower(h.owner) = :owner", None if owner is None else owner.lower()),
        "lead_id": ("h.lead_id = :lead_id", lead_id),
        "since": ("h.offered_at >= :since", since),
        "changed": (
            "EXISTS (SELECT FROM handoff_change c WHERE c.handoff_id = h.id AND c.at >= :changed)",
            changed_since,
        ),
    }
    where, values = _where(asked)
    return db.execute(text(f"{LISTED}{where} ORDER BY h.id DESC LIMIT :most"), {**values, "most": most}).all()


def _where(asked: dict[str, tuple[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The conditions of which something was said, and their values."""
    said = {name: (condition, value) for name, (condition, value) in asked.items() if value is not None}
    conditions = [condition for condition, _ in said.values()]
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", {
        name: value for name, (_, value) in said.items()
    }
