"""Sets of truths: what a part of a condition could come out as, when not everything is settled yet.

By SQL's three-valued logic, as `nurture.rules.judging` has it. A set is an integer of three bits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nurture.grammar.tree import And, Comparison, Literal, Not, Or, Truth

HOLDS, FAILS, UNKNOWN = 1, 2, 4
"""Bits: it holds, it does not, it cannot be known."""
NOT_HOLDS = FAILS | UNKNOWN
ANY = HOLDS | FAILS | UNKNOWN

BIT: Mapping[bool | None, int] = {True: HOLDS, False: FAILS, None: UNKNOWN}
_NOT = [(bits & UNKNOWN) | (HOLDS if bits & FAILS else 0) | (FAILS if bits & HOLDS else 0) for bits in range(8)]

Outcomes: TypeAlias = Callable[[Sequence[int]], int]
"""What a condition can come out as, if its parts can come out as these numbers say, each by itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """A smallest part of a condition that is true or false by itself: the same as any that is written like it.

    By its text, because `1` and `true` are the same to Python, and not to a condition.
    """

    text: str
    tree: Truth = field(compare=False)


def outcomes(tree: Truth, place: Callable[[Part], int]) -> Outcomes:
    """The function that tells what a tree can come out as; `place` gives each of its parts a place in the numbers."""
    if isinstance(tree, Literal):
        fixed = HOLDS if tree.value else FAILS
        return lambda bits: fixed
    if isinstance(tree, Not):
        inner = outcomes(tree.operand, place)
        return lambda bits: _NOT[inner(bits)]
    if isinstance(tree, And | Or):
        items = [outcomes(item, place) for item in tree.items]
        decides, other = (FAILS, HOLDS) if isinstance(tree, And) else (HOLDS, FAILS)
        return lambda bits: _joined([item(bits) for item in items], decides, other)
    at = place(Part(str(tree), tree))
    return lambda bits: bits[at]


def parts(tree: Truth) -> list[Part]:
    """The smallest parts of a tree, fixed ones left out, from left to right, each once."""
    found: dict[Part, int] = {}
    outcomes(tree, lambda part: found.setdefault(part, 0))
    return list(found)


def unchained(tree: Truth) -> Truth:
    """The same, where `1 <= lead.cycle < 4` is written as two comparisons."""
    if isinstance(tree, Not):
        return Not(unchained(tree.operand))
    if isinstance(tree, And | Or):
        return type(tree)(tuple(map(unchained, tree.items)))
    if not isinstance(tree, Comparison) or len(tree.rest) == 1:
        return tree
    pairs, left = [], tree.first
    for operator, right in tree.rest:
        pairs.append(Comparison(left, ((operator, right),)))
        left = right
    return And(tuple(pairs))


def _joined(items: list[int], decides: int, other: int) -> int:
    found, every, some = 0, ANY, 0
    for bits in items:
        every &= bits | (UNKNOWN if bits & other else 0)
        some |= bits
    if some & decides:
        found |= decides
    if all(bits & other for bits in items):
        found |= other
    # All are unknown or do not decide, and one is unknown.
    return found | (UNKNOWN if some & UNKNOWN and every & UNKNOWN else 0)
