"""Take in what leads did elsewhere: who it was, once each, counted, decided, committed before the client hears 200."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.facts import EventFact, LeadState
from nurture.flows.ask_to_confirm import ask_to_confirm, without_erased
from nurture.flows.consent import note_in
from nurture.flows.decide import offered, settle
from nurture.flows.identify import Recognised, recognise
from nurture.rules.bots import judge_event
from nurture.rules.happenings import Happening
from nurture.rules.history import is_history, told
from nurture.rules.retention import events_from
from nurture.segment.consenting import agreed_in
from nurture.segment.event import IncomingEvent
from nurture.store import events, leads
from nurture.store.consents import Entry
from nurture.store.dropping import midnight
from nurture.store.events import StoredEvent
from nurture.store.partitions import kept_since
from nurture.store.states import without_past

TRIES = 10
"""Each time somebody else has got on, so it ends; with sixteen writers of the same leads two or three are enough."""

_WHEN = itemgetter(3, 0)
"""Of a stored event: its instant, and its id."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a batch. `unusable` has the message ids of events that name nobody at all.

    `asked` leads are sent a mail that asks whether a form was theirs.
    """

    stored: int = 0
    duplicates: int = 0
    created: int = 0
    offered: int = 0
    unusable: tuple[str, ...] = field(default=())
    asked: int = 0


def ingest(app: App, batch: Sequence[IncomingEvent], now: datetime, *, as_history: bool = False) -> Ingested:
    """Store a batch of events and decide the leads they concern, in one transaction.

    An event that came before, by source and message id, changes nothing. One that happened before all that is kept only
    says who is who. A batch that another one has got in the way of is tried again. With
    `as_history`, all counts and nothing follows from it (`rules.history`).
    """
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                done = _ingest(db, app, batch, now, as_history)
            break
        except Exception as error:
            if attempt + 1 == TRIES or not is_deadlock_or_serialization(error):
                raise
    if done.offered:
        app.nudge("notices")
    if done.asked:
        app.nudge("confirmations")
    return done


def _ingest(db: Connection, app: App, batch: Sequence[IncomingEvent], now: datetime, as_history: bool) -> Ingested:
    usable = [event for event in batch if event.email or event.user_id or event.anonymous_id]
    unusable = tuple(event.message_id for event in batch if not (event.email or event.user_id or event.anonymous_id))
    usable = list(without_erased(db, app, usable, now))
    since = _kept_from(db, app, usable, now)
    who = recognise(db, app, usable, now, as_history=as_history)
    asked: set[int] = set()
    if app.agreement.consent.double_opt_in and not as_history:
        asked = ask_to_confirm(db, app, zip(usable, who.of, strict=True), who.created, now)
    if who.untracked:
        _forget_unobserved(db, who)
    facts = zip(usable, who.of, who.inferred, strict=True)
    new = [
        _row(event, lead_id, inferred)
        for event, lead_id, inferred in facts
        if event.kind != "alias"
        and (since is None or event.occurred_at >= since)
        and not (event.kind == "page" and lead_id in who.untracked)
    ]
    stored = events.insert(db, new)
    earlier = who.earlier
    who.said = _news(who.said, stored) if who.said else []
    changed = _learn(db, app, who, now, as_history) if who.said else set()
    states = without_past(db, app.book, _concerned(stored, earlier, changed, who), now)
    heard_now = {lead for event, lead in zip(usable, who.of, strict=True) if not is_history(event.occurred_at, now)}
    decided = settle(
        db, app, _happenings(states, [*stored, *earlier], changed, who.created, heard_now, now, as_history), now
    )
    handed = who.offered + offered(decided)
    return Ingested(len(stored), len(new) - len(stored), len(who.created), handed, unusable, len(asked))


def _forget_unobserved(db: Connection, who: Recognised) -> None:
    """Drop the views of pages that were nobody's until now, of leads who do not want to be observed."""
    seen = [row for row in who.earlier if row.kind == "page" and row.lead_id in who.untracked]
    if seen:
        events.drop(db, [row.id for row in seen])
        who.earlier = [row for row in who.earlier if row not in seen]


def _kept_from(db: Connection, app: App, batch: Sequence[IncomingEvent], now: datetime) -> datetime | None:
    """The instant before which events are not kept; None where all of these are later, which is nearly always.

    What happened before would be dropped soon, and would count again when it is sent again.
    """
    if not any(is_history(event.occurred_at, now) for event in batch):
        return None
    since, retention = kept_since(db), app.agreement.retention
    return midnight(since if retention is None else max(since, events_from(retention, now)))


