"""Events in the order in which they come in, made one request after another for each lead that they are about.

Whom an event is about is found as in production where `IDENTITY_KEYS` is not set (`nurture.segment`): two leads of the
file stay two, whatever events say. Only in a database may they become one. A tracked link's token, which is signed for
one lead of one database, says nothing here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from nurture.facts import EventFact, Profile
from nurture.rules.bots import judge_event
from nurture.rules.history import is_history
from nurture.rules.profiles import Told, changed_profile, remembered_profile
from nurture.segment.event import IncomingEvent
from nurture.segment.names import Name, Names, names_of
from nurture.segment.ownership import Claim, owner, stretches
from nurture.segment.recognition import People
from nurture.segment.traits import merge_traits
from nurture.store.events import month_of


@dataclass(frozen=True, slots=True)
class Request:
    """What one request says of one lead: what it did, as people do it, and what it says of itself (None: nothing).

    `remembered`: what it said of itself long ago. `heard_now`: some event in it that is about the lead is no history.
    `forms`: the sources of what names its address now.
    """

    at: datetime
    facts: tuple[EventFact, ...] = ()
    said: Mapping[str, Any] | None = None
    remembered: tuple[Told, ...] = ()
    heard_now: bool = True
    forms: frozenset[str] = frozenset()

    def profile(self, before: Profile, since: datetime) -> Profile | None:
        """The profile of a lead that is known since then, after this request; None where that changes nothing."""
        after = remembered_profile(before, since, self.remembered)
        if self.said is None:
            return after
        return changed_profile(after or before, self.said) or after


@dataclass(slots=True, eq=False)
class _Unclaimed:
    """What was done by nobody known, and whom it named."""

    names: Names
    fact: EventFact
    taken: bool = False


@dataclass(slots=True)
class _Desk:
    """Where events are sorted.

    Attributes:
        known: leads by address and by user id.
        accounts: leads that have a user id.
        claims: who was seen at each browser.
        waiting: who was seen there, by a user id that is nobody's yet.
        unclaimed_of: what was done by somebody at a browser that is nobody's.
        unclaimed_by: what was done by a user id that is nobody's.
        named_now: user ids of which it is known only since this request whose they are.
        seen_now: browsers at which somebody was seen in this request.
        seen: messages that have come.
    """

    known: dict[Name, str] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    claims: dict[str, list[Claim[str]]] = field(default_factory=lambda: defaultdict(list))
    waiting: dict[Name, list[tuple[str, Claim[str]]]] = field(default_factory=lambda: defaultdict(list))
    unclaimed_of: dict[str, list[_Unclaimed]] = field(default_factory=lambda: defaultdict(list))
    unclaimed_by: dict[Name, list[_Unclaimed]] = field(default_factory=lambda: defaultdict(list))
    named_now: set[Name] = field(default_factory=set)
    seen_now: set[str] = field(default_factory=set)
    seen: set[tuple[str, str, date]] = field(default_factory=set)
    requests: dict[str, list[Request]] = field(default_factory=dict)

    def hear(self, batch: Sequence[tuple[Names, datetime]]) -> set[str]:
        """Note who is who; gives leads that nobody knew."""
        people = People(self.known, self.accounts)
        for names, _ in batch:
            people.hear(names)
        new: set[str] = set()
        for party in people.parties:
            if not party.leads and party.addresses:
                party.lead = party.addresses[0]
                new.add(party.lead)
        told = {name: party.lead for party in people.parties if party.lead is not None for name in party.names}
        self.known |= told
        self.accounts |= {lead for (kind, _), lead in told.items() if kind == "user"}
        self.named_now, self.seen_now = set(told), set()
        for place, (names, at) in enumerate(batch):
            self._see(names, at, place)
        return new

    def _see(self, names: Names, at: datetime, place: int) -> None:
        lead = self.named(names)
        for visitor in names.visitors:
            if visitor == names.previous and ("user", visitor) in self.known:
                continue
            if lead is not None:
                self._claim(visitor, Claim(at, lead, names.moves, place))
            elif names.people:
                self.waiting[names.people[0]].append((visitor, Claim(at, "", names.moves, place)))

    def claim_waiting(self) -> None:
        """User ids that are somebody's now were seen where they were seen."""
        for name in self.waiting.keys() & self.named_now:
            for visitor, claim in self.waiting.pop(name):
                self._claim(visitor, Claim(claim.at, self.known[name], claim.moves, claim.place))

    def _claim(self, visitor: str, claim: Claim[str]) -> None:
        claims = self.claims[visitor]
        if not claims or claims[-1].lead != claim.lead or (claim.moves and not claims[-1].moves):
            claims.append(claim)
            self.seen_now.add(visitor)

    def claimed(self) -> Iterator[_Unclaimed]:
        """What may be somebody's now, each once."""
        of = [one for visitor in self.seen_now for one in self.unclaimed_of.pop(visitor, ())]
        by = [one for name in self.named_now for one in self.unclaimed_by.pop(name, ())]
        for one in (*by, *of):
            if not one.taken:
                one.taken = True
                yield one

    def keep(self, names: Names, fact: EventFact) -> None:
        """Keep what nobody known did, until it is somebody's."""
        one = _Unclaimed(names, fact)
        for visitor in names.visitors:
            self.unclaimed_of[visitor].append(one)
        for name in names.people:
            self.unclaimed_by[name].append(one)

    def close(self) -> None:
        """What comes in the next request comes later, whatever the clock says."""
        for visitor in self.seen_now:
            claims = self.claims[visitor]
            claims[:] = [Claim(claim.at, claim.lead, claim.moves) for claim in claims]

    def is_new(self, event: IncomingEvent) -> bool:
        """Whether this message has not come before."""
        mark = (event.source, event.message_id, month_of(event.client_at))
        if mark in self.seen:
            return False
        self.seen.add(mark)
        return True

    def named(self, names: Names) -> str | None:
        """The lead that these ids name."""
        return next((self.known[name] for name in names.people if name in self.known), None)

    def lead(self, names: Names, at: datetime, place: int) -> str | None:
        """Whom an event is about."""
        lead = self.named(names)
        if lead is None and names.visitors:
            lead = owner(stretches(self.claims.get(names.visitors[0], ())), at, place)
        return lead


