"""The next state of a lead: the same but for what changed."""

from typing import Any

from nurture.facts import DeliveryFact, DeliveryState, LeadState


def evolve(state: LeadState, **changes: Any) -> LeadState:
    """A state with these fields changed.

    `dataclasses.replace` does the same field by field, in twenty times as long; every decision makes several states.
    """
    evolved = object.__new__(LeadState)
    evolved.__dict__ = state.__dict__ | changes
    return evolved


def in_state(delivery: DeliveryFact, state: DeliveryState, *, for_good: bool = False) -> DeliveryFact:
    """The same mail in another state."""
    return DeliveryFact(
        delivery.campaign, delivery.step, delivery.cycle, delivery.enrollment, state, delivery.local_on, delivery.at,
        for_good,
    )  # fmt: skip
