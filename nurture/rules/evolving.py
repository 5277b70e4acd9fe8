"""The next state of a lead: the same but for what changed. `dataclasses.replace` takes four times as long."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from nurture.facts import DeliveryFact, DeliveryState, LeadState

_NAMES = tuple(field.name for field in fields(LeadState))
_PLACE = {name: place for place, name in enumerate(_NAMES)}
_read: Callable[[LeadState], tuple[Any, ...]] = attrgetter(*_NAMES)


def evolve(state: LeadState, **changes: Any) -> LeadState:
    """A state with these fields changed.

    Raises:
        KeyError: A state has no such field.
    """
    values = list(_read(state))
    for name, value in changes.items():
        values[_PLACE[name]] = value
    return LeadState(*values)


def in_state(delivery: DeliveryFact, state: DeliveryState, *, for_good: bool = False) -> DeliveryFact:
    """The same mail in another state."""
    return DeliveryFact(
        delivery.campaign, delivery.step, delivery.cycle, delivery.enrollment, state, delivery.local_on, delivery.at,
        for_good,
    )  # fmt: skip
