"""Which campaign takes a lead (docs/campaigns.md, *Who is taken*)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from nurture.campaign import Campaign
from nurture.facts import LeadState
from nurture.rules import alike, conditions, next_step
from nurture.rules.book import Rulebook
from nurture.rules.known import known
from nurture.rules.permission import missing
from nurture.values import quick

Word = Literal[
    "not live", "must not be mailed", "no consent", "left the topic", "stage", "not for it", "would leave",
    "never again", "nothing left", "not yet again", "other reason", "not unready",
]  # fmt: skip
"""Why a campaign does not take a lead, in a word, for counting."""


@quick
@dataclass(frozen=True, slots=True)
class Objection:
    """Why a campaign may not hold a lead; `say` gives it in plain words, found when asked for."""

    word: Word
    say: Callable[[], str]


@quick
@dataclass(frozen=True, slots=True)
class Taking:
    """The campaign that takes the lead, or None and when to ask again (None: when something happens to the lead).

    `asked` has every campaign that was asked, in order, with its objection; None for the one that takes the lead.
    """

    campaign: Campaign | None
    ask_at: datetime | None
    asked: tuple[tuple[str, Objection | None], ...]

    @property
    def because(self) -> tuple[tuple[str, str], ...]:
        """For each campaign asked, in order: (campaign, in plain words why or why not)."""
        return tuple((campaign, "takes the lead" if why is None else why.say()) for campaign, why in self.asked)


def choose(book: Rulebook, state: LeadState, now: datetime) -> Taking:
    """Ask every live campaign, lowest priority first."""
    asked: list[tuple[str, Objection | None]] = []
    later: list[datetime] = []
    for campaign in book.by_priority:
        why_not = _wrong_kind(campaign, state) or objection(book, campaign, state, now)
        if why_not is None:
            allowed_at = again_at(campaign, state)
            if allowed_at is not None and allowed_at > now:
                why_not = Objection(
                    "not yet again", partial("takes the lead again from {:%d %b %Y}".format, allowed_at)
                )
                later.append(allowed_at)
        asked.append((campaign.id, why_not))
        if why_not is None:
            return Taking(campaign, None, tuple(asked))
    return Taking(None, min(later, default=None), tuple(asked))


def refusal(book: Rulebook, campaign: Campaign, state: LeadState, now: datetime) -> str | None:
    """Why this campaign may not hold this lead, whatever led there, in plain words; None when it may."""
    found = objection(book, campaign, state, now)
    return None if found is None else found.say()


def objection(book: Rulebook, campaign: Campaign, state: LeadState, now: datetime) -> Objection | None:
    """Why this campaign may not hold this lead, whatever led there; None when it may."""
    found = _shut(campaign, state) or _not_allowed(book, state, now) or _unfit(book, campaign, state, now)
    if found is not None:
        return found
    if again_at(campaign, state) == NEVER:
        return Objection(
            "never again", partial(str, "the lead has been here, and the campaign never takes anybody again")
        )
    left = next_step.choose(
        campaign,
        state,
        None,
        lambda step: known(book, state, now, campaign=campaign, step=step),
        fits=alike.kinds(campaign).of(state).steps,
    )
    if left.step is not None:
        return None
    return Objection("nothing left", partial(str, "nothing is left for the lead to receive"))


def _shut(campaign: Campaign, state: LeadState) -> Objection | None:
    """What stands in the way without looking at any condition."""
    if campaign.status != "live":
        return Objection("not live", partial("the campaign is {}".format, campaign.status))
    if state.suppressed is not None:
        return Objection("must not be mailed", partial("the address must not be mailed ({})".format, state.suppressed))
    if campaign.topic is not None and campaign.topic in state.left_topics:
        return Objection("left the topic", partial('the lead left the topic "{}"'.format, campaign.topic))
    if state.stage not in campaign.enroll.stages:
        takes = ", ".join(campaign.enroll.stages)
        return Objection("stage", partial("the lead's stage is {}; the campaign takes {}".format, state.stage, takes))
    return None


def _not_allowed(book: Rulebook, state: LeadState, now: datetime) -> Objection | None:
    """What the agreement's terms of consent say against any mail to the lead."""
    lacks = missing(book, state, now)
    return None if lacks is None else Objection("no consent", partial(str, lacks.because))


def _unfit(book: Rulebook, campaign: Campaign, state: LeadState, now: datetime) -> Objection | None:
    """What the campaign's own conditions say against the lead."""
    when, kind = campaign.enroll.when, alike.kinds(campaign).of(state)
    if not kind.exit and (when is None or kind.fits):
        return None
    here = known(book, state, now, campaign=campaign)
    if when is not None and (not kind.fits if kind.fits is not None else conditions.holds(when, here) is not True):
        return Objection("not for it", partial(conditions.explain, when, here))
    for line in kind.exit:
        if conditions.holds(line.when, here) is True:
            return Objection("would leave", partial("the lead would leave at once ({})".format, line.reason))
    return None


NEVER = datetime.max.replace(tzinfo=UTC)


def again_at(campaign: Campaign, state: LeadState) -> datetime | None:
    """From when the campaign takes this lead again; None: at once; `NEVER`: never."""
    ended = max((past.ended_at for past in state.past if past.campaign == campaign.id), default=None)
    again = campaign.enroll.again
    if ended is None or again is None:
        return None
    return NEVER if again.never else ended + timedelta(days=again.days)


def _wrong_kind(campaign: Campaign, state: LeadState) -> Objection | None:
    if not state.refused or (state.stage == "customer" and state.reason is None):  # won since, and never refused again
        unready = campaign.enroll.unready
        return None if unready else Objection("not unready", partial(str, "the campaign does not take unready leads"))
    if state.reason in campaign.enroll.reasons:
        return None
    said = 'sales refused the lead as "{}", which this campaign does not list'
    return Objection("other reason", partial(said.format, state.reason))
