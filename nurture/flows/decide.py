"""Let something happen to leads: lock and load them, apply the rules, write what follows, offer who is ready.

Every flow that changes a lead's life goes through here, so the rules are asked in one way and all is one transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.facts import LeadState
from nurture.flows.hand_off import open_offers
from nurture.rules import life
from nurture.rules.effects import HandedOver
from nurture.rules.happenings import Happening
from nurture.store.outcomes import Decided, save
from nurture.store.states import locked_states


def decide(db: Connection, app: App, happenings: Mapping[int, Happening], now: datetime) -> list[Decided]:
    """Apply one happening to each of these leads, within the caller's transaction; by ascending lead id."""
    states = locked_states(db, app.book, happenings, now)
    return settle(db, app, [(state, happenings[_id(state)]) for state in states], now)


def settle(db: Connection, app: App, happened: list[tuple[LeadState, Happening]], now: datetime) -> list[Decided]:
    """The same for states that are locked and loaded already."""
    decided = [Decided(state, life.apply(app.book, state, happening, now)) for state, happening in happened]
    save(db, decided, now)
    open_offers(db, app, decided, now)
    return decided


def offered(decided: list[Decided]) -> int:
    """How many of these leads were handed over."""
    return sum(isinstance(effect, HandedOver) for one in decided for effect in one.outcome.effects)


def _id(state: LeadState) -> int:
    if state.id is None:
        raise ValueError("a stored lead has an id")
    return state.id
