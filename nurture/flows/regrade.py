"""Grade leads again, as the agreement is now: they, not what happens to them, are what has not changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.facts import LeadState
from nurture.rules import grading
from nurture.rules.book import Rulebook
from nurture.rules.known import known
from nurture.store import grades
from nurture.store.states import profile


def regrade(db: Connection, book: Rulebook, lead_ids: Sequence[int], now: datetime) -> int:
    """Grade these leads by the production rule; gives how many grades became others. The leads must be locked.

    An enrollment of a lead that has another grade now is decided again: its campaign may ask for grades. Nobody is
    handed over.
    """
    changed: dict[int, str] = {}
    for row in grades.graded(db, lead_ids):
        grade = grading.grade(book.agreement, known(book, _state(row), now)).grade
        if grade != row.grade:
            changed[row.id] = grade
    grades.save(db, changed, now)
    return len(changed)


def _state(row: Row[Any]) -> LeadState:
    """As much of a lead as a grade may follow from."""
    return LeadState(
        profile=profile(row),
        stage=row.stage,
        cycle=row.cycle,
        cycles=((row.cycle, row.cycle_started_at),),
        created_at=row.created_at,
        grade=row.grade,
    )
