"""What a condition says, as frozen values: our own small tree, which no longer knows Jinja.

A *value* is a `Field`, a `Length`, a `Literal` or a `Listing`; everything else is true, false or unknown. A `Field` may
stand there too, where it is an attribute that holds yes or no; so may a `Literal` that is `true` or `false`. Each
prints as its canonical source: parsed again, it gives the same tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal as OneOf
from typing import TypeAlias

Operator = OneOf["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
Function = OneOf["visited", "did", "received", "clicked", "answered"]


@dataclass(frozen=True, slots=True)
class Field:
    """A name: `lead.title`, or `event.plan.name` where an attribute is a mapping. `at` is its offset in the source."""

    scope: str
    path: tuple[str, ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return ".".join((self.scope, *self.path))


@dataclass(frozen=True, slots=True)
class Literal:
    """A fixed value."""

    value: str | int | float | bool

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return in_quotes(self.value) if isinstance(self.value, str) else repr(self.value)


@dataclass(frozen=True, slots=True)
class Listing:
    """Fixed values, one of which may be meant."""

    items: tuple[Literal, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True, slots=True)
class Length:
    """How many characters a text has, or how many items a list."""

    operand: Field

    def __str__(self) -> str:
        return f"{self.operand} | length"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Values compared, each with the next: `1 <= lead.cycle < 4`."""

    first: Value
    rest: tuple[tuple[Operator, Value], ...]

    def __str__(self) -> str:
        return " ".join((str(self.first), *(f"{operator} {value}" for operator, value in self.rest)))


@dataclass(frozen=True, slots=True)
class Empty:
    """Whether nothing is known there. Never unknown itself."""

    operand: Field

    def __str__(self) -> str:
        return f"{self.operand} is empty"


@dataclass(frozen=True, slots=True)
class Matches:
    """Whether a text holds one of the words, whole, in any case."""

    operand: Field
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operand} | matches({in_quotes('|'.join(self.words))})"


@dataclass(frozen=True, slots=True)
class FreeMail:
    """Whether an address is at a provider where anybody gets one."""

    operand: Field

    def __str__(self) -> str:
        return f"{self.operand} | free_mail"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about what the lead did or received, `days` back from now, or ever. `at` is its offset."""

    function: Function
    argument: str
    days: int | None = None
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        days = "" if self.days is None else f", days={self.days}"
        return f"{self.function}({in_quotes(self.argument)}{days})"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    operand: Truth

    def __str__(self) -> str:
        if isinstance(self.operand, Empty):
            return f"{self.operand.operand} is not empty"
        return f"not ({self.operand})" if isinstance(self.operand, And | Or) else f"not {self.operand}"


@dataclass(frozen=True, slots=True)
class And:
    """All of them; no item is itself an `And`."""

    items: tuple[Truth, ...]

    def __str__(self) -> str:
        return " and ".join(f"({item})" if isinstance(item, Or) else str(item) for item in self.items)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them; no item is itself an `Or`."""

    items: tuple[Truth, ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.items))


Value: TypeAlias = Field | Length | Literal | Listing
Truth: TypeAlias = Field | Literal | Comparison | Empty | Matches | FreeMail | Asked | Not | And | Or


def in_quotes(text: str) -> str:
    """Text as a literal of the condition language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"'{escaped}'"


def leaves(tree: Truth) -> Iterator[Field | Asked]:
    """Every name and every question in the tree, from left to right."""
    if isinstance(tree, Field | Asked):
        yield tree
    elif isinstance(tree, And | Or):
        for item in tree.items:
            yield from leaves(item)
    elif isinstance(tree, Comparison):
        for value in (tree.first, *(value for _, value in tree.rest)):
            if isinstance(value, Field | Length):
                yield value if isinstance(value, Field) else value.operand
    elif not isinstance(tree, Literal):
        yield from leaves(tree.operand)
