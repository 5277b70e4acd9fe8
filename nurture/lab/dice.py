"""Chance that is none: what somebody does is a function of the seed, of them, and of what they look at.

So a lead does the same whoever else is in the file, and the same seed tells the same story everywhere.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")

_WORDS = struct.Struct("<16I")
_ALL = 1 << 32


class Dice:
    """Sixteen throws, all the same for the same parts; throws of one number go together, of different ones do not.

    They are the 32-bit words of one 64-byte BLAKE2b (RFC 7693) of the parts joined by NUL bytes.
    """

    __slots__ = ("_words",)
    _words: tuple[int, ...]

    def __init__(self, *parts: str) -> None:
        """Throw."""
        digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=64).digest()
        self._words = _WORDS.unpack(digest)

    def share(self, throw: int) -> float:
        """A number from 0 up to, but not including, 1."""
        return self._words[throw] / _ALL

    def lowest(self, throws: int) -> float:
        """The lowest share of the first so many throws: what is less likely happens in none of them."""
        return min(self._words[:throws]) / _ALL

    def happens(self, probability: float, throw: int) -> bool:
        """True as often as `probability` says."""
        return self._words[throw] < probability * _ALL

    def between(self, low: float, high: float, throw: int) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self.share(throw)

    def one_of(self, choices: Sequence[Choice], throw: int) -> Choice:
        """One of them, each as likely."""
        return choices[self._words[throw] * len(choices) >> 32]

    def weighed(self, choices: Sequence[tuple[Choice, float]], throw: int) -> Choice:
        """One of them, as likely as its weight; the last where all weigh nothing."""
        left = self.share(throw) * sum(weight for _, weight in choices)
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        return choices[-1][0]
