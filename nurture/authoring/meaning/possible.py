"""Whether conditions can hold together, for any lead at all."""

from collections.abc import Sequence

from nurture.authoring.meaning.facts import Given, Outcome, subject, together
from nurture.authoring.meaning.truths import FAILS, HOLDS, UNKNOWN, Part, outcomes, unchained
from nurture.grammar.tree import Truth

Wanted = tuple[Truth, int]
"""A condition, and how it is to come out: `HOLDS`, `NOT_HOLDS` or another set of truths."""

_MOST_TRIES = 3_000
_NOTHING = Given()


def can_hold(*trees: Truth, given: Given = _NOTHING) -> bool:
    """Whether there can be a lead for whom all of these hold at one time. No is certain, yes is not."""
    return possible([(tree, HOLDS) for tree in trees], given)


def can_fail(tree: Truth, given: Given = _NOTHING) -> bool:
    """Whether there can be a lead for whom a condition is known not to hold. No is certain, yes is not."""
    return possible([(tree, FAILS)], given)


def can_be_open(tree: Truth, given: Given = _NOTHING) -> bool:
    """Whether there can be a lead for whom a condition cannot be answered. No is certain, yes is not."""
    return possible([(tree, UNKNOWN)], given)


def possible(wanted: Sequence[Wanted], given: Given = _NOTHING) -> bool:
    """Whether there can be a lead for whom each comes out as wanted, all at one time. No is certain, yes is not."""
    return _Search([(unchained(tree), bits) for tree, bits in wanted], given).succeeds()


class _Search:
    """Goes through what the facts can be, one subject after the other, and turns back where it is hopeless."""

    def __init__(self, wanted: list[Wanted], given: Given) -> None:
        self._places: dict[Part, int] = {}
        self._wanted = [(outcomes(tree, self._place), bits) for tree, bits in wanted]
        asked: dict[str, list[Part]] = {}
        for part in self._places:
            asked.setdefault(subject(part), []).append(part)
        self._asked = [[self._places[part] for part in some] for some in asked.values()]
        self._ways = [together(about, some, given) for about, some in asked.items()]
        self._bits = [0] * len(self._places)
        for places, ways in zip(self._asked, self._ways, strict=True):
            for index, place in enumerate(places):
                self._bits[place] = _all_bits(ways, index)
        self._tries = 0

    def succeeds(self, depth: int = 0) -> bool:
        self._tries += 1
        if self._tries > _MOST_TRIES:
            return True
        if not all(come_out(self._bits) & bits for come_out, bits in self._wanted):
            return False
        if depth == len(self._asked):
            return True
        places = self._asked[depth]
        before = [self._bits[place] for place in places]
        for way in self._ways[depth]:
            self._set(places, way)
            if self.succeeds(depth + 1):
                return True
        self._set(places, before)
        return False

    def _set(self, places: list[int], bits: Sequence[int]) -> None:
        for place, bit in zip(places, bits, strict=True):
            self._bits[place] = bit

    def _place(self, part: Part) -> int:
        return self._places.setdefault(part, len(self._places))


def _all_bits(ways: Sequence[Outcome], index: int) -> int:
    bits = 0
    for way in ways:
        bits |= way[index]
    return bits
