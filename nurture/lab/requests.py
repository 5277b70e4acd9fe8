"""Events in the order in which they come in, made one request after another for each lead that they are about.

Whom an event is about is found as in production (`nurture.segment.recognition`); a tracked link's token, which is
signed for one lead of one database, says nothing here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from nurture.facts import EventFact
from nurture.rules.bots import judge_event
from nurture.rules.history import is_history
from nurture.segment.event import IncomingEvent
from nurture.segment.recognition import Belongings
from nurture.segment.traits import merge_traits
from nurture.store.events import month_of


@dataclass(frozen=True, slots=True)
class Request:
    """What one request says of one lead: what it did, as people do it, and what it says of itself (None: nothing).

    `heard_now`: some event in it that is about the lead is no history.
    """

    at: datetime
    facts: tuple[EventFact, ...] = ()
    said: Mapping[str, Any] | None = None
    heard_now: bool = True


@dataclass(slots=True)
class _Desk:
    """Where events are sorted. `anonymous` waits until its visitor is known."""

    belongings: Belongings[str] = field(default_factory=lambda: Belongings({}, {}, {}))
    anonymous: dict[str, list[EventFact]] = field(default_factory=lambda: defaultdict(list))
    seen: set[tuple[str, str, date]] = field(default_factory=set)
    requests: dict[str, list[Request]] = field(default_factory=dict)


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
    book = desk.belongings
    book.new_visitors = {}
    facts: dict[str, list[EventFact]] = {}
    said: dict[str, dict[str, Any]] = {}
    heard_now: set[str] = set()
    for event in batch:
        if event.email:
            book.emails[event.email] = event.email
            facts.setdefault(event.email, [])
        lead = book.recognise(event)
        fact = _fact(desk, event)
        if lead is not None:
            facts.setdefault(lead, []).extend([] if fact is None else [fact])
            if not is_history(event.occurred_at, at):
                heard_now.add(lead)
            if event.kind == "identify":
                merge_traits(said.setdefault(lead, {"attributes": {}}), event.traits)
        elif fact is not None and event.anonymous_id:
            desk.anonymous[event.anonymous_id].append(fact)
    for visitor, lead in book.new_visitors.items():
        facts.setdefault(lead, []).extend(desk.anonymous.pop(visitor, ()))
    for lead, done in facts.items():
        done.sort(key=lambda fact: fact.occurred_at)
        desk.requests.setdefault(lead, []).append(Request(at, tuple(done), said.get(lead), lead in heard_now))


def _fact(desk: _Desk, event: IncomingEvent) -> EventFact | None:
    """What the rules are told of an event; None for what is known already, for programs, and for who somebody is."""
    if event.kind == "alias":
        return None
    mark = (event.source, event.message_id, month_of(event.client_at))
    if mark in desk.seen:
        return None
    desk.seen.add(mark)
    if event.kind == "identify" or judge_event(event.agent).verdict == "automated":
        return None
    return EventFact(event.kind, event.occurred_at, event.name, event.path, event.properties)
