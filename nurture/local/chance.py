"""Chance that is none: what make-believe people do is a function of the seed, of them, and of what they look at.

Nothing is drawn from a stream, so nothing depends on who acts first: the same seed tells the same story on one core or
on eight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nurture.rules.hashing import pick

Choice = TypeVar("Choice")

_FINE = 1 << 32


@dataclass(frozen=True, slots=True)
class Chance:
    """Choices under one seed. `about` names what is decided and about whom; other words give an independent choice."""

    seed: int

    def number(self, choices: int, *about: object) -> int:
        """One of `range(choices)`."""
        return pick(choices, "demo", str(self.seed), *(str(word) for word in about))

    def share(self, *about: object) -> float:
        """A number from 0 up to, but not including, 1."""
        return self.number(_FINE, *about) / _FINE

    def happens(self, probability: float, *about: object) -> bool:
        """True as often as `probability` says."""
        return self.share(*about) < probability

    def between(self, low: float, high: float, *about: object) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self.share(*about)

    def one_of(self, choices: Sequence[Choice], *about: object) -> Choice:
        """One of them, each as likely."""
        return choices[self.number(len(choices), *about)]

    def weighed(self, weights: Mapping[Choice, float], *about: object) -> Choice:
        """One of the keys, as likely as its weight.

        Raises:
            ValueError: There is nothing to choose from.
        """
        left = self.share(*about) * sum(weights.values())
        chosen = None
        for choice, weight in weights.items():
            if weight > 0:
                chosen = choice
                left -= weight
                if left < 0:
                    break
        if chosen is None:
            raise ValueError("nothing to choose from: no weight is above 0")
        return chosen
