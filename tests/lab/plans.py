"""How large a scenario is and what there is in it: all that hypothesis draws, besides a seed for the dice."""

from dataclasses import dataclass
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from tests.lab.material import IDS, PEOPLE

T = TypeVar("T")

FEATURES = (
    "refusals", "sequence", "conditions", "after", "variants", "repeat", "surveys", "slow", "exits", "finish", "again",
    "limits", "holidays", "zones", "stages", "topics", "visits", "moves", "clicks", "answers", "goodbyes", "failures",
    "sales", "visitors", "strangers", "history", "by hand", "two rows", "assign",
    "capacities", "absences", "promises",
)  # fmt: skip
"""What there may be in a scenario; without them all it is a plain campaign, weekly to everybody, who do nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a scenario is, and what there is in it."""

    seed: int
    people: int
    campaigns: int
    steps: int
    events: int
    weeks: int
    features: frozenset[str]

    def dice(self, *what: object) -> Random:
        """Dice for one thing, which fall as they do whatever else is in the scenario."""
        return Random(f"{self.seed} {what}")

    def has(self, feature: str, dice: Random, often: float = 0.5) -> bool:
        """Whether one thing has a feature: often, where the scenario has it at all."""
        falls = dice.random() < often
        return falls and feature in self.features

    def pick(self, feature: str, dice: Random, usual: T, *others: T, often: float = 0.5) -> T:
        """What is usual, or something else."""
        other = dice.choice(others)
        return other if self.has(feature, dice, often) else usual


def plans(most_people: int = len(PEOPLE), most_events: int = 12) -> st.SearchStrategy[Plan]:
    """Four to ten weeks, with three quarters of all features each time."""
    features = st.tuples(*(st.integers(0, 3) for _ in FEATURES)).map(
        lambda drawn: frozenset(name for name, there in zip(FEATURES, drawn, strict=True) if there)
    )
    return st.builds(
        Plan,
        seed=st.integers(0, 2**32),
        people=st.integers(1, most_people),
        campaigns=st.integers(1, len(IDS)),
        steps=st.integers(1, 6),
        events=st.integers(0, most_events),
        weeks=st.integers(4, 10),
        features=features,
    )
