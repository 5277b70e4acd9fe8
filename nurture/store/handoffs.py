"""Handoffs: opened, listed, looked up, and the attempts of sales to reach their leads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

_OPEN = text(
    """
    INSERT INTO handoff (lead_id, cycle, state, grade, score_micro, hand_raise, because, evidence, was_customer, owner,
                         given_at, offered_at, accept_due_at, attempt_due_at)
    VALUES (:lead_id, :cycle, 'offered', :grade, :score_micro, :hand_raise, :because, CAST(:evidence AS jsonb),
            :was_customer, :owner, :offered_at, :offered_at, :accept_due_at, :attempt_due_at)
    RETURNING id
    """
)

LISTED = """
    SELECT h.*, l.email, (SELECT count(*) FROM attempt a WHERE a.handoff_id = h.id) AS attempts
    FROM handoff h JOIN lead l ON l.id = h.lead_id
"""
"""Handoffs, each with its lead's address and number of attempts; a condition on `h` and `l` may follow."""

_FOUND = text(
    f"""
    {LISTED}
    WHERE (CAST(:state AS text) IS NULL OR h.state = :state
           OR (:state = 'open' AND h.state IN ('offered', 'accepted', 'contacted', 'qualified')))
      AND (CAST(:email AS text) IS NULL OR h.lead_id = ANY(ARRAY(
               SELECT id FROM lead WHERE email = :email
               UNION ALL SELECT lead_id FROM identity WHERE kind = 'email' AND value = :email)))
      AND (CAST(:owner AS text) IS NULL OR lower(h.owner) = lower(:owner))
      AND (CAST(:origin AS text) IS NULL OR h.origin = :origin)
      AND (CAST(:ids AS bigint[]) IS NULL OR h.id = ANY(:ids))
    ORDER BY h.id DESC LIMIT :most
    """  # noqa: S608 - a constant of this file
)


def open_handoff(db: Connection, values: Mapping[str, Any]) -> int:
    """Insert an offered handoff; gives its id. The database refuses a second open one of the same lead."""
    evidence = orjson.dumps(values["evidence"], default=str).decode()
    return int(db.execute(_OPEN, {**values, "evidence": evidence}).scalar_one())


def listed(
    db: Connection,
    *,
    state: str | None = None,
    email: str | None = None,
    owner: str | None = None,
    origin: str | None = None,
    ids: Collection[int] | None = None,
    most: int = 1000,
) -> Sequence[Row[Any]]:
    """Handoffs, newest first: of one state (`open`: of any that is not closed), lead, owner or origin where asked.

    `email` may be any address by which the lead is known. `ids`: of these alone.
    """
    wanted = None if ids is None else list(ids)
    values = {"state": state, "email": email, "owner": owner, "origin": origin, "ids": wanted, "most": most}
    return db.execute(_FOUND, values).all()


def one(db: Connection, handoff_id: int) -> Row[Any] | None:
    """One handoff with its lead's address and number of attempts."""
    return db.execute(text(LISTED + " WHERE h.id = :id"), {"id": handoff_id}).one_or_none()


def lead_of(db: Connection, handoff_id: int) -> int | None:
    """Whose handoff it is; None where there is no such one."""
    found: int | None = db.execute(text("SELECT lead_id FROM handoff WHERE id = :id"), {"id": handoff_id}).scalar()
    return found


def open_of(db: Connection, lead_ids: Sequence[int]) -> dict[int, int]:
    """The open handoff of each of these leads that has one."""
    query = text(
        """
        SELECT lead_id, id FROM handoff
        WHERE lead_id = ANY(:ids) AND state IN ('offered', 'accepted', 'contacted', 'qualified')
        """
    )
    return {row.lead_id: row.id for row in db.execute(query, {"ids": list(lead_ids)})}


def locked(db: Connection, handoff_id: int, lead_id: int) -> Row[Any] | None:
    """The same as `one`, locked for change; None where it is not this lead's. The lead is locked before."""
    query = text(LISTED + " WHERE h.id = :id AND h.lead_id = :lead_id FOR NO KEY UPDATE OF h")
    return db.execute(query, {"id": handoff_id, "lead_id": lead_id}).one_or_none()


@dataclass(frozen=True, slots=True)
class Attempt:
    """Sales tried to reach a lead: how, whether it was reached, who tried."""

    kind: str
    outcome: str
    by: str
    note: str | None


def has_attempt(db: Connection, handoff_id: int, attempt: Attempt, *, since: datetime, until: datetime) -> bool:
    """Whether just this attempt is logged as made between these instants, both included."""
    query = text(
        """
        SELECT EXISTS (SELECT FROM attempt WHERE handoff_id = :handoff_id AND kind = :kind AND outcome = :outcome
                       AND by = :by AND note IS NOT DISTINCT FROM CAST(:note AS text) AND at BETWEEN :since AND :until)
        """
    )
    values = {"handoff_id": handoff_id, "since": since, "until": until, **asdict(attempt)}
    return bool(db.execute(query, values).scalar())


def add_attempt(db: Connection, handoff_id: int, attempt: Attempt, *, at: datetime) -> int:
    """Note an attempt; gives its id."""
    query = text(
        "INSERT INTO attempt (handoff_id, kind, outcome, at, by, note) "
        "VALUES (:handoff_id, :kind, :outcome, :at, :by, :note) RETURNING id"
    )
    return int(db.execute(query, {"handoff_id": handoff_id, "at": at, **asdict(attempt)}).scalar_one())


def attempts(db: Connection, handoff_id: int) -> Sequence[Row[Any]]:
    """The attempts of one handoff, oldest first."""
    return db.execute(text("SELECT * FROM attempt WHERE handoff_id = :id ORDER BY at, id"), {"id": handoff_id}).all()
