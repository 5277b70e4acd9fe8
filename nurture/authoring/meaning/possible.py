"""Whether conditions can hold together, for any lead at all."""

from collections.abc import Sequence

from nurture.authoring.meaning.facts import Given, Outcome, subject, together
from nurture.authoring.meaning.truths import FAILS, HOLDS, UNKNOWN, outcomes, parts, unchained
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
        self._wanted = wanted
        asked: dict[str, list[Truth]] = {}
        for tree, _ in wanted:
            for part in parts(tree):
                about = asked.setdefault(subject(part), [])
                if part not in about:
                    about.append(part)
        self._asked = list(asked.items())
        self._ways = [together(about, some, given) for about, some in self._asked]
        self._bits: dict[Truth, int] = {}
        for (_, some), ways in zip(self._asked, self._ways, strict=True):
            for index, part in enumerate(some):
                self._bits[part] = _all_bits(ways, index)
        self._tries = 0

    def succeeds(self, depth: int = 0) -> bool:
        self._tries += 1
        if self._tries > _MOST_TRIES:
            return True
        if not all(outcomes(tree, self._bits.__getitem__) & bits for tree, bits in self._wanted):
            return False
        if depth == len(self._asked):
            return True
        some = self._asked[depth][1]
        before = [self._bits[part] for part in some]
        for way in self._ways[depth]:
            self._bits.update(zip(some, way, strict=True))
            if self.succeeds(depth + 1):
                return True
        self._bits.update(zip(some, before, strict=True))
        return False


def _all_bits(ways: list[Outcome], index: int) -> int:
    bits = 0
    for way in ways:
        bits |= way[index]
    return bits
