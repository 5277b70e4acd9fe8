"""Recognise whom events are about, and write who belongs to whom.

How, say `nurture.segment.names` (whom an event names), `recognition` (who is who) and `ownership` (whose a browser is).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import TryAgain
from nurture.flows.merge_leads import make_one
from nurture.flows.recount import recount
from nurture.flows.sightings import Sightings
from nurture.flows.suppress import suppress_in
from nurture.mail.links import read_visitor
from nurture.rules.history import is_history
from nurture.rules.profiles import Told
from nurture.segment.event import IncomingEvent
from nurture.segment.names import Name, Names, names_of
from nurture.segment.recognition import People
from nurture.segment.traits import merge_traits
from nurture.segment.visitor import VISITOR
from nurture.store import attribution, consents, identities, leads, suppressions
from nurture.store.events import StoredEvent
from nurture.store.identities import Known
from nurture.store.merging import living
from nurture.store.states import lock_tracked
from nurture.trips import Trip

MOST_MERGES = 20
"""So many leads at most are merged in one transaction: each takes some hundredths of a second, and others wait."""


@dataclass(slots=True)
class Recognised:
    """Who the events of a batch are about.

    Attributes:
        of: one lead (or None) for each event, in order.
        inferred: for each event, whether only the browser tells whose it is.
        created: leads that nobody knew.
        earlier: stored events that have just been given to their leads, and count now.
        said: events that say who a lead is, each with its lead, as they came.
        untracked: leads who are not to be observed.
        offered: how many leads were handed over because two turned out to be one.
    """

    of: list[int | None] = field(default_factory=list)
    inferred: list[bool] = field(default_factory=list)
    created: set[int] = field(default_factory=set)
    earlier: list[StoredEvent] = field(default_factory=list)
    said: list[tuple[int, IncomingEvent]] = field(default_factory=list)
    untracked: set[int] = field(default_factory=set)
    offered: int = 0

    def profiles(self, is_old: Callable[[datetime], bool]) -> list[tuple[int, dict[str, Any]]]:
        """What the batch says of leads' profiles, but for what is old."""
        traits: dict[int, dict[str, Any]] = {}
        for lead_id, event in self.said:
            if not is_old(event.occurred_at):
                merge_traits(traits.setdefault(lead_id, {"attributes": {}}), event.traits)
        return sorted(traits.items())

    def remembered(self, is_old: Callable[[datetime], bool]) -> dict[int, list[Told]]:
        """What it says of them that is old, and when that was said."""
        told: dict[int, list[Told]] = {}
        for lead_id, event in self.said:
            if is_old(event.occurred_at):
                profile: dict[str, Any] = {"attributes": {}}
                merge_traits(profile, event.traits)
                told.setdefault(lead_id, []).append((event.occurred_at, profile))
        return told


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events, with whom each names. `order` is theirs in time, those of one instant as they came.

    `tokens`, by place: the lead whose tracked link led to the page.
    """

    events: Sequence[IncomingEvent]
    names: Sequence[Names]
    order: Sequence[int]
    tokens: Mapping[int, int]
    as_history: bool

    @property
    def people(self) -> set[Name]:
        """Everybody who is named. An alias's earlier id may be a user's."""
        previous: set[Name] = {("user", names.previous) for names in self.names if names.previous is not None}
        return previous.union(*(names.people for names in self.names))


def recognise(
    db: Connection, app: App, events: Sequence[IncomingEvent], now: datetime, *, as_history: bool = False
) -> Recognised:
    """Say whom each event is about, creating leads for addresses nobody has seen; write who belongs to whom.

    All leads concerned are locked then, in order. Leads that turn out to be one are merged; what visitors did before
    they were known is theirs now. With `as_history` nobody is handed over by a merge.

    Raises:
        TryAgain: Somebody else changed whose an id is at the same moment.
    """
    order = sorted(range(len(events)), key=lambda place: (events[place].occurred_at, place))
    batch = _Batch(events, _names(app, events), order, _tokens(db, app, events), as_history)
    people, seen = _held(db, batch)
    wanted = {*people.known.values(), *seen.leads, *batch.tokens.values()}
    there = lock_tracked(db, wanted)
    if len(there) < len(wanted):
        raise TryAgain  # one of them has just been merged into another
    untracked = {lead_id for lead_id, tracked in there.items() if not tracked}
    found = Recognised(created=_make_leads(db, people, now), untracked=untracked)
    for party in people.joined():
        said = [event for event, names in zip(events, batch.names, strict=True) if people.person(names) is party]
        by = f"an event of {', '.join(sorted({event.source for event in said}))}"
        news = not as_history and any(not is_history(event.occurred_at, now) for event in said)
        party.lead, offered = make_one(db, app, party.leads, by=by, now=now, news=news)
        found.offered += offered
        found.untracked = (found.untracked - {*party.leads}) | consents.untracked(db, {party.lead})
    _tie(db, app, people, now)
    _note(db, people, batch, now)
    users = {user: party.lead for party in people.parties if party.lead is not None for user in party.users}
    spans = seen.settle(db, people, users, now)
    if lost := attribution.take(db, spans, users):
        recount(db, app, lost, now)
    found.earlier = attribution.give(db, spans, users)
    for place, event in enumerate(events):
        _say(found, event, batch.names[place], people, seen.lead(place, batch.tokens.get(place)))
    return found


def _names(app: App, events: Sequence[IncomingEvent]) -> list[Names]:
    """Whom each event names, as far as its sender may say so."""
    said: dict[str, Callable[[Names], Names]] = {}
    for source in {event.source for event in events}:
        if not app.settings.may_identify(source):
            said[source] = Names.doubted if app.settings.may_sign_up(source) else Names.alone
    return [said[event.source](names_of(event)) if event.source in said else names_of(event) for event in events]


def _say(found: Recognised, event: IncomingEvent, names: Names, people: People[int], browsing: int | None) -> None:
    named = people.lead(names)
    lead_id = browsing if named is None else named
    found.of.append(lead_id)
    found.inferred.append(named is None and lead_id is not None)
    if lead_id is not None and event.kind == "identify" and not names.are_strange(known=named is not None):
        found.said.append((lead_id, event))


def _held(db: Connection, batch: _Batch) -> tuple[People[int], Sightings]:
    """Look who is who, lock the ids for reading or for changing, and look again: nothing changes any more."""
    named, visitors = batch.people, {visitor for names in batch.names for visitor in names.visitors}
    trip = Trip(db)
    known = identities.known(identities.look(trip, named, visitors))
    people, seen = _heard(db, batch, known)
    given = _alone(people, seen)
    held = identities.hold(trip, _shared(known, named, visitors), given)
    seen_before, known = known, identities.known(identities.look(trip, named, visitors))
    if given or known != seen_before:
        people, seen = _heard(db, batch, known)
        if not held.issuperset(map(identities.lock_of, _alone(people, seen))):
            raise TryAgain
    seen.load(db)
    return people, seen


def _heard(db: Connection, batch: _Batch, known: Known) -> tuple[People[int], Sightings]:
    people = People(known.people, _accounts(db, batch, known), inf if batch.as_history else MOST_MERGES)
    for place in batch.order:
        people.hear(batch.names[place])
    seen = Sightings(known.browsers, known.people)
    for place in batch.order:
        names = batch.names[place]
        if names.visitors:
            seen.see(place, batch.events[place].occurred_at, names, people.person(names), batch.tokens.get(place))
    seen.wait_for(db, people)
    return people, seen


def _shared(known: Known, named: set[Name], visitors: set[str]) -> set[str]:
    """Ids that nobody may give to somebody else while we read: those of browsers, and those that are nobody's."""
    return visitors | {value for kind, value in named if (kind, value) not in known.people}


