"""Which rungs of the ladders are climbed now, and when to look again.

A rung is climbed at the first look after it was due, with three exceptions:

- Nothing at 3 a.m.: a rung that comes due while sales is not at work (promises made in days do) is climbed when work
  begins again. What came due at work still is, up to `SLACK` later.
- One rung at a time: after a rung was climbed, the promise's next one waits for at least half its length. So after a
  downtime nobody is reminded, reported, replaced and given up within one minute, and still the ladder catches up.
- A fair chance: after a handoff was given to somebody else, no rung of any promise is climbed for half its length.

Where workers are on time the last two change nothing within one promise, whose rungs are a whole length apart. They
put a rung off where another promise's ladder has just given the lead to somebody else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture.agreement import Sla
from nurture.facts import PROMISES, HandoffFact, Promise, RungAction
from nurture.rules import sla
from nurture.rules.promises import Pledge, ReturnReason, all_made, pledges
from nurture.values import quick

SLACK = timedelta(minutes=15)
"""So late may a look be that a rung which came due at work is climbed although work is over by now."""

KEPT = 0
"""The rung of `attempts` that breaks nothing: all were made, nobody was reached."""


@quick
@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: what it does, when it is due, and when it may be climbed. `n` counts from 1, or is `KEPT`.

    The promise is late since `owed_at`.
    """

    promise: Promise
    n: int
    action: RungAction
    owed_at: datetime
    due_at: datetime
    climb_at: datetime
    reason: ReturnReason = "no_follow_up"

    @property
    def returns(self) -> bool:
        """Whether sales loses the lead by it."""
        return self.action == "return_to_nurture"


def due_now(terms: Sla, handoff: HandoffFact, now: datetime) -> tuple[Rung, ...]:
    """The rungs to be climbed by this look, in order; each promise's next one at most, and none after a return."""
    climbed: list[Rung] = []
    for rung in sorted((rung for rung in coming(terms, handoff) if _is_ripe(terms, rung, now)), key=_order):
        climbed.append(rung)
        if rung.returns:
            break
    return tuple(climbed)


def next_look(terms: Sla, handoff: HandoffFact, now: datetime) -> datetime | None:
    """When to look again; in the past where something is due already; None where nothing more can come."""
    times = []
    for rung in coming(terms, handoff):
        is_late = rung.climb_at <= now and not _is_ripe(terms, rung, now)
        times.append(sla.at_work(terms.hours, now) if is_late else rung.climb_at)
    return min(times, default=None)


def coming(terms: Sla, handoff: HandoffFact) -> Iterator[Rung]:
    """The next rung of each promise that is not kept."""
    for pledge in pledges(terms, handoff):
        if not pledge.kept:
            rung = _next(terms, handoff, pledge)
        elif pledge.promise == "attempts" and all_made(terms, handoff):
            rung = _unreachable(terms, handoff, pledge)
        else:
            rung = None
        if rung is not None:
            yield rung


def _next(terms: Sla, handoff: HandoffFact, pledge: Pledge) -> Rung | None:
    n = 1 + max((breach.rung for breach in handoff.breaches if breach.promise == pledge.promise), default=0)
    if n > len(pledge.ladder):
        return None
    due_at = pledge.due_at(terms, n)
    since = _let_be_since(handoff, pledge.promise)
    rested = due_at if since is None else max(due_at, pledge.half_later(terms, since))
    climb_at = sla.at_work(terms.hours, rested)
    owed_at = due_at if n == 1 else pledge.due_at(terms)
    return Rung(pledge.promise, n, pledge.ladder[n - 1], owed_at, due_at, climb_at, pledge.reason)


def _unreachable(terms: Sla, handoff: HandoffFact, pledge: Pledge) -> Rung | None:
    """All attempts were made, and when the time for them is over the lead goes back; the manager hears of a hand."""
    if any((breach.promise, breach.rung) == (pledge.promise, KEPT) for breach in handoff.breaches):
        return None
    due_at = pledge.due_at(terms)
    climb_at = sla.at_work(terms.hours, due_at)
    action: RungAction = "escalate" if handoff.hand_raise else "return_to_nurture"
    return Rung(pledge.promise, KEPT, action, due_at, due_at, climb_at, "unreachable")


def _let_be_since(handoff: HandoffFact, promise: Promise) -> datetime | None:
    """When this promise's last rung was climbed, or the handoff given to somebody, whichever was later."""
    times = [
        breach.at
        for breach in handoff.breaches
        if breach.action == "reassign" or (breach.promise == promise and breach.rung != KEPT)
    ]
    if handoff.given_at not in (None, handoff.offered_at, handoff.accepted_at):  # who accepts was not given it
        times.append(handoff.given_at)
    return max(times, default=None)


def _is_ripe(terms: Sla, rung: Rung, now: datetime) -> bool:
    if rung.climb_at > now:
        return False
    return now - rung.climb_at <= SLACK or sla.at_work(terms.hours, now) == now


def _order(rung: Rung) -> tuple[datetime, bool, int]:
    """By time; of one instant a return first, for with it the rest is over."""
    return rung.climb_at, not rung.returns, PROMISES.index(rung.promise)
