"""Sets of truths: what a part of a condition could come out as, when not everything is settled yet.

By SQL's three-valued logic, as `nurture.rules.judging` has it. A set is an integer of three bits.
"""

from collections.abc import Callable, Mapping

from nurture.grammar.tree import And, Comparison, Literal, Not, Or, Truth

HOLDS, FAILS, UNKNOWN = 1, 2, 4
"""Bits: it holds, it does not, it cannot be known."""
NOT_HOLDS = FAILS | UNKNOWN
ANY = HOLDS | FAILS | UNKNOWN

BIT: Mapping[bool | None, int] = {True: HOLDS, False: FAILS, None: UNKNOWN}
_NOT = [(bits & UNKNOWN) | (HOLDS if bits & FAILS else 0) | (FAILS if bits & HOLDS else 0) for bits in range(8)]


def outcomes(tree: Truth, of_part: Callable[[Truth], int]) -> int:
    """What a tree can come out as, if its smallest parts can come out as `of_part` says, each by itself."""
    if isinstance(tree, Literal):
        return HOLDS if tree.value else FAILS
    if isinstance(tree, Not):
        return _NOT[outcomes(tree.operand, of_part)]
    if isinstance(tree, And | Or):
        return _joined([outcomes(item, of_part) for item in tree.items], is_and=isinstance(tree, And))
    return of_part(tree)


def parts(tree: Truth) -> list[Truth]:
    """The smallest parts of a tree that are true or false by themselves, fixed ones left out."""
    if isinstance(tree, Literal):
        return []
    if isinstance(tree, Not):
        return parts(tree.operand)
    if isinstance(tree, And | Or):
        return [part for item in tree.items for part in parts(item)]
    return [tree]


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


def _joined(items: list[int], *, is_and: bool) -> int:
    decides, other = (FAILS, HOLDS) if is_and else (HOLDS, FAILS)
    found = 0
    if any(bits & decides for bits in items):
        found |= decides
    if all(bits & other for bits in items):
        found |= other
    if any(bits & UNKNOWN for bits in items) and all(bits & (UNKNOWN | other) for bits in items):
        found |= UNKNOWN
    return found
