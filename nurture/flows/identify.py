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
from nurture.store.states import lock_on
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
    """Events, with whom each names.

    Attributes:
        events: as they came.
        names: of each, by place.
        order: places in time, those of one instant as they came.
        named: all people that are named. An alias's earlier id may be a user's.
        visitors: all browsers that are.
        tokens: by place, the lead whose tracked link led to the page.
        as_history: whether nothing follows from them.
    """

    events: Sequence[IncomingEvent]
    names: Sequence[Names]
    order: Sequence[int]
    named: set[Name]
    visitors: set[str]
    tokens: Mapping[int, int]
    as_history: bool


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
    names = _names(app, events)
    named: set[Name] = {("user", each.previous) for each in names if each.previous is not None}
    named.update(*(each.people for each in names))
    visitors = {visitor for each in names for visitor in each.visitors}
    batch = _Batch(events, names, order, named, visitors, _tokens(db, app, events), as_history)
    heard, there = _held(db, batch)
    people, seen = heard.people, heard.seen
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a batch says of who is who, as far as is known; and what must not change meanwhile.

    Attributes:
        people: who is who by names.
        seen: who was seen at which browser.
        shared: ids that nobody may give to somebody else while we read.
        alone: ids that this batch gives to somebody.
        leads: leads that are to be locked: nobody gives away what is theirs then.
        further: whether more was asked than whose the ids are.
    """

    people: People[int]
    seen: Sightings
    shared: set[str]
    alone: set[str]
    leads: set[int]
    further: bool


def _held(db: Connection, batch: _Batch) -> tuple[_Heard, dict[int, bool]]:
    """Look who is who, lock the ids that need it and the leads, and look again: nothing changes any more.

    Whose an id is changes under the lock of the lead that has it. So that lock is enough for whoever only reads of ids
    that are somebody's. Ids that are nobody's have locks of their own, as have those about which a batch says anything.
    Gives the leads too, with whether each may be observed.
    """
    trip = Trip(db)
    before = identities.look(trip, batch.named, batch.visitors)
    heard = _heard(db, batch, identities.known(before))
    held = identities.hold(trip, heard.shared, heard.alone)
    wanted = heard.seen.load(trip) | heard.leads
    locked, after = lock_on(trip, wanted), identities.look(trip, batch.named, batch.visitors)
    there = dict(locked.rows)
    if len(there) < len(wanted):
        raise TryAgain  # one of them has just been merged into another
    if heard.further or not identities.say_the_same(before, after):
        heard = _heard(db, batch, identities.known(after))
        wanted = heard.seen.load(trip) | heard.leads
        if not (held.covers(heard.shared, heard.alone) and wanted <= there.keys()):
            raise TryAgain
    return heard, there


def _heard(db: Connection, batch: _Batch, known: Known) -> _Heard:
    asked = _of_several(batch, known)
    people = People(known.people, identities.accounts(db, asked), inf if batch.as_history else MOST_MERGES)
    for place in batch.order:
        people.hear(batch.names[place])
    seen = Sightings(known.browsers, known.people)
    for place in batch.order:
        names = batch.names[place]
        if names.visitors:
            seen.see(place, batch.events[place].occurred_at, names, people.person(names), batch.tokens.get(place))
    users = [user for party in people.parties if party.exists for user in party.users]
    seen.wait_for(db, users)
    shared = seen.told | (batch.visitors - known.browsers.keys())
    shared.update(name[1] for name in batch.named if name not in known.people)
    leads = {*known.people.values(), *seen.leads, *batch.tokens.values()}
    return _Heard(people, seen, shared, _alone(people, seen), leads, further=bool(asked or users))


def _alone(people: People[int], seen: Sightings) -> set[str]:
    """Ids that are given to somebody: browsers, user ids, and further addresses of leads that there are."""
    given = set(seen.moving)
    for party in people.parties:
        if party.exists:
            further = party.addresses if party.leads else party.addresses[1:]
            given.update(party.users, further, [identities.FURTHER] if further else ())
    return given


def _of_several(batch: _Batch, known: Known) -> set[int]:
    """Leads of which it matters whether they have a user id of their own: they are named beside another one."""
    asked: set[int] = set()
    for names in batch.names:
        if len(names.people) > 1:
            owners = {known.people.get(name) for name in names.people}
            if len(owners) > 1:
                asked |= {lead_id for lead_id in owners if lead_id is not None}
    return asked


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
