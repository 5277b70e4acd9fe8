"""What sales owes on an open handoff, in words: each promise, whether it is kept, and what comes when it is not."""

from datetime import datetime

from nurture.agreement import Sla
from nurture.facts import HandoffFact, Promise, RungAction
from nurture.rules.ladder import KEPT, Rung, coming, next_look
from nurture.rules.promises import Pledge, counted, pledges
from nurture.rules.ruling import Ruling
from nurture.rules.spoken_time import say_count, say_moment

DOES: dict[RungAction, str] = {
    "remind": "the owner is reminded",
    "escalate": "the manager is told",
    "reassign": "the lead is given to somebody else",
    "return_to_nurture": "the lead goes back to nurture",
    "ask": "the owner is asked what became of it",
}
"""What each rung does."""

_ASKS: dict[Promise, str] = {
    "accept": "sales has answered",
    "first_attempt": "sales has tried to reach the lead",
    "attempts": "sales has tried often enough",
    "outcome": "sales has said what became of it",
}


def owed(terms: Sla, handoff: HandoffFact, now: datetime) -> list[Ruling]:
    """Each promise on this handoff, in order: whether it is kept, since when it is owed, and what comes of that."""
    rungs = {rung.promise: rung for rung in coming(terms, handoff)}
    return [
        Ruling(_ASKS[pledge.promise], pledge.kept, _because(terms, handoff, pledge, rungs.get(pledge.promise), now))
        for pledge in pledges(terms, handoff)
    ]


def next_rung(terms: Sla, handoff: HandoffFact, now: datetime) -> tuple[datetime, str] | None:
    """When something is done next because of a promise, unless it is kept before, and what; None: nothing ever."""
    at = next_look(terms, handoff, now)
    if at is None:
        return None
    rung = min(coming(terms, handoff), key=lambda one: (one.climb_at, not one.returns))
    does = f"{_does(rung)} on {_moment(terms, at, now)}"
    if rung.n == KEPT:
        return at, f"sales has the lead; all attempts were made and nobody was reached, so {does}"
    return at, f"sales has the lead; unless {_ASKS[rung.promise]} before, {does}, rung {rung.n} of `{rung.promise}`"


def _because(terms: Sla, handoff: HandoffFact, pledge: Pledge, rung: Rung | None, now: datetime) -> str:
    due_at = pledge.due_at(terms)
    said = _stands(terms, handoff, pledge, due_at, now)
    climbed = [
        f"{DOES[breach.action].replace(' is ', ' was ')} on {_moment(terms, breach.at, now)}"
        for breach in handoff.breaches
        if breach.promise == pledge.promise
    ]
    following = [] if rung is None else [f"{_does(rung)} on {_moment(terms, rung.climb_at, now)}"]
    return "; ".join([said, *climbed, *(f"next, {one}" for one in following)])


def _stands(terms: Sla, handoff: HandoffFact, pledge: Pledge, due_at: datetime, now: datetime) -> str:
    made = ""
    if pledge.promise == "attempts":
        count = counted(terms, handoff.attempts)
        made = f"{say_count(count, 'attempt')} of {terms.attempts.count} counted; "
    if pledge.kept:
        return f"{made}kept"
    word = "late since" if due_at < now else "due on"
    return f"{made}{word} {_moment(terms, due_at, now)}"


def _does(rung: Rung) -> str:
    return DOES[rung.action] + (f" as `{rung.reason}`" if rung.returns else "")


def _moment(terms: Sla, at: datetime, now: datetime) -> str:
    """By the clocks of sales."""
    return f"{say_moment(at, terms.hours.timezone, now)} ({terms.hours.timezone})"
