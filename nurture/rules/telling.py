"""`tell: owner`: whose lead did something that the rep wants to know of. Nothing is handed over by it.

The owner is whoever has the open handoff; without one, the lead's own `owner`; without that, whoever sales kept the
lead with when its last handoff ended: who won it, or who said "I am already on it". Who gave a lead up does not own it,
and where nobody owns a lead nobody is told.
"""

from collections import Counter
from collections.abc import Sequence

from nurture.agreement import Agreement
from nurture.facts import WITH_SALES, EventFact, LeadState
from nurture.rules import scoring
from nurture.rules.assignment import whom
from nurture.rules.draft import Draft
from nurture.rules.effects import OwnerTold
from nurture.rules.once import once


def tell_owner(draft: Draft, events: Sequence[EventFact]) -> None:
    """Note what the owner is to be told of these events, which happened now, and are the doing of a person."""
    if not may_be_owned(draft.state):
        return  # nearly everybody
    agreement = draft.book.agreement
    kinds = _kinds(agreement)
    if not any(event.kind in kinds for event in events):
        return
    owner = whom(agreement, _owner(draft.state))
    if owner is None and _owner(draft.state) is not None:
        return  # somebody's, whom no address is known of
    did: Counter[str] = Counter()
    for event in events:
        if event.kind in kinds:
            for name in scoring.matched(agreement, event, draft.book.company):
                if agreement.signals[name].tell is not None:
                    did[name] += 1
    if did:
        draft.add(OwnerTold(tuple(did.items()), max(event.occurred_at for event in events), owner))


def may_be_owned(state: LeadState) -> bool:
    """Whether the lead is somebody's, as far as its state tells."""
    return _owner(state) is not None or state.stage in WITH_SALES or (state.stage == "customer" and state.handed_over)


def is_kept(stage: str, ended_as: str | None) -> bool:
    """Whether the rep of a lead's last handoff, now closed, owns the lead still: it was won, or sales keeps it."""
    return ended_as is not None and (ended_as == "won" or stage in WITH_SALES)


def _owner(state: LeadState) -> str | None:
    return state.profile.owner if state.handoff is None else state.handoff.owner


@once
def _kinds(agreement: Agreement) -> frozenset[str]:
    """The kinds of events that owners are told of."""
    return frozenset(signal.when.kind for signal in agreement.signals.values() if signal.tell is not None)
