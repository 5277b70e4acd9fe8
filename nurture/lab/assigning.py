"""Who gets which handoff: the one thing in which leads depend on each other, so it comes after all of them have lived.

Reps take turns, have room for so many, and colleagues of somebody whom a rep has already go to the same rep; so
handoffs are assigned in the order in which they were offered. Nothing in a lead's life depends on whose it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heappop, heappush
from typing import NamedTuple

from nurture.agreement import Agreement
from nurture.lab.records import Handoff
from nurture.rules.assignment import Candidates, Desk, company_domain, rota, whom, working_day

LET_LIE = "no_follow_up"


class Offer(NamedTuple):
    """What the assignment needs of a handoff; small, for there may be many. `order` is its lead's place in the file."""

    at: datetime
    order: int
    lead: str
    lines: tuple[int, ...]
    owner: str | None
    ended_at: datetime | None
    reason: str | None


def offer(handoff: Handoff, order: int) -> Offer:
    """A handoff, as the assignment sees it."""
    ends = handoff.ended_at, handoff.reason
    return Offer(handoff.at, order, handoff.lead, handoff.lines, handoff.owner, *ends)


@dataclass(slots=True)
class _Office:
    """Who had whom last, who holds what of each company, when what is open ends."""

    agreement: Agreement
    desk: Desk
    previous: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    of_company: dict[str, list[tuple[Offer, str]]] = field(default_factory=lambda: defaultdict(list))
    ends: list[tuple[datetime, str]] = field(default_factory=list)

    def give(self, offer: Offer) -> str:
        """The rep who gets it."""
        while self.ends and self.ends[0][0] <= offer.at:
            _, rep = heappop(self.ends)
            self.desk.held[rep] -= 1
        self.desk.day = working_day(self.agreement.sla.hours, offer.at)
        previous, ended_as = self.previous.get(offer.lead, (None, None))
        skip = frozenset() if previous is None or ended_as != LET_LIE else frozenset((previous,))
        who = Candidates(previous, whom(self.agreement, offer.owner), self._colleagues(offer), skip)
        rep = self.desk.give(offer.lines, who).rep
        self._note(offer, rep)
        return rep

    def _colleagues(self, offer: Offer) -> tuple[str, ...]:
        domain = company_domain(offer.lead)
        if domain is None:
            return ()
        held = [(one, rep) for one, rep in self.of_company[domain] if one.ended_at is None or one.ended_at > offer.at]
        self.of_company[domain] = held
        return tuple(dict.fromkeys(rep for one, rep in reversed(held) if one.lead != offer.lead))

    def _note(self, offer: Offer, rep: str) -> None:
        self.previous[offer.lead] = rep, offer.reason
        domain = company_domain(offer.lead)
        if domain is not None:
            self.of_company[domain].append((offer, rep))
        if offer.ended_at is not None:
            heappush(self.ends, (offer.ended_at, rep))


def assigned(agreement: Agreement, offers: Iterable[Offer]) -> Iterator[tuple[Offer, str]]:
    """Each handoff with its rep, in order of time; of the same instant, in the order of the file."""
    office = _Office(agreement, Desk(agreement, date.min, dict.fromkeys(rota(agreement), 0)))
    for one in sorted(offers, key=lambda one: (one.at, one.order)):
        yield one, office.give(one)
