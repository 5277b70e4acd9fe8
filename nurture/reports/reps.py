"""Who sells: what each rep has and was given, who is away, who is next."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from nurture.agreement import Agreement
from nurture.app import App
from nurture.db import transaction
from nurture.grammar.reps import Absence
from nurture.rules import assignment
from nurture.store import absences, assigning

_GIVEN = text(
    """
    SELECT owner, count(DISTINCT handoff_id) AS given, max(at) AS last_at FROM handoff_change
    WHERE what IN ('offered', 'reassigned') AND owner IS NOT NULL GROUP BY owner
    """
)


def reps_report(app: App, now: datetime) -> list[dict[str, Any]]:
    """One row a rep, by address: everybody whom the agreement names, and everybody else who holds an open handoff.

    `given` counts the handoffs that Nurture gave, by whatever line or by reassigning. `away` is the absence that the
    rep is in, else the next one. `is_in`: leads offered now could be the rep's, as far as the calendar goes.
    """
    agreement = app.book.agreement
    day = assignment.working_day(agreement.sla.hours, now)
    with transaction(app.engine) as db:
        held = _by_rep(agreement, assigning.held(db))
        given, last_at = _given(db, agreement)
        told = absences.from_day(db, day)
    rota = assignment.rota(agreement)
    rows = []
    for rep in sorted({*assignment.everybody(agreement), *held, *told}):
        said = agreement.reps.get(rep)
        away = _next_absence([*(said.away if said is not None else ()), *told.get(rep, ())], day)
        covering = any(day in one for one in told.get(rep, ()))
        rows.append(
            {
                "rep": rep,
                "name": None if said is None else said.name,
                "open": held.get(rep, 0),
                "at_most": None if said is None else said.at_most,
                "given": given.get(rep, 0),
                "last_given_at": last_at.get(rep),
                "takes_turns": rep in rota,
                "is_in": assignment.is_in(agreement, rep, day) and not covering,
                "away": None if away is None else {"from": away.first, "until": away.last},
            }
        )
    return rows


def _given(db: Connection, agreement: Agreement) -> tuple[dict[str, int], dict[str, datetime]]:
    given: dict[str, int] = {}
    last_at: dict[str, datetime] = {}
    for row in db.execute(_GIVEN):
        rep = assignment.whom(agreement, row.owner) or row.owner
        given[rep] = given.get(rep, 0) + row.given
        last_at[rep] = max(row.last_at, last_at.get(rep, row.last_at))
    return given, last_at


def _by_rep(agreement: Agreement, held: dict[str, int]) -> dict[str, int]:
    """By address where a name is known; a name that is nobody's stays as it is."""
    by_rep: dict[str, int] = {}
    for owner, count in held.items():
        rep = assignment.whom(agreement, owner) or owner
        by_rep[rep] = by_rep.get(rep, 0) + count
    return by_rep


def _next_absence(found: list[Absence], day: date) -> Absence | None:
    coming = [one for one in found if one.last is None or one.last >= day]
    return min(coming, key=lambda one: (one.first, one.last or date.max), default=None)
