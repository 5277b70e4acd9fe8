"""What happens to a lead next if nothing else happens first: its time is let come, with the very function that decides.

So whoever asks (`why`, a page) is told what production will do, not what somebody thinks that it does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nurture.facts import ON_THE_WAY, WITH_SALES, LeadState, Left, Slot
from nurture.rules import life
from nurture.rules.book import Rulebook
from nurture.rules.effects import Enrolled, LeftCampaign, Queued
from nurture.rules.happenings import CameDue

Action = Literal["send", "wait", "exhausted", "exit", "none"]

DECISIONS = 100
"""After so many decisions without a mail nothing will come of it any more; two years of weeks."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next thing, when, and what was known when it was decided.

    Attributes:
        action: `send` a mail; `wait` for the end of a wait; `exhausted`: out of steps, `at` is when that ends the
            enrollment (None: it waits for new ones); `exit`: leaves; `none`: nothing until something happens.
        at: when; for a mail, from when on it may go.
        campaign: the campaign it happens in, or that takes the lead.
        step: of a mail.
        slot: of a mail that is not queued yet.
        word: how the enrollment ends.
        then: the campaign that takes the lead after that.
        before: the lead just before the decision.
        decided_at: when the decision is taken.
        after: the lead after the decision; None where nothing is decided.
    """

    action: Action
    before: LeadState
    decided_at: datetime
    at: datetime | None = None
    campaign: str | None = None
    step: str | None = None
    slot: Slot | None = None
    word: Left | None = None
    then: str | None = None
    after: LeadState | None = None


def ahead(book: Rulebook, state: LeadState, now: datetime) -> Ahead:
    """What happens next to a lead as it stands at `now`."""
    if is_silent(state):
        return Ahead("none", state, now)
    on_the_way = [delivery for delivery in state.deliveries if delivery.state in ON_THE_WAY]
    if on_the_way:
        first = min(on_the_way, key=lambda delivery: delivery.at)
        return Ahead("send", state, now, first.at, first.campaign, first.step)
    for _ in range(DECISIONS):
        due = due_at(book, state)
        if due is None:
            break
        now = max(now, due)
        outcome = life.apply(book, state, CameDue(), now)
        found = _what_came(state, outcome, now)
        if found is not None:
            return found
        state = outcome.state
    return _at_rest(state, now)


def is_silent(state: LeadState) -> bool:
    """Whether nurture does nothing at all with this lead now: suppressed, with sales, or out of the question."""
    return state.suppressed is not None or state.stage in WITH_SALES or state.stage == "disqualified"


def due_at(book: Rulebook, state: LeadState) -> datetime | None:
    """When this lead is decided next; None: not before something happens to it, or its campaign runs."""
    if state.enrollment is None:
        return state.ask_at
    campaign = book.campaigns.get(state.enrollment.campaign)
    return state.enrollment.due_at if campaign is not None and campaign.status == "live" else None


def _what_came(before: LeadState, outcome: life.Outcome, now: datetime) -> Ahead | None:
    """The first thing that a marketer would call one; None where only another time was set."""
    taken = next((effect.enrollment for effect in outcome.effects if isinstance(effect, Enrolled)), None)
    then = None if taken is None else taken.campaign
    for effect in outcome.effects:
        if isinstance(effect, Queued):
            at = effect.slot.at
            return Ahead("send", before, now, at, effect.campaign, effect.step, slot=effect.slot, after=outcome.state)
        if isinstance(effect, LeftCampaign):
            action: Action = "exhausted" if effect.word == "finished" else "exit"
            return Ahead(action, before, now, now, effect.campaign, word=effect.word, then=then, after=outcome.state)
    return None if taken is None else Ahead("wait", before, now, now, then, after=outcome.state)


def _at_rest(state: LeadState, now: datetime) -> Ahead:
    enrollment = state.enrollment
    if enrollment is None:
        return Ahead("none", state, now)
    action: Action = "exhausted" if enrollment.status == "exhausted" else "none"
    return Ahead(action, state, now, campaign=enrollment.campaign)
