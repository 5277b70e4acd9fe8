"""Climb the rungs that are due: note each, and let the last one take the lead from sales."""

from dataclasses import replace

from nurture.facts import BreachFact
from nurture.rules.draft import Draft
from nurture.rules.effects import Breached
from nurture.rules.evolving import evolve
from nurture.rules.happenings import DeadlineCame, Refused
from nurture.rules.ladder import KEPT, Rung, due_now
from nurture.rules.refusing import refuse


def climb(draft: Draft, _: DeadlineCame) -> None:
    """What the agreement says of promises that are late. Whom a lead is given to instead is for the caller to find."""
    handoff = draft.state.handoff
    if handoff is None:
        return
    for rung in due_now(draft.book.agreement.sla, handoff, draft.now):
        if rung.n != KEPT or not rung.returns:  # who is unreachable was promised nothing more
            _note(draft, rung)
        if rung.returns:
            refuse(draft, Refused(rung.reason, draft.now, how="returned"))


def _note(draft: Draft, rung: Rung) -> None:
    handoff = draft.state.handoff
    if handoff is None:
        return
    draft.add(Breached(rung.promise, rung.n, rung.action, rung.owed_at, rung.due_at, handoff.owner))
    breach = BreachFact(rung.promise, rung.n, rung.action, draft.now)
    draft.state = evolve(draft.state, handoff=replace(handoff, breaches=(*handoff.breaches, breach)))
