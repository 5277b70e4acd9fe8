"""What sales owes on open handoffs, in the database: deadlines, when to look, rungs that were climbed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from nurture.agreement import Sla
from nurture.facts import HandoffFact
from nurture.rules.effects import Breached
from nurture.rules.promises import Pledge, late_pledges
from nurture.store.states import HANDOFF, handoff_fact

_OPEN = "state IN ('offered', 'accepted', 'contacted', 'qualified')"

_FACTS = f"SELECT h.id, {HANDOFF} AS told FROM handoff h WHERE h.{_OPEN}"  # noqa: S608 - our own words

_DEADLINES = text(
    """
    UPDATE handoff h SET accept_due_at = u.accept, attempt_due_at = u.first_attempt, attempts_due_at = u.attempts,
        outcome_due_at = u.outcome, look_at = u.look_at
    FROM unnest(CAST(:id AS bigint[]), CAST(:accept AS timestamptz[]), CAST(:first_attempt AS timestamptz[]),
                CAST(:attempts AS timestamptz[]), CAST(:outcome AS timestamptz[]), CAST(:look_at AS timestamptz[]))
        AS u(id, accept, first_attempt, attempts, outcome, look_at)
    WHERE h.id = u.id
    """
)
_CLOSED = text("UPDATE handoff SET look_at = NULL WHERE id = ANY(:ids) AND look_at IS NOT NULL")

_CLAIM = text(
    f"""
    SELECT l.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.look_at <= :now AND h.{_OPEN}
    ORDER BY h.look_at, l.id LIMIT :most FOR NO KEY UPDATE OF l SKIP LOCKED
    """  # noqa: S608 - our own words
)
_STILL_DUE = text(
    f"""
    SELECT l.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE l.id = :id AND h.look_at <= :now AND h.{_OPEN} FOR NO KEY UPDATE OF l
    """  # noqa: S608 - our own words
)
ANY_DUE = f"SELECT EXISTS (SELECT FROM handoff WHERE look_at <= :now AND {_OPEN})"  # noqa: S608 - our own words
"""Whether some handoff is to be looked at."""
_ALL_OPEN = text(
    f"""
    SELECT l.id AS lead_id, h.id FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.id > :after AND h.{_OPEN} ORDER BY h.id LIMIT :most
    """  # noqa: S608 - our own words
)
_WITHOUT = text(
    f"""
    SELECT EXISTS (SELECT FROM handoff h WHERE h.{_OPEN} AND h.look_at IS NULL AND h.origin <> 'imported'
                   AND NOT EXISTS (SELECT FROM breach WHERE handoff_id = h.id))
    """  # noqa: S608 - our own words
)
_BREACH = text(
    """
    INSERT INTO breach (handoff_id, promise, rung, action, due_at, at, owner)
    SELECT u.handoff_id, u.promise, u.rung, u.action, u.due_at, :now, u.owner
    FROM unnest(CAST(:handoff_id AS bigint[]), CAST(:promise AS text[]), CAST(:rung AS int[]), CAST(:action AS text[]),
                CAST(:due_at AS timestamptz[]), CAST(:owner AS text[]))
        WITH ORDINALITY AS u(handoff_id, promise, rung, action, due_at, owner, place) ORDER BY u.place
    """
)
_LATE = text(
    f"""
    {_FACTS} AND (h.accept_due_at < :now AND h.state = 'offered' OR h.outcome_due_at < :now
        OR h.state IN ('offered', 'accepted') AND (h.attempt_due_at < :now OR h.attempts_due_at < :now))
    """
)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Of one handoff: when each promise falls due, where it was given, and when to look next."""

    handoff_id: int
    accept: datetime | None
    first_attempt: datetime | None
    attempts: datetime | None
    outcome: datetime | None
    look_at: datetime | None


def open_facts(db: Connection, handoff_ids: Iterable[int]) -> dict[int, HandoffFact]:
    """What rules know of those of these handoffs that are open, by id."""
    rows = db.execute(text(_FACTS + " AND h.id = ANY(:ids) ORDER BY h.id"), {"ids": list(handoff_ids)})
    return {row.id: handoff_fact(row.told) for row in rows}


def save_deadlines(db: Connection, deadlines: Sequence[Deadlines]) -> None:
    """Write the deadlines of open handoffs."""
    if deadlines:
        names = ("accept", "first_attempt", "attempts", "outcome", "look_at")
        columns = {name: [getattr(one, name) for one in deadlines] for name in names}
        db.execute(_DEADLINES, {"id": [one.handoff_id for one in deadlines], **columns})


def look_no_more(db: Connection, handoff_ids: Sequence[int]) -> None:
    """Note that nothing comes of these handoffs any more. Their deadlines stay, for reports."""
    if handoff_ids:
        db.execute(_CLOSED, {"ids": list(handoff_ids)})


def claim(db: Connection, now: datetime, most: int) -> list[int]:
    """Lock the leads whose handoffs are to be looked at, those that have waited longest first; gives their ids.

    Leads that somebody else holds are skipped, never waited for, so the order of the locks does no harm.
    """
    return list(dict.fromkeys(db.execute(_CLAIM, {"now": now, "most": most}).scalars()))


def still_due(db: Connection, lead_id: int, now: datetime) -> bool:
    """Lock one lead and say whether its handoff is to be looked at."""
    return db.execute(_STILL_DUE, {"id": lead_id, "now": now}).scalar() is not None


def open_after(db: Connection, after: int, most: int) -> dict[int, int]:
    """The next open handoffs behind this id, as lead by handoff; none when there are no more."""
    return {row.id: row.lead_id for row in db.execute(_ALL_OPEN, {"after": after, "most": most})}


def some_without(db: Connection) -> bool:
    """Whether an open handoff was never looked at, and is not going to be."""
    return bool(db.execute(_WITHOUT).scalar())


def add_breaches(db: Connection, breaches: Sequence[tuple[int, Breached]], now: datetime) -> None:
    """Note rungs that are climbed, with their handoffs. The database refuses one that was climbed before."""
    if breaches:
        names = ("promise", "rung", "action", "due_at", "owner")
        columns: dict[str, list[Any]] = {name: [getattr(breach, name) for _, breach in breaches] for name in names}
        db.execute(_BREACH, {"handoff_id": [handoff_id for handoff_id, _ in breaches], **columns, "now": now})


def late(db: Connection, terms: Sla, now: datetime) -> Mapping[int, tuple[Pledge, ...]]:
    """Open handoffs on which sales is late, each with the promises that are not kept; `due_at` says since when."""
    facts = {row.id: handoff_fact(row.told) for row in db.execute(_LATE, {"now": now})}
    found = {handoff_id: late_pledges(terms, handoff, now) for handoff_id, handoff in facts.items()}
    return {handoff_id: pledges for handoff_id, pledges in found.items() if pledges}