def _alone(people: People[int], seen: Sightings) -> set[str]:
    """Ids that are given to somebody: browsers, user ids, and further addresses of leads that there are."""
    given = set(seen.moving)
    for party in people.parties:
        if party.exists:
            further = party.addresses if party.leads else party.addresses[1:]
            given.update(party.users, further, [identities.FURTHER] if further else ())
    return given


def _accounts(db: Connection, batch: _Batch, known: Known) -> set[int]:
    """Leads of which it matters whether they have a user id of their own: they are named beside another one."""
    asked: set[int] = set()
    for names in batch.names:
        if len(names.people) > 1:
            owners = {known.people.get(name) for name in names.people}
            if len(owners) > 1:
                asked |= {lead_id for lead_id in owners if lead_id is not None}
    return identities.accounts(db, asked)


def _make_leads(db: Connection, people: People[int], now: datetime) -> set[int]:
    """Make the leads that there are not; gives them."""
    fresh = [party for party in people.parties if not party.leads and party.addresses]
    made = leads.insert(db, [{"email": party.addresses[0]} for party in fresh], now)
    for party in fresh:
        if party.addresses[0] not in made:
            raise TryAgain  # somebody else has just made it
        party.lead = made[party.addresses[0]]
    return set(made.values())


def _tie(db: Connection, app: App, people: People[int], now: datetime) -> None:
    """Write down the new names of leads; what was wished at one of their addresses holds for all."""
    ties: dict[Name, int] = {}
    for party in people.parties:
        if party.lead is not None:
            first = ("email", party.addresses[0]) if not party.leads else None
            ties |= {name: party.lead for name in party.names if name != first}
    identities.tie(db, ties, now)
    further = {lead_id for (kind, _), lead_id in ties.items() if kind == "email"}
    for row in suppressions.wishes_of(db, further) if further else ():
        suppress_in(db, app, row.lead_id, row.reason, row.how, now, row.topic or None)


def _note(db: Connection, people: People[int], batch: _Batch, now: datetime) -> None:
    if not people.conflicts:
        return
    sources = ", ".join(sorted({event.source for event in batch.events}))
    identities.note(
        db,
        [
            identities.Conflict(one.lead, other.lead, now, sources, because)
            for one, other, because in people.conflicts
            if one.lead is not None and other.lead is not None
        ],
    )


def _tokens(db: Connection, app: App, events: Sequence[IncomingEvent]) -> dict[int, int]:
    said = {place: lead_id for place, event in enumerate(events) if (lead_id := _token(app, event.url))}
    if not said:
        return {}
    there = living(db, said.values())
    return {place: there[lead_id] for place, lead_id in said.items() if lead_id in there}


def _token(app: App, url: str | None) -> int | None:
    if not url or VISITOR not in url:
        return None
    values = parse_qs(urlsplit(url).query).get(VISITOR)
    return read_visitor(app.settings.secret_key, values[0]) if values else None
