"""Who gets which handoff: the one thing in which leads depend on each other, so it comes after all of them have lived.

Reps take turns, and colleagues of somebody whom a rep has already go to the same rep; so handoffs are assigned in the
order in which they were offered. Nothing in a lead's life depends on whose it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from nurture.agreement import Agreement
from nurture.lab.records import Handoff
from nurture.rules.assignment import Candidates, among, rota


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
class _Desk:
    """Who had whom last, whose turn it is, who holds what of each company."""

    agreement: Agreement
    turns: dict[str, int] = field(default_factory=dict)
    previous: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    held: dict[str, list[tuple[Offer, str]]] = field(default_factory=lambda: defaultdict(list))

    def give(self, offer: Offer) -> str:
        """The rep who gets it."""
        previous, ended_as = self.previous.get(offer.lead, (None, None))
        domain = offer.lead.rpartition("@")[2]
        held = [(one, rep) for one, rep in self.held[domain] if one.ended_at is None or one.ended_at > offer.at]
        colleague = next((rep for one, rep in reversed(held) if one.lead != offer.lead), None)
        skip = previous if ended_as == "no_follow_up" else None
        who = Candidates(previous, offer.owner, colleague, skip)
        assigned = among(self.agreement, offer.lines, who, self.turns)
        if assigned.by_turns:
            self.turns[assigned.rep] = max(self.turns.values(), default=0) + 1
        self.previous[offer.lead] = assigned.rep, offer.reason
        self.held[domain] = [*held, (offer, assigned.rep)]
        return assigned.rep


def assigned(agreement: Agreement, offers: Iterable[Offer]) -> Iterator[tuple[Offer, str]]:
    """Each handoff with its rep, in order of time; of the same instant, in the order of the file."""
    desk = _Desk(agreement, dict.fromkeys(rota(agreement), 0))
    for one in sorted(offers, key=lambda one: (one.at, one.order)):
        yield one, desk.give(one)
