"""Where production is played for the tests of this folder, and the scenarios that several of them look at."""

from dataclasses import dataclass, field

from nurture.app import App
from tests.databases import empty
from tests.lab import production
from tests.lab.drawing import scenario_of
from tests.lab.plans import FEATURES, Plan
from tests.lab.scenarios import Scenario
from tests.lab.stories import Story

SEEDS = (43, 128, 118, 6, 10, 18, 29, 112)
"""Full scenarios in which every rule of `test_a_changed_rule_shows` has a say; others must be looked for where the
drawing changes."""


def full(seed: int) -> Plan:
    """Nine weeks that have every feature there is."""
    return Plan(seed, people=2, campaigns=3, steps=4, events=14, weeks=9, features=frozenset(FEATURES))


@dataclass(frozen=True, slots=True, repr=False)
class Stage:
    """An app on the tests' database, and what has been played there already."""

    app: App
    stories: dict[int, Story] = field(default_factory=dict)

    def production(self, scenario: Scenario) -> Story:
        """Live it in an empty database."""
        empty(self.app.engine)
        return production.live(self.app, scenario)

    def played(self, seed: int) -> Story:
        """What production makes of one of the full scenarios; played once for all tests."""
        if seed not in self.stories:
            self.stories[seed] = self.production(scenario_of(full(seed)))
        return self.stories[seed]
