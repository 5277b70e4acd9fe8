"""Let something happen to leads: lock and load them, apply the rules, write what follows, offer who is ready.

Every flow that changes a lead's life goes through here, so the rules are asked in one way and all is one transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.facts import LeadState, PastNotRead
from nurture.flows.crm_changes import queue_changes
from nurture.flows.hand_off import open_offers
from nurture.flows.recount import recount
from nurture.flows.tell_owners import tell_owners
from nurture.rules import life
from nurture.rules.book import Rulebook
from nurture.rules.effects import CycleBegan, HandedOver
from nurture.rules.happenings import Happening
from nurture.store import counts
from nurture.store.decided import Decided, Decisions
from nurture.store.outcomes import save
from nurture.store.states import locked_states, with_past


def decide(db: Connection, app: App, happenings: Mapping[int, Happening], now: datetime) -> Decisions:
    """Apply one happening to each of these leads, within the caller's transaction; by ascending lead id."""
    states = locked_states(db, app.book, happenings, now)
    return settle(db, app, [(state, happenings[_id(state)]) for state in states], now)


def settle(db: Connection, app: App, happened: list[tuple[LeadState, Happening]], now: datetime) -> Decisions:
    """The same for states that are locked and loaded already, perhaps without their long past."""
    book = app.book_in(db)
    decided = _apply(db, book, happened, now)
    save(db, decided, now)
    _count_into_cycles(db, app, decided, now)
    tell_owners(db, app, decided, now)
    open_offers(db, app, decided, now)
    queue_changes(db, app, decided, now)
    return decided


def _apply(db: Connection, book: Rulebook, happened: list[tuple[LeadState, Happening]], now: datetime) -> Decisions:
    """Ask the rules. What lies far back is read for the leads whose decision looks there; few do."""
    decided, asking = [], []
    for state, happening in happened:
        try:
            decided.append(Decided(state, life.apply(book, state, happening, now)))
        except PastNotRead:
            asking.append((state, happening))
    whole = with_past(db, book, [state for state, _ in asking], now)
    for state, (_, happening) in zip(whole, asking, strict=True):
        decided.append(Decided(state, life.apply(book, state, happening, now)))
    return Decisions(sorted(decided, key=lambda one: one.lead_id))


def _count_into_cycles(db: Connection, app: App, decided: Decisions, now: datetime) -> None:
    """A cycle may begin before now: what the lead did since then has been counted into the one before."""
    began = {one.lead_id: effect.at for one, effect in decided.each(CycleBegan)}
    if began:
        recount(db, app, counts.with_events_from(db, began), now)


def offered(decided: Decisions) -> int:
    """How many of these leads were handed over."""
    return len(decided.each(HandedOver))


def _id(state: LeadState) -> int:
    if state.id is None:
        raise ValueError("a stored lead has an id")
    return state.id
