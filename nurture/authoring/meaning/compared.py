"""Which fixed values a condition asks of which fields."""

from collections.abc import Iterator

from nurture.grammar.conditions import Condition
from nurture.grammar.tree import And, Comparison, Field, Listing, Literal, Not, Or, Truth, Value


def compared(tree: Truth) -> Iterator[tuple[Field, Literal]]:
    """Each field with each fixed value that it is compared with for being the same, by `==`, `!=`, `in` or `not in`."""
    if isinstance(tree, Comparison):
        left = tree.first
        for operator, right in tree.rest:
            if operator in ("==", "!="):
                yield from _pair(left, right)
                yield from _pair(right, left)
            elif operator in ("in", "not in") and isinstance(right, Listing):
                yield from (pair for item in right.items for pair in _pair(left, item))
            left = right
    elif isinstance(tree, And | Or):
        for item in tree.items:
            yield from compared(item)
    elif isinstance(tree, Not):
        yield from compared(tree.operand)


def literal_at(condition: Condition, name: Field, text: str) -> int:
    """Where a fixed text stands that is compared with a name, its quote included; the name where it cannot be told."""
    source = condition.source
    for quote in "'\"":
        written = f"{quote}{text}{quote}"
        at = source.find(written, name.at)
        at = source.rfind(written, 0, name.at) if at < 0 else at
        if at >= 0:
            return at
    return name.at


def _pair(field: Value, literal: Value) -> Iterator[tuple[Field, Literal]]:
    if isinstance(field, Field) and isinstance(literal, Literal):
        yield field, literal
