"""The rulebook: the agreement and the campaigns as they are now, with what follows from them worked out once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.grammar.conditions import Condition
from nurture.grammar.matchers import Matcher


@dataclass(frozen=True)
class Rulebook:
    """What every decision is a function of, besides the lead, the happening and `now`.

    Attributes:
        agreement: what rules. While a changed `when` is being counted, the signal has its former one here.
        campaigns: by id.
        also_counted: matchers that rule nothing here, but whose counts are kept up: those that will rule, and those
            by which other processes still go.
    """

    agreement: Agreement
    campaigns: Mapping[str, Campaign]
    also_counted: tuple[Matcher, ...] = ()

    @cached_property
    def matchers(self) -> Mapping[str, Matcher]:
        """Everything that is counted, by fingerprint; signals that ask for the same share one."""
        ruling = (signal.when for signal in self.agreement.signals.values())
        return {matcher.fingerprint: matcher for matcher in (*ruling, *self.also_counted)}

    @cached_property
    def by_priority(self) -> tuple[Campaign, ...]:
        """Live campaigns, the one that takes a lead first at the front."""
        live = (campaign for campaign in self.campaigns.values() if campaign.status == "live")
        return tuple(sorted(live, key=lambda campaign: (campaign.priority, campaign.id)))

    @cached_property
    def company(self) -> Mapping[str, object]:
        """What conditions see under `company.`."""
        company = self.agreement.company
        return {"name": company.name, "address": company.address, "timezone": company.timezone}

    @cached_property
    def needs(self) -> frozenset[str]:
        """Which parts of a lead's past some condition looks at: `visited`, `did`, `received`, `clicked`, `answered`."""
        return frozenset(need for condition in self._conditions() for need in condition.needs)

    @cached_property
    def uses_score(self) -> bool:
        """Whether some condition asks for `lead.score`."""
        return any("lead.score" in condition.fields for condition in self._conditions())

    @cached_property
    def uses_grade(self) -> bool:
        """Whether some condition asks for `lead.grade`."""
        return any("lead.grade" in condition.fields for condition in self._conditions())

    def _conditions(self) -> Iterator[Condition]:
        for criterion in self.agreement.fit:
            yield criterion.when
        for signal in self.agreement.signals.values():
            if signal.when.condition is not None:
                yield signal.when.condition
        for assignment in self.agreement.assign:
            if assignment.when is not None:
                yield assignment.when
        for campaign in self.campaigns.values():
            if campaign.enroll.when is not None:
                yield campaign.enroll.when
            yield from (step.when for step in campaign.steps if step.when is not None)
            yield from (leaving.when for leaving in campaign.exit)
