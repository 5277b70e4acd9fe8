"""Who gets which handoff: the one thing in which leads depend on each other, so it comes after all of them have lived.

Reps take turns, have room for so many, and colleagues of somebody whom a rep has already go to the same rep; so
handoffs are assigned in the order in which they were offered, and assigned again where the SLA gives them to somebody
else. Nothing in a lead's life depends on whose it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heappop, heappush
from typing import NamedTuple

from nurture.agreement import Agreement
from nurture.lab.records import Handoff
from nurture.rules.assignment import LET_LIE, Candidates, Desk, company_domain, rota, whom, working_day


class Again(NamedTuple):
    """A handoff is to be given to somebody else, by the lines of `assign` that fit the lead then."""

    at: datetime
    lines: tuple[int, ...]


class Offer(NamedTuple):
    """What the assignment needs of a handoff; small, for there may be many. `order` is its lead's place in the file."""

    at: datetime
    order: int
    lead: str
    lines: tuple[int, ...]
    owner: str | None
    ended_at: datetime | None
    reason: str | None
    again: tuple[Again, ...] = ()


def offer(handoff: Handoff, order: int) -> Offer:
    """A handoff, as the assignment sees it. Two promises that ask for somebody else at once ask for one."""
    asked = {rung.at: rung.lines for rung in reversed(handoff.rungs) if rung.action == "reassign"}
    again = tuple(Again(at, lines) for at, lines in sorted(asked.items()) if at != handoff.ended_at)
    ends = handoff.ended_at, handoff.reason
    return Offer(handoff.at, order, handoff.lead, handoff.lines, handoff.owner, *ends, again)


@dataclass(slots=True)
class _Held:
    """A handoff, and everybody who had it, the owner at the end."""

    offer: Offer
    reps: list[str]

    def is_open(self, at: datetime) -> bool:
        return self.offer.ended_at is None or self.offer.ended_at > at


@dataclass(slots=True)
class _Office:
    """Who had whom last, who holds what of each company; `plans` has what ends, and what is given again, and when."""

    agreement: Agreement
    desk: Desk
    last: dict[str, list[_Held]] = field(default_factory=lambda: defaultdict(list))
    of_company: dict[str, list[_Held]] = field(default_factory=lambda: defaultdict(list))
    plans: list[tuple[datetime, int, int, tuple[int, ...] | None, _Held]] = field(default_factory=list)
    planned: int = 0

    def give(self, offer: Offer) -> str:
        """The rep who gets it."""
        self.until(offer.at)
        held = _Held(offer, [])
        self._assign(held, offer.lines, offer.at)
        self.last[offer.lead].append(held)
        domain = company_domain(offer.lead)
        if domain is not None:
            self.of_company[domain].append(held)
        for again in offer.again:
            self._plan(again.at, again.lines, held)
        if offer.ended_at is not None:
            self._plan(offer.ended_at, None, held)
        return held.reps[-1]

    def until(self, at: datetime) -> None:
        """Let end what ends by then, and give to others what is to be given again."""
        while self.plans and self.plans[0][0] <= at:
            then, _, _, lines, held = heappop(self.plans)
            if lines is None:
                self.desk.held[held.reps[-1]] -= 1
            else:
                self._assign(held, lines, then)

    def _plan(self, at: datetime, lines: tuple[int, ...] | None, held: _Held) -> None:
        self.planned += 1
        heappush(self.plans, (at, held.offer.order, self.planned, lines, held))

    def _assign(self, held: _Held, lines: tuple[int, ...], at: datetime) -> None:
        self.desk.day = working_day(self.agreement.sla.hours, at)
        rep = self.desk.give(lines, self._candidates(held, at)).rep
        if held.reps:
            before = held.reps[-1]
            self.desk.held[before] -= 1
        held.reps.append(rep)

    def _candidates(self, held: _Held, at: datetime) -> Candidates:
        """Whoever had this very handoff does not get it back; nor who let the lead lie the last time."""
        skip = frozenset(held.reps)
        previous = next((one for one in reversed(self.last[held.offer.lead]) if one is not held), None)
        if previous is not None and previous.offer.reason == LET_LIE:
            skip |= frozenset(previous.reps)
        return Candidates(
            None if previous is None else previous.reps[-1],
            whom(self.agreement, held.offer.owner),
            self._colleagues(held.offer, at),
            skip,
        )

    def _colleagues(self, offer: Offer, at: datetime) -> tuple[str, ...]:
        domain = company_domain(offer.lead)
        if domain is None:
            return ()
        held = self.of_company[domain] = [one for one in self.of_company[domain] if one.is_open(at)]
        return tuple(dict.fromkeys(one.reps[-1] for one in reversed(held) if one.offer.lead != offer.lead))


def assigned(agreement: Agreement, offers: Iterable[Offer]) -> Iterator[tuple[Offer, str]]:
    """Each handoff with the rep whom it was offered to, in order of time; of one instant, in the order of the file."""
    office = _Office(agreement, Desk(agreement, date.min, dict.fromkeys(rota(agreement), 0)))
    for one in sorted(offers, key=lambda one: (one.at, one.order)):
        yield one, office.give(one)