def requests_of(events: Iterable[IncomingEvent], start: datetime, end: datetime) -> dict[str, list[Request]]:
    """Requests by the address of their lead, in order of time; those of an address nobody knows make a lead.

    What occurred by `start` is one request at `start`. What occurred at or after `end` is left out.
    """
    desk = _Desk()
    ordered = sorted((event for event in events if event.occurred_at < end), key=lambda event: event.occurred_at)
    history = [event for event in ordered if event.occurred_at <= start]
    if history:
        _take_in(desk, history, start)
    for event in ordered[len(history) :]:
        _take_in(desk, [event], event.occurred_at)
    return desk.requests


def _take_in(desk: _Desk, batch: Sequence[IncomingEvent], at: datetime) -> None:
    """One request, as `flows.ingest` takes it in."""
    named = [(names_of(event).doubted(), event.occurred_at) for event in batch]
    facts: dict[str, list[EventFact]] = {lead: [] for lead in desk.hear(named)}
    desk.claim_waiting()
    said: dict[str, dict[str, Any]] = {}
    remembered: dict[str, list[Told]] = defaultdict(list)
    heard_now: set[str] = set()
    forms: dict[str, set[str]] = defaultdict(set)
    for one in desk.claimed():
        _note(desk, facts, desk.lead(one.names, one.fact.occurred_at, -1), one.names, one.fact)
    for place, event in enumerate(batch):
        lead = desk.lead(named[place][0], event.occurred_at, place)
        is_new = event.kind != "alias" and desk.is_new(event)
        _note(desk, facts, lead, named[place][0], _fact(event) if is_new else None)
        if lead is not None:
            is_old = is_history(event.occurred_at, at)
            if not is_old:
                heard_now.add(lead)
                if event.email is not None and event.kind in ("identify", "track"):
                    forms[lead].add(event.source)
            names = named[place][0]
            if is_new and event.kind == "identify" and (desk.named(names) is not None or not names.people):
                profile: dict[str, Any] = {"attributes": {}}
                if is_old:
                    remembered[lead].append((event.occurred_at, profile))
                merge_traits(profile if is_old else said.setdefault(lead, profile), event.traits)
    desk.close()
    for lead, done in facts.items():
        done.sort(key=lambda fact: fact.occurred_at)
        told = (said.get(lead), tuple(remembered[lead]), lead in heard_now, frozenset(forms[lead]))
        request = Request(at, tuple(done), *told)
        desk.requests.setdefault(lead, []).append(request)


def _note(
    desk: _Desk, facts: dict[str, list[EventFact]], lead: str | None, names: Names, fact: EventFact | None
) -> None:
    """Put an event to its lead's, or to those that wait until their visitor is known."""
    if lead is not None:
        facts.setdefault(lead, []).extend([] if fact is None else [fact])
    elif fact is not None:
        desk.keep(names, fact)


def _fact(event: IncomingEvent) -> EventFact | None:
    """What the rules are told of an event; None for programs, and for who somebody is."""
    if event.kind == "alias" or event.kind == "identify" or judge_event(event.agent).verdict == "automated":
        return None
    return EventFact(event.kind, event.occurred_at, event.name, event.path, event.properties)
