"""What sales owes on an open handoff: until when, and what is done about it when it is late.

A promise has a start, a length and a ladder. Rung n of the ladder is due when the length has passed n times, and is
climbed once. All of it is worked out from the calendar whenever somebody looks; nothing is counted down. When a rung
that is due is climbed is said in `rules.ladder`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nurture.agreement import ATTEMPTS_A_DAY, Sla
from nurture.facts import HandoffFact, Promise, RungAction
from nurture.grammar.durations import Duration
from nurture.rules import sla
from nurture.rules.calendar import DAY, MINUTE, local_date
from nurture.values import quick

ReturnReason = Literal["no_follow_up", "unreachable", "no_outcome"]
"""The built-in reasons with which the SLA returns a lead to nurture."""

OUTCOME_LADDER: tuple[RungAction, ...] = ("ask", "escalate", "return_to_nurture")
"""No outcome in time: the owner is asked, then the manager, then the lead goes round again."""

_REACHED = frozenset({"contacted", "qualified"})


@quick
@dataclass(frozen=True, slots=True)
class Pledge:
    """One promise on one handoff. `reason` is why the lead comes back, if the ladder ends with that."""

    promise: Promise
    start: datetime
    length: Duration
    ladder: tuple[RungAction, ...]
    kept: bool
    reason: ReturnReason = "no_follow_up"

    def due_at(self, terms: Sla, rung: int = 1) -> datetime:
        """When its length has passed so many times: hours and minutes at work, days by the clock on the wall."""
        return sla.deadline(terms.hours, self.start, self.length, rung)

    def half_later(self, terms: Sla, at: datetime) -> datetime:
        """Half its length after some instant."""
        if self.length.is_calendar:
            return at + DAY * self.length.days / 2
        return sla.working_time_later(terms.hours, at, MINUTE * self.length.minutes / 2)


def pledges(terms: Sla, handoff: HandoffFact) -> tuple[Pledge, ...]:
    """What sales promised of this handoff, kept or not: at first two things, from acceptance on two more.

    For a handoff that was opened elsewhere and imported nothing was promised here.
    """
    if handoff.imported:
        return ()
    found = [_accept(terms, handoff), _first_attempt(terms, handoff)]
    if handoff.accepted_at is not None:
        found += [_attempts(terms, handoff, handoff.accepted_at), _outcome(terms, handoff, handoff.accepted_at)]
    return tuple(found)


def late_pledges(terms: Sla, handoff: HandoffFact, now: datetime) -> tuple[Pledge, ...]:
    """The promises that should have been kept by now, and are not."""
    return tuple(pledge for pledge in pledges(terms, handoff) if not pledge.kept and pledge.due_at(terms) < now)


def counted(terms: Sla, attempts: Iterable[datetime]) -> int:
    """How many of these attempts count: at most two of one day, by the calendar of the zone in which sales works."""
    days = Counter(local_date(at, terms.hours.timezone) for at in attempts)
    return sum(min(made, ATTEMPTS_A_DAY) for made in days.values())


def all_made(terms: Sla, handoff: HandoffFact) -> bool:
    """Whether sales has tried as often as it promised, and reached nobody."""
    return handoff.state == "accepted" and counted(terms, handoff.attempts) >= terms.attempts.count


def _accept(terms: Sla, handoff: HandoffFact) -> Pledge:
    length = terms.accept_within
    if handoff.hand_raise and terms.hand_raise is not None:
        length = terms.hand_raise.accept_within
    kept = handoff.state != "offered"
    return Pledge("accept", handoff.offered_at, length, _ladder(terms.on_breach, handoff), kept)


def _first_attempt(terms: Sla, handoff: HandoffFact) -> Pledge:
    length = terms.first_attempt_within
    if handoff.hand_raise and terms.hand_raise is not None and terms.hand_raise.first_attempt_within is not None:
        length = terms.hand_raise.first_attempt_within
    kept = bool(handoff.attempts) or handoff.state in _REACHED
    return Pledge("first_attempt", handoff.offered_at, length, _ladder(terms.on_breach, handoff), kept)


def _attempts(terms: Sla, handoff: HandoffFact, accepted_at: datetime) -> Pledge:
    kept = handoff.state in _REACHED or all_made(terms, handoff)
    return Pledge("attempts", accepted_at, terms.attempts.within, _ladder(terms.on_breach, handoff), kept)


def _outcome(terms: Sla, handoff: HandoffFact, accepted_at: datetime) -> Pledge:
    """Won, lost and rejected close the handoff, so an open one has no outcome yet."""
    ladder = _ladder(OUTCOME_LADDER, handoff)
    return Pledge("outcome", accepted_at, terms.outcome_within, ladder, kept=False, reason="no_outcome")


def _ladder(ladder: tuple[RungAction, ...], handoff: HandoffFact) -> tuple[RungAction, ...]:
    """Who raised its hand is not returned to nurture: instead the manager is told once more."""
    if not handoff.hand_raise:
        return ladder
    return tuple("escalate" if action == "return_to_nurture" else action for action in ladder)
