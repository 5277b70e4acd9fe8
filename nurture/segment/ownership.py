"""Whose a browser is at which time: a function of who was seen at it when, in whatever order that is heard. Pure.

A form, an `identify` or an `alias` moves a browser from then on. Anything else that says who sits there (the token of a
tracked link, a page that a person who is signed in looks at) ties it only if nobody was seen there before, for mails
get forwarded. What was done before all of that is the first one's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Lead = TypeVar("Lead")

_TICK = timedelta(microseconds=1)
"""The finest that PostgreSQL tells apart."""


@dataclass(frozen=True, slots=True)
class Claim(Generic[Lead]):
    """Somebody was seen to use a browser. Of two at one instant, the one that was heard first (`place`) comes first."""

    at: datetime
    lead: Lead
    moves: bool
    place: int = -1


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Lead]):
    """A browser is this lead's since then, until the next stretch; the first one reaches back to the beginning."""

    since: datetime
    lead: Lead
    place: int = -1


@dataclass(frozen=True, slots=True)
class Span(Generic[Lead]):
    """From `since` on, and before `until` (None: no end), a browser is another lead's than it was taken for."""

    lead: Lead
    since: datetime | None
    until: datetime | None


def stretches(claims: Iterable[Claim[Lead]]) -> tuple[Stretch[Lead], ...]:
    """Whose a browser is when, oldest first; none for one that nobody claims."""
    found: list[Stretch[Lead]] = []
    for claim in sorted(claims, key=lambda claim: (claim.at, claim.place)):
        if not found or (claim.moves and claim.lead != found[-1].lead):
            found.append(Stretch(claim.at, claim.lead, claim.place))
    return tuple(found)


def owner(known: Sequence[Stretch[Lead]], at: datetime, place: int) -> Lead | None:
    """Whose a browser was when something was done with it; None: nobody's."""
    lead = known[0].lead if known else None
    for stretch in known[1:]:
        if (stretch.since, stretch.place) > (at, place):
            break
        lead = stretch.lead
    return lead


def changed(before: Sequence[Stretch[Lead]], after: Sequence[Stretch[Lead]]) -> list[Span[Lead]]:
    """When a browser belongs to another lead than before.

    What was heard before a claim, at the very same instant, was done before it: so a span that begins with a new claim
    begins a microsecond later.
    """
    known = {(stretch.since, stretch.lead) for stretch in before}
    fresh = {stretch.since for stretch in after if (stretch.since, stretch.lead) not in known}
    edges: list[datetime | None] = [None, *sorted({stretch.since for stretch in (*before, *after)})]
    spans: list[Span[Lead]] = []
    for index, edge in enumerate(edges):
        lead = _after(after, edge)
        if lead is None or lead == _after(before, edge):
            continue
        begins = _edge(edge, fresh)
        ends = _edge(edges[index + 1], fresh) if index + 1 < len(edges) else None
        if spans and spans[-1].until == begins and spans[-1].lead == lead:
            spans[-1] = Span(lead, spans[-1].since, ends)
        else:
            spans.append(Span(lead, begins, ends))
    return spans


def _after(known: Sequence[Stretch[Lead]], edge: datetime | None) -> Lead | None:
    """Whose it is just after that instant; None: in the beginning."""
    lead = known[0].lead if known else None
    for stretch in known[1:]:
        if edge is None or stretch.since > edge:
            break
        lead = stretch.lead
    return lead


def _edge(edge: datetime | None, fresh: set[datetime]) -> datetime | None:
    return edge + _TICK if edge in fresh and edge is not None else edge
