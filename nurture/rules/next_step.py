"""Which step of a campaign comes next for a lead: from the file as it is now and from what the lead has received.

Nothing is remembered but what was received, so an edit to a live campaign always has a plain meaning: an appended step
reaches the leads that had run out, a deleted one is gone, a renamed id is a new step. docs/campaigns.md has the rules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nurture.campaign import Campaign, Step
from nurture.facts import RECEIVED, TAKES_A_DAY, DeliveryFact, Known, LeadState
from nurture.rules import conditions
from nurture.rules.hashing import pick
from nurture.rules.once import once
from nurture.values import quick

Why = Callable[[], str]
"""Tells why in plain words, when asked: it takes ten times as long as the choice itself."""

_UNKNOWN: Mapping[str, bool] = {}
_RECEIVED: Why = partial(str, "received already")
_ON_ITS_WAY: Why = partial(str, "on its way")
_FAILED: Why = partial(str, "failed for good in this cycle")


@quick
@dataclass(frozen=True, slots=True)
class Choice:
    """The next step, or None when the campaign has nothing left; and each step passed over, with why."""

    step: Step | None
    skipped: tuple[tuple[str, Why], ...] = ()

    @property
    def passed(self) -> tuple[tuple[str, str], ...]:
        """Each step passed over, with why in plain words."""
        return tuple((step, why()) for step, why in self.skipped)


def choose(
    campaign: Campaign,
    state: LeadState,
    enrollment: int | None,
    known_at: Callable[[Step], Known],
    *,
    after: Step | None = None,
    fits: Mapping[str, bool] = _UNKNOWN,
) -> Choice:
    """The step that comes next.

    Args:
        campaign: whose steps.
        state: the lead.
        enrollment: its ordinal; None for one that has not begun.
        known_at: what a step's `when` may look at.
        after: the step that was chosen and queued just now, where that is known: a sequence goes on from there.
        fits: whether the `when` of a step holds, for those of which that is known.
    """
    name = campaign.id
    mine = [delivery for delivery in state.deliveries if delivery.campaign == name]
    start = 0
    if campaign.order == "sequence" and enrollment is not None:
        start = (_position(campaign, mine, enrollment) if after is None else _places(campaign)[after.id]) + 1
    had = {delivery.step for delivery in mine}
    passed: list[tuple[str, Why]] = []
    for step in campaign.steps[start:]:
        # Most steps have had no mail: only the others' mails are looked through.
        is_new = step.id not in had
        if is_new and (step.when is None or fits.get(step.id) is True):
            return Choice(step, tuple(passed))
        why_not = _why_not(step, () if is_new else mine, state.cycle, known_at, fits.get(step.id))
        if why_not is None:
            return Choice(step, tuple(passed))
        passed.append((step.id, why_not))
    return Choice(None, tuple(passed))


def still_to_come(
    campaign: Campaign, state: LeadState, enrollment: int, known_at: Callable[[Step], Known]
) -> tuple[Step, ...]:
    """Every step that the lead would still get in this enrollment as things stand, the next one first."""
    mine = [delivery for delivery in state.deliveries if delivery.campaign == campaign.id]
    start = _position(campaign, mine, enrollment) + 1 if campaign.order == "sequence" else 0
    return tuple(step for step in campaign.steps[start:] if _why_not(step, mine, state.cycle, known_at) is None)


def variant(step: Step, lead_key: str) -> tuple[str | None, str]:
    """Which variant a lead gets, for ever the same: (its name or None, its template).

    Split evenly by a hash of the lead's key and the step's id (`hashing.pick`), in the order of the file.
    """
    if not step.variants:
        return None, step.template
    names = list(step.variants)
    name = names[pick(len(names), "variant", lead_key, step.id)]
    return name, step.variants[name]


def _position(campaign: Campaign, mine: list[DeliveryFact], enrollment: int) -> int:
    """Index of the latest step that this enrollment has received (or is about to) and the file still holds; else -1."""
    index, latest = _places(campaign), -1
    for delivery in mine:
        if delivery.enrollment == enrollment and _counts(delivery):
            place = index.get(delivery.step, -1)
            latest = place if place > latest else latest
    return latest


@once
def _places(campaign: Campaign) -> dict[str, int]:
    return {step.id: place for place, step in enumerate(campaign.steps)}


def _why_not(
    step: Step,
    mine: Sequence[DeliveryFact],
    cycle: int,
    known_at: Callable[[Step], Known],
    fits: bool | None = None,
) -> Why | None:
    for delivery in mine:
        if delivery.step != step.id:
            continue
        if _counts(delivery) and (not step.repeat or delivery.cycle == cycle):
            return _RECEIVED if delivery.state in RECEIVED else _ON_ITS_WAY
        if delivery.state == "failed" and delivery.for_good and delivery.cycle == cycle:
            return _FAILED
    when = step.when
    if when is None or fits is True:
        return None
    if fits is False:
        return lambda: conditions.explain(when, known_at(step))
    known = known_at(step)
    return None if conditions.holds(when, known) is True else partial(conditions.explain, when, known)


def _counts(delivery: DeliveryFact) -> bool:
    return delivery.state in TAKES_A_DAY
