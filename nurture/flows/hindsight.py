"""Handoffs that would not have been made, had what was thought then been what is known now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.facts import MICRO, EventFact
from nurture.rules.hindsight import Offer, look_back
from nurture.store import counts, verdicts
from nurture.store.states import event_fact


@dataclass(frozen=True, slots=True)
class Doubt:
    """A handoff and what is left of its evidence; scores in points, `because` of the offer, `lacks` of now."""

    id: int
    lead: str
    state: str
    owner: str | None
    offered_at: datetime
    grade: str
    score: float
    score_without: float
    because: str
    lacks: str


def doubts(
    db: Connection, app: App, since: datetime | None, turned: Mapping[int, str], leads: Collection[int]
) -> list[Doubt]:
    """Handoffs offered since then that do not stand without the events now taken for programs', oldest first.

    Args:
        db: the connection.
        app: the application.
        since: None for all.
        turned: verdicts by event id as they are going to be, where they are not written yet.
        leads: whose these are.
    """
    offers = verdicts.doubtful(db, since, leads)
    past: dict[int, list[Row[Any]]] = {row.lead_id: [] for row in offers}
    for row in verdicts.past(db, past):
        past[row.lead_id].append(row)
    cycles = counts.cycles(db, list(past))
    book = app.book_in(db)
    found = []
    for offer in offers:
        human, lost = _split(past[offer.lead_id], offer.offered_at, turned)
        evidence = Offer(offer.cycle, offer.offered_at, offer.grade, offer.hand_raise, offer.evidence.get("rows", ()))
        left = look_back(book.agreement, book.company, evidence, cycles[offer.lead_id], human, lost)
        if left is not None and not left.stands:
            found.append(_doubt(offer, left.score_micro, left.because))
    return found


def _split(
    rows: Sequence[Row[Any]], offered_at: datetime, turned: Mapping[int, str]
) -> tuple[list[EventFact], list[EventFact]]:
    """What people did before the offer, and what was taken for theirs then and is not now."""
    human, lost = [], []
    for row in rows:
        if row.received_at > offered_at:
            continue
        fact = replace(event_fact(row), verdict="human")
        if turned.get(row.id, row.verdict) == "human":
            human.append(fact)
        elif row.id in turned or (row.revised_at is not None and row.revised_at > offered_at):
            lost.append(fact)
    return human, lost


def _doubt(row: Row[Any], micro: int, lacks: str) -> Doubt:
    return Doubt(
        id=row.id,
        lead=row.email,
        state=row.state,
        owner=row.owner,
        offered_at=row.offered_at,
        grade=row.grade,
        score=row.score_micro / MICRO,
        score_without=micro / MICRO,
        because=row.because,
        lacks=lacks,
    )
