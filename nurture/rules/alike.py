"""Leads that are alike: what a campaign's conditions say of all who have the same in the fields these look at.

Most conditions of a campaign look at a few fields of the lead and nothing else, and thousands of leads have the same
there. So the answers are worked out for the first of a kind, and kept. What looks at the past, at the score, or at what
is another for every lead (`lead.email`) has no answer here: it is asked each time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from nurture.campaign import Campaign, Exit
from nurture.facts import PROFILE_FIELDS, Known, LeadState, Profile
from nurture.grammar.conditions import Condition
from nurture.rules import conditions
from nurture.rules.known import names_of
from nurture.rules.once import once

KINDS = 4096
"""So many kinds of leads are kept for each campaign."""

_ITS_OWN = frozenset({"email", "first_name", "last_name", "company", "title", "score"})
"""What hardly any two leads have the same of, and what changes by itself."""
_OF_PROFILE = frozenset(PROFILE_FIELDS)
_OF_STATE = ("stage", "cycle", "grade")
_PLAIN = frozenset({str, int, float, bool, type(None)})
_Kind = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """What holds for all leads of one kind.

    `exit`: the campaign's exit lines that hold or have to be asked, without those that do not hold. `fits`: whether the
    campaign's own condition holds; None where it has to be asked, or there is none. `steps`: the same for each step
    that has a condition and need not be asked.
    """

    exit: tuple[Exit, ...]
    fits: bool | None
    steps: Mapping[str, bool]


class Kinds(dict[_Kind, Alike]):
    """All kinds of leads that a campaign was asked about. The last answer is at hand: one decision asks often."""

    __slots__ = ("_campaign", "_last", "_read_attributes", "_read_profile", "_read_state")

    def __init__(self, campaign: Campaign) -> None:
        """Nobody has asked."""
        super().__init__()
        looked_at = {name.path[0] for one in _conditions(campaign) if _is_shared(one) for name in one.names}
        self._campaign = campaign
        self._read_profile = _reader(sorted(looked_at & _OF_PROFILE))
        self._read_state = _reader([name for name in _OF_STATE if name in looked_at])
        self._read_attributes = tuple(sorted(looked_at - _OF_PROFILE - {*_OF_STATE}))
        self._last: tuple[Profile, object, object, object, Alike] | None = None

    def of(self, state: LeadState) -> Alike:
        """The answers for this lead."""
        last = self._last
        if (
            last is not None
            and last[0] is state.profile
            and last[1] == state.grade
            and last[2] == state.stage
            and last[3] == state.cycle
        ):
            return last[4]
        found = self._find(state)
        self._last = state.profile, state.grade, state.stage, state.cycle, found
        return found

    def _find(self, state: LeadState) -> Alike:
        profile = state.profile
        values = (
            *self._read_profile(profile),
            *[profile.attributes.get(name) for name in self._read_attributes],
            *self._read_state(state),
        )
        types = tuple(map(type, values))  # 1, 1.0 and True are equal, and conditions tell them apart
        if not _PLAIN.issuperset(types):
            return _answers(self._campaign, state)
        found = self.get(kind := (values, types))
        if found is None:
            if len(self) >= KINDS:
                self.clear()
            found = self[kind] = _answers(self._campaign, state)
        return found


@once
def kinds(campaign: Campaign) -> Kinds:
    """The kinds of leads there are for a campaign."""
    return Kinds(campaign)


def _answers(campaign: Campaign, state: LeadState) -> Alike:
    here = Known(state.created_at, names_of(state))  # no condition that is asked here looks at the time
    when = campaign.enroll.when
    return Alike(
        tuple(
            [line for line in campaign.exit if not _is_shared(line.when) or conditions.holds(line.when, here) is True]
        ),
        None if when is None or not _is_shared(when) else conditions.holds(when, here) is True,
        {
            step.id: conditions.holds(step.when, here) is True
            for step in campaign.steps
            if step.when is not None and _is_shared(step.when)
        },
    )


def _is_shared(condition: Condition) -> bool:
    """Whether its answer is the same for all who have the same in some fields that many have the same in."""
    return condition.is_of_lead_alone and not any(name.path[0] in _ITS_OWN for name in condition.names)


def _conditions(campaign: Campaign) -> Iterable[Condition]:
    if campaign.enroll.when is not None:
        yield campaign.enroll.when
    yield from (line.when for line in campaign.exit)
    yield from (step.when for step in campaign.steps if step.when is not None)


def _reader(names: list[str]) -> Any:
    """The values of these attributes, as a tuple."""
    if not names:
        return lambda _: ()
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda of: (read(of),)