def _news(said: Iterable[tuple[int, IncomingEvent]], stored: Iterable[StoredEvent]) -> list[tuple[int, IncomingEvent]]:
    """What was not said before: a message that comes again late must not take back what was said since."""
    fresh = {tuple(row.told) for row in stored if row.told is not None}
    news: list[tuple[int, IncomingEvent]] = []
    for lead_id, event in said:
        key = events.key_of(event.source, event.message_id, event.client_at)
        if key in fresh:
            fresh.remove(key)
            news.append((lead_id, event))
    return news


def _learn(db: Connection, app: App, who: Recognised, now: datetime, as_history: bool) -> set[int]:
    """Write what is said of leads' profiles; gives the leads that changed. History does not go before what is known."""

    def is_old(at: datetime) -> bool:
        return as_history or is_history(at, now)

    remembered = leads.remember(db, who.remembered(is_old), now)
    agreed = note_in(db, _agreements(app, who.said), now)
    return {*remembered, *agreed, *leads.update(db, who.profiles(is_old), now, source="events")}


def _agreements(app: App, said: Iterable[tuple[int, IncomingEvent]]) -> list[Entry]:
    """What leads agreed to in so many words, but for forms that have to be confirmed first."""
    terms = app.agreement.consent
    entries = []
    for lead_id, event in said:
        agreed = None if event.source in terms.double_opt_in else agreed_in(event.traits)
        if agreed is not None:
            wording = agreed.wording or (terms.wording if agreed.basis == "consent" else None)
            source, by = agreed.source or event.source, f"an event of {event.source}"
            entries.append(
                Entry(lead_id, True, event.occurred_at, by, basis=agreed.basis, source=source, wording=wording)
            )
    return entries


def _concerned(
    stored: Sequence[StoredEvent], earlier: Sequence[StoredEvent], changed: set[int], who: Recognised
) -> set[int]:
    """Leads about whom there is something to decide."""
    ids = {row.lead_id for row in stored} | {row.lead_id for row in earlier}
    return {lead_id for lead_id in ids if lead_id is not None} | changed | who.created


def _happenings(
    states: Sequence[LeadState],
    rows: Sequence[Sequence[Any]],
    changed: set[int],
    created: set[int],
    heard_now: set[int | None],
    now: datetime,
    as_history: bool,
) -> list[tuple[LeadState, Happening]]:
    """At most one happening a lead: it arrived with these events, or did them; else its profile changed."""
    did = _did(rows)
    happened: list[tuple[LeadState, Happening]] = []
    for state in states:
        lead_id = state.id or 0
        happening = told(
            did.get(lead_id, ()),
            now,
            arrived=lead_id in created,
            profile_changed=lead_id in changed,
            heard_now=lead_id in heard_now,
            as_history=as_history,
        )
        if happening is not None:
            happened.append((state, happening))
    return happened


def _did(rows: Iterable[Sequence[Any]]) -> dict[int, list[EventFact]]:
    """What each lead did, in order of time, of events as the store gives new ones.

    By place, not by name: a name of a row costs more than a whole event.
    """
    did: dict[int, list[EventFact]] = defaultdict(list)
    for id_, lead_id, kind, at, name, path, properties, campaign, step, verdict, *_ in sorted(rows, key=_WHEN):
        if lead_id is not None and verdict == "human" and kind != "identify":
            did[lead_id].append(EventFact(kind, at, name, path, properties, verdict, campaign, step, id_))
    return did


def _row(event: IncomingEvent, lead_id: int | None, inferred: bool) -> dict[str, Any]:
    judgement = judge_event(event.agent)
    return {
        "source": event.source,
        "message_id": event.message_id,
        "lead_id": lead_id,
        "anonymous_id": event.anonymous_id,
        "user_id": event.user_id,
        "inferred": inferred,
        "kind": event.kind,
        "name": event.name,
        "path": event.path,
        "properties": event.properties,
        "agent": event.agent,
        "occurred_at": event.occurred_at,
        "client_at": event.client_at,
        "received_at": event.received_at,
        "verdict": judgement.verdict,
        "reasons": judgement.reasons,
    }
