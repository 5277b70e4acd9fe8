"""Which campaign takes a lead (docs/campaigns.md, *Who is taken*)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nurture.campaign import Campaign
from nurture.facts import LeadState
from nurture.rules import conditions, next_step
from nurture.rules.book import Rulebook
from nurture.rules.known import known


@dataclass(frozen=True, slots=True)
class Taking:
    """The campaign that takes the lead, or None and when to ask again (None: when something happens to the lead).

    `because` has one entry for each campaign looked at, in order: (campaign, in plain words why or why not).
    """

    campaign: Campaign | None
    ask_at: datetime | None
    because: tuple[tuple[str, str], ...]


def choose(book: Rulebook, state: LeadState, now: datetime) -> Taking:
    """Ask every live campaign, lowest priority first."""
    because = []
    later: list[datetime] = []
    for campaign in book.by_priority:
        why_not = _wrong_kind(campaign, state) or refusal(book, campaign, state, now)
        allowed_at = again_at(campaign, state)
        if why_not is None and allowed_at is not None and allowed_at > now:
            why_not = f"takes the lead again from {allowed_at:%d %b %Y}"
            later.append(allowed_at)
        if why_not is None:
            because.append((campaign.id, "takes the lead"))
            return Taking(campaign, None, tuple(because))
        because.append((campaign.id, why_not))
    return Taking(None, min(later, default=None), tuple(because))


def refusal(book: Rulebook, campaign: Campaign, state: LeadState, now: datetime) -> str | None:
    """Why this campaign may not hold this lead, whatever led there; None when it may."""
    if campaign.status != "live":
        return f"the campaign is {campaign.status}"
    if state.suppressed is not None:
        return f"the address must not be mailed ({state.suppressed})"
    if campaign.topic is not None and campaign.topic in state.left_topics:
        return f'the lead left the topic "{campaign.topic}"'
    if state.stage not in campaign.enroll.stages:
        return f"the lead's stage is {state.stage}; the campaign takes {', '.join(campaign.enroll.stages)}"
    here = known(book, state, now, campaign=campaign)
    if campaign.enroll.when is not None and conditions.holds(campaign.enroll.when, here) is not True:
        return conditions.explain(campaign.enroll.when, here)
    for line in campaign.exit:
        if conditions.holds(line.when, here) is True:
            return f"the lead would leave at once ({line.reason})"
    if again_at(campaign, state) == NEVER:
        return "the lead has been here, and the campaign never takes anybody again"
    left = next_step.choose(campaign, state, None, lambda step: known(book, state, now, campaign=campaign, step=step))
    return None if left.step is not None else "nothing is left for the lead to receive"


NEVER = datetime.max.replace(tzinfo=UTC)


def again_at(campaign: Campaign, state: LeadState) -> datetime | None:
    """From when the campaign takes this lead again; None: at once; `NEVER`: never."""
    ended = max((past.ended_at for past in state.past if past.campaign == campaign.id), default=None)
    again = campaign.enroll.again
    if ended is None or again is None:
        return None
    return NEVER if again.never else ended + timedelta(days=again.days)


def _wrong_kind(campaign: Campaign, state: LeadState) -> str | None:
    if state.refused:
        if state.reason in campaign.enroll.reasons:
            return None
        return f'sales refused the lead as "{state.reason}", which this campaign does not list'
    return None if campaign.enroll.unready else "the campaign does not take unready leads"
