"""Give leads owners by the lines of `assign`: all is looked up for all of them at once, once the rota is locked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nurture.agreement import Agreement
from nurture.app import App
from nurture.facts import LeadState
from nurture.rules import assignment
from nurture.rules.assignment import LET_LIE, Assigned, Candidates, Desk
from nurture.rules.known import known
from nurture.store import assigning


def give_owners(
    db: Connection,
    app: App,
    leads: Sequence[tuple[int, LeadState]],
    now: datetime,
    *,
    skip: frozenset[str] = frozenset(),
    besides: int | None = None,
) -> list[Assigned]:
    """Pick a rep for each of these leads, in order, within the caller's transaction, which has locked the leads.

    Who is picked has had a turn from then on; the caller writes the handoffs. The rota is locked until the end of the
    transaction: no lead may be locked after this.

    Args:
        db: the transaction.
        app: the app.
        leads: each lead's id, and what is known of it as it is handed over.
        now: when.
        skip: who gets none of them, by address.
        besides: a handoff that does not count as one that was before, since it is the one to be given.
    """
    agreement = app.book.agreement
    if not agreement.assign:
        return [Assigned(agreement.sla.manager, None) for _ in leads]
    desk = _desk(db, agreement, now)
    before = dict(desk.turns)
    past = assigning.last_handoffs(db, [lead_id for lead_id, _ in leads], besides=besides)
    colleagues = _Colleagues(db, agreement, [state for _, state in leads])
    given = []
    for lead_id, state in leads:
        email = state.profile.email
        who = _candidates(agreement, state, past.get(lead_id), colleagues.of(lead_id, email), skip)
        assigned = desk.give(assignment.fitting(agreement, known(app.book, state, now)), who)
        colleagues.note(lead_id, email, assigned.rep)
        given.append(assigned)
    assigning.give_turns(db, {rep: n for rep, n in desk.turns.items() if before.get(rep) != n}, now)
    return given


def _desk(db: Connection, agreement: Agreement, now: datetime) -> Desk:
    turns = assigning.turns(db, assignment.everybody(agreement), now)
    day = assignment.working_day(agreement.sla.hours, now)
    held: dict[str, int] = {}
    if assignment.has_capacities(agreement):
        for owner, count in assigning.held(db).items():
            rep = assignment.whom(agreement, owner)
            if rep is not None:
                held[rep] = held.get(rep, 0) + count
    return Desk(agreement, day, turns, held, assigning.away(db, day))


def _candidates(
    agreement: Agreement,
    state: LeadState,
    past: assigning.Past | None,
    colleagues: tuple[str, ...],
    skip: frozenset[str],
) -> Candidates:
    """By address; whoever let the lead lie the last time is passed over, with everybody else who held it then."""
    let_lie: frozenset[str] = frozenset()
    if past is not None and past.reason == LET_LIE:
        let_lie = frozenset(rep for said in past.held if (rep := assignment.whom(agreement, said)) is not None)
    return Candidates(
        previous=assignment.whom(agreement, past.owner if past is not None else None),
        owner=assignment.whom(agreement, state.profile.owner),
        colleagues=colleagues,
        skip=skip | let_lie,
    )


class _Colleagues:
    """Who holds whom of each company, these leads among them as they are given out."""

    def __init__(self, db: Connection, agreement: Agreement, states: Sequence[LeadState]) -> None:
        self._agreement = agreement
        self._asked = any(line.to == "colleague" for line in agreement.assign)
        domains = {assignment.company_domain(state.profile.email) for state in states} if self._asked else set()
        self._held = assigning.colleagues(db, {domain for domain in domains if domain is not None})

    def of(self, lead_id: int, email: str) -> tuple[str, ...]:
        domain = assignment.company_domain(email) if self._asked else None
        held = self._held.get(domain, ()) if domain is not None else ()
        reps = (assignment.whom(self._agreement, owner) for other, owner in held if other != lead_id)
        return tuple(dict.fromkeys(rep for rep in reps if rep is not None))

    def note(self, lead_id: int, email: str, rep: str) -> None:
        domain = assignment.company_domain(email) if self._asked else None
        if domain is not None:
            self._held.setdefault(domain, []).insert(0, (lead_id, rep))
