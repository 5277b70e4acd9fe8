"""What a condition may look at, built from a lead's state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import attrgetter

from nurture.campaign import Campaign, Step
from nurture.facts import MICRO, NOTHING, PROFILE_FIELDS, RECEIVED, TAKES_A_DAY, Known, LeadNames, LeadState, Profile
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.rules.once import once

LOOKS_BACK = timedelta(days=400)
"""How far conditions such as `visited` can look back: events older than that are not loaded."""
_NONE: frozenset[str] = frozenset()


def known(
    book: Rulebook,
    state: LeadState,
    now: datetime,
    *,
    campaign: Campaign | None = None,
    step: Step | None = None,
    event: Mapping[str, object] | None = None,
) -> Known:
    """What is known of a lead at `now`, in the scope of a campaign, a step or a signal's event.

    A step is for a later day than any mail that is on its way now: to its `when`, that one has been received.
    """
    there = RECEIVED if step is None else TAKES_A_DAY
    return Known(
        now,
        _lead(book, state, now),
        book.company,
        NOTHING if campaign is None else _campaign(campaign),
        NOTHING if step is None else _step(step),
        event,
        state.events,
        _NONE if campaign is None or "received" not in book.needs else _steps(state, campaign.id, there),
    )


def _steps(state: LeadState, campaign: str, states: frozenset[str]) -> frozenset[str]:
    """Ids of the campaign's steps whose mail is in one of these states, in whatever cycle."""
    return frozenset(
        delivery.step for delivery in state.deliveries if delivery.campaign == campaign and delivery.state in states
    )


def _lead(book: Rulebook, state: LeadState, now: datetime) -> Mapping[str, object]:
    """The names under `lead.`; those of the last lead asked about are kept, for one decision asks many times."""
    if book.uses_score:
        points = scoring.score(book.agreement, state.counts, now.date()).micro / MICRO
        return names_of(state, points)
    profile, life = state.profile, (state.stage, state.cycle, state.grade)
    whose, which, names = _last[0]
    if whose is not profile or which != life:
        names = names_of(state)
        _last[0] = profile, life, names
    return names


_Names = Mapping[str, object]
_last: list[tuple[Profile | None, tuple[object, ...], _Names]] = [(None, (), NOTHING)]
_fields = attrgetter(*PROFILE_FIELDS)


def names_of(state: LeadState, points: float | None = None) -> LeadNames:
    """The names under `lead.`; `points` is the score, where some condition asks for it."""
    profile = state.profile
    names = LeadNames(profile.attributes)
    names.update(zip(PROFILE_FIELDS, _fields(profile), strict=True))
    names["email"] = profile.email
    names["stage"] = state.stage
    names["cycle"] = state.cycle
    names["grade"] = state.grade
    names["score"] = points
    return names


@once
def _campaign(campaign: Campaign) -> _Names:
    return {"id": campaign.id, "name": campaign.name, "topic": campaign.topic}


@once
def _step(step: Step) -> _Names:
    return {"id": step.id}
