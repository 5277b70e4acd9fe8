"""What a condition may look at, built from a lead's state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from nurture.agreement import Company
from nurture.campaign import Campaign, Step
from nurture.facts import MICRO, NOTHING, PROFILE_FIELDS, RECEIVED, Known, LeadState
from nurture.rules import scoring
from nurture.rules.book import Rulebook

LOOKS_BACK = timedelta(days=400)
"""How far conditions such as `visited` can look back: events older than that are not loaded."""


def known(
    book: Rulebook,
    state: LeadState,
    now: datetime,
    *,
    campaign: Campaign | None = None,
    step: Step | None = None,
    event: Mapping[str, object] | None = None,
) -> Known:
    """What is known of a lead at `now`, in the scope of a campaign, a step or a signal's event."""
    return Known(
        now=now,
        lead=_lead(book, state, now),
        company=_company(book.agreement.company),
        campaign=NOTHING if campaign is None else {"id": campaign.id, "name": campaign.name, "topic": campaign.topic},
        step=NOTHING if step is None else {"id": step.id},
        event=event,
        events=state.events,
        received=frozenset() if campaign is None else received_steps(state, campaign.id),
    )


def received_steps(state: LeadState, campaign: str) -> frozenset[str]:
    """Ids of the campaign's steps that the lead has received, in whatever cycle."""
    return frozenset(
        delivery.step for delivery in state.deliveries if delivery.campaign == campaign and delivery.state in RECEIVED
    )


def _lead(book: Rulebook, state: LeadState, now: datetime) -> dict[str, object]:
    profile = state.profile
    names: dict[str, object] = dict(profile.attributes)
    for name in PROFILE_FIELDS:
        names[name] = getattr(profile, name)
    names["email"] = profile.email
    names["stage"] = state.stage
    names["cycle"] = state.cycle
    names["grade"] = state.grade
    names["score"] = scoring.score(book.agreement, state.counts, now.date()).micro / MICRO if book.uses_score else None
    return names


@lru_cache(maxsize=8)
def _company(company: Company) -> Mapping[str, object]:
    return {"name": company.name, "address": company.address, "timezone": company.timezone}
