"""What differs between two sets of files, and so whom it can touch: nobody else has to be looked at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nurture.campaign import Campaign, Step
from nurture.rules.book import Rulebook
from nurture.rules.next_step import variant

Texts = Callable[[str], object]
"""What stands in a template's mails, by its name: two values are equal where the mails are."""

FIT = ("fit", "grades", "signals", "half_life", "horizon", "qualify")
SCORE = ("signals", "half_life", "horizon")
GRADE = ("fit", "grades", "company")
CONDITIONS = ("company",)
"""What any condition may ask of the agreement; `company` holds the zone and the holidays of all mail, too."""
DAYS = ("limits",)
TAKING = ("status", "topic", "priority", "enroll", "steps", "exit", "order")


@dataclass(frozen=True)
class Scope:
    """What differs.

    Attributes:
        before, after: the two rulebooks.
        campaigns: those whose leads may be touched.
        steps: of each, the steps that a lead may get or lose, or whose text is another.
        takes: whether leads without a campaign may be taken otherwise.
        fit: whether grades or who qualifies may be others.
        regrades: whether grades may be others; all leads are graded again then.
    """

    before: Rulebook
    after: Rulebook
    campaigns: frozenset[str] = frozenset()
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes: bool = False
    fit: bool = False
    regrades: bool = False
    _other: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Steps whose text differs, with the variants that do (`""` where there are none), by `campaign/step`."""

    @property
    def touches_all(self) -> bool:
        """Whether leads in no campaign have to be looked at too."""
        return self.takes or self.fit

    @property
    def touches_nobody(self) -> bool:
        """Whether no lead has to be looked at."""
        return not self.campaigns and not self.touches_all

    def other_text(self, campaign: str, step: str, lead_key: str) -> bool:
        """Whether the lead would get another text for this step than before."""
        variants = self._other.get(f"{campaign}/{step}", frozenset())
        if not variants or "" in variants:
            return bool(variants)
        found = next(item for item in self.after.campaigns[campaign].steps if item.id == step)
        return variant(found, lead_key)[0] in variants


def scope_of(before: Rulebook, after: Rulebook, texts_before: Texts, texts_after: Texts) -> Scope:
    """Compare two sets of files."""
    regrades = _differ(before, after, GRADE)
    everybody = (
        _differ(before, after, CONDITIONS)
        or (_differ(before, after, SCORE) and (before.uses_score or after.uses_score))
        or (regrades and (before.uses_grade or after.uses_grade))
    )
    all_days = everybody or _differ(before, after, DAYS)
    names = sorted(before.campaigns.keys() | after.campaigns.keys())
    other: dict[str, frozenset[str]] = {}
    steps: dict[str, tuple[str, ...]] = {}
    for name in names:
        one, two = before.campaigns.get(name), after.campaigns.get(name)
        texts = _other_texts(one, two, texts_before, texts_after)
        other |= {f"{name}/{step}": variants for step, variants in texts.items()}
        touched = _touched(one, two, everybody) | texts.keys()
        if touched:
            steps[name] = tuple(sorted(touched, key=lambda step: _position(step, two, one)))
    changed = {name for name in names if before.campaigns.get(name) != after.campaigns.get(name)}
    takes = everybody or any(_takes_otherwise(before.campaigns.get(n), after.campaigns.get(n)) for n in changed)
    concerned = frozenset(names) if all_days else frozenset(changed | steps.keys())
    return Scope(before, after, concerned, steps, takes, _differ(before, after, FIT), regrades, other)


def _differ(before: Rulebook, after: Rulebook, sections: tuple[str, ...]) -> bool:
    return any(getattr(before.agreement, name) != getattr(after.agreement, name) for name in sections)


def _takes_otherwise(one: Campaign | None, two: Campaign | None) -> bool:
    if one is None or two is None:
        return True
    return any(getattr(one, name) != getattr(two, name) for name in TAKING)


def _touched(one: Campaign | None, two: Campaign | None, everybody: bool) -> set[str]:
    """Steps that a lead may get or lose: new, gone, of another condition; all of them where their order is another."""
    before = {} if one is None else {step.id: step for step in one.steps}
    after = {} if two is None else {step.id: step for step in two.steps}
    both = [step for step in before if step in after]
    moved = both != [step for step in after if step in before] or (one and two and one.order != two.order)
    if everybody or moved:
        return set(before.keys() | after.keys())
    rules = [step for step in both if _rule(before[step]) != _rule(after[step])]
    return {*(before.keys() ^ after.keys()), *rules}


def _rule(step: Step) -> tuple[object, ...]:
    return step.when, step.repeat


def _other_texts(
    one: Campaign | None, two: Campaign | None, texts_before: Texts, texts_after: Texts
) -> dict[str, frozenset[str]]:
    """Steps that are in both files and whose mails are not the same, with the variants concerned."""
    if one is None or two is None:
        return {}
    before = {step.id: step for step in one.steps}
    found = {}
    for step in two.steps:
        if step.id not in before:
            continue
        was, becomes = _templates(before[step.id]), _templates(step)
        if was.keys() != becomes.keys():
            found[step.id] = frozenset({""})
            continue
        names = {name for name in becomes if texts_before(was[name]) != texts_after(becomes[name])}
        if names:
            found[step.id] = frozenset(names)
    return found


def _templates(step: Step) -> Mapping[str, str]:
    return step.variants or {"": step.template}


def _position(step: str, *campaigns: Campaign | None) -> int:
    for campaign in campaigns:
        for index, item in enumerate(campaign.steps if campaign is not None else ()):
            if item.id == step:
                return index
    return 0
