"""Records leads for a snapshot: each part of the adopted conditions is answered here, where persons are known."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from nurture.campaign import Campaign, Step
from nurture.errors import UsageError
from nurture.facts import LeadState
from nurture.grammar.conditions import Condition
from nurture.grammar.mistakes import did_you_mean, one_of
from nurture.grammar.tree import Asked
from nurture.lab.plan_blind import KEPT, Blinding, Part, fields_asked
from nurture.lab.plan_record import to_record
from nurture.rules import conditions, grading
from nurture.rules.book import Rulebook
from nurture.rules.comparison import known_value
from nurture.rules.judging import last_time
from nurture.rules.known import known
from nurture.rules.permission import is_needed


class Recorder:
    """Makes the records of one snapshot."""

    def __init__(self, book: Rulebook, now: datetime, secret: str, *, keep: Collection[str] = ()) -> None:
        """`book` is what was adopted; `keep` names fields whose values are to be in it although no condition asks.

        Raises:
            UsageError: A field of `keep` is none that may be kept.
        """
        for name in keep:
            if name not in KEPT:
                raise UsageError(f"--keep: `{name}` cannot be kept; {_allowed(name)}")
        blinding = Blinding()
        blinding.book(book)
        asked = fields_asked(iter(blinding.answers.values()))
        self.kept = tuple(name for name in KEPT if name in asked or name in keep)
        self.answers, self.questions = tuple(blinding.answers), tuple(blinding.questions)
        self.common: Mapping[str, Collection[object]] = {}
        """Texts that so many leads share that they point at nobody, by field; others are withheld."""
        self._now, self._secret, self._agreement = now, secret, book.agreement
        # Nothing that is answered here asks for the score or for what was received, so campaigns are left out.
        self._bare = Rulebook(book.agreement, {})
        self._parts = [(Condition(part.name, part.tree), part) for part in blinding.answers.values()]
        self._asked = [(part.tree, part) for part in blinding.questions.values() if isinstance(part.tree, Asked)]

    def record(self, state: LeadState) -> dict[str, Any]:
        """One lead's line."""
        here = known(self._bare, state, self._now)
        times = {}
        for index, (question, part) in enumerate(self._asked):
            at = last_time(question, self._known(state, part))
            if at is not None:
                times[index] = at
        return to_record(
            state,
            secret=self._secret,
            answers=[conditions.holds(condition, self._known(state, part)) for condition, part in self._parts],
            times=times,
            values=self._values(state),
            is_known=grading.is_known(self._agreement, here),
            is_elsewhere=not is_needed(self._agreement.consent, state.profile.country),
        )

    def _known(self, state: LeadState, part: Part) -> Any:
        campaign: Campaign | None = part.campaign
        step: Step | None = part.step
        return known(self._bare, state, self._now, campaign=campaign, step=step)

    def _values(self, state: LeadState) -> dict[str, object]:
        """The kept fields: an empty one is null, a rare one is left out."""
        values = {name: known_value(getattr(state.profile, name)) for name in self.kept}
        return {
            name: value
            for name, value in values.items()
            if not isinstance(value, str) or value in self.common.get(name, ())
        }


def _allowed(name: str) -> str:
    return did_you_mean(name, KEPT) or f"only {one_of(KEPT)}, for they do not say who somebody is"


def text_fields(kept: Collection[str]) -> list[str]:
    """Those of the kept fields that hold text."""
    return [name for name in kept if name != "employees"]
