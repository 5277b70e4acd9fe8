"""What reports are made of: things that are counted (facts), and figures over them.

A figure is a condition on facts, or something worked out of what the condition leaves. So every number can be followed
to its rows: they are the facts that its own condition leaves, asked by the same SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["count", "share", "mix", "median", "p90", "mean"]
Unit = Literal["", "days", "minutes"]

PERCENTILES: dict[str, float] = {"median": 0.5, "p90": 0.9}


@dataclass(frozen=True, slots=True)
class Facts:
    """One kind of thing that is counted, a row each.

    Attributes:
        name: what they are, such as `handoffs`.
        sql: a SELECT that gives `id`, `at`, the keys, and whatever conditions ask for. It takes `:since`, `:until`
            (as text, infinite where open), `:now` and `:zone`, and what the report adds.
        keys: by what they can be grouped; columns of `sql`.
        listed: the columns that are shown where a number is followed to its rows.
    """

    name: str
    sql: str
    keys: frozenset[str]
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of numbers.

    Attributes:
        name: the column.
        kind: `count`: how many facts `where` leaves. `share`: for how many of these `holds`, between 0 and 1. `mix`:
            which part of the figure `part_of` this row is, over all rows that differ in the keys `over` alone.
            `median`, `p90`, `mean`: of `value`, over the facts that `where` leaves and that have one.
        means: what it is, in one sentence.
        of: which facts.
        where: a condition in SQL on their columns.
        holds: the condition of a share.
        value: what is measured, in SQL.
        unit: of the value.
        part_of: the count of which a mix is a part.
        over: the keys over which parts are taken.
        interval: a share has a confidence interval beside it.
        shown: whether it stands in the table that people read; JSON and CSV have all.
        only_by: the figure is there only where rows are grouped by this key.
        not_by: it is not there where they are grouped by one of these.
    """

    name: str
    kind: Kind
    means: str
    of: str = ""
    where: str = "true"
    holds: str = ""
    value: str = ""
    unit: Unit = ""
    part_of: str = ""
    over: tuple[str, ...] = ()
    interval: bool = False
    shown: bool = True
    only_by: str = ""
    not_by: frozenset[str] = field(default_factory=frozenset)

    def is_there(self, keys: Sequence[str]) -> bool:
        """Whether a report that is grouped by these keys has it."""
        return (not self.only_by or self.only_by in keys) and self.not_by.isdisjoint(keys)

    @property
    def measured(self) -> str:
        """The `value` as a number that percentiles and means are taken of, in SQL."""
        return f"CAST({self.value} AS double precision)"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its names in JSON and CSV: a share has the counts behind it beside it, and its interval."""
        if self.kind != "share":
            return (self.name,)
        behind = (self.name, f"{self.name}_n", f"{self.name}_of")
        return (*behind, f"{self.name}_low", f"{self.name}_high") if self.interval else behind


@dataclass(frozen=True, slots=True)
class Form:
    """How a report is made.

    Attributes:
        name: of the report.
        facts: what it counts.
        figures: its columns of numbers, in order.
        fixed: keys that every row has.
        by: the further keys where nobody asks for others.
        may_be_by: the further keys that may be asked for.
        erased: what of it is missing once a person was erased (`store.erased`).
    """

    name: str
    facts: tuple[Facts, ...]
    figures: tuple[Figure, ...]
    by: tuple[str, ...]
    may_be_by: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()

    def keys(self, by: Sequence[str] | None) -> tuple[str, ...]:
        """The keys of the rows, each once."""
        asked = self.by if by is None else by
        return tuple(dict.fromkeys((*self.fixed, *asked)))

    def figures_by(self, keys: Sequence[str]) -> tuple[Figure, ...]:
        """The figures of a report that is grouped by these keys."""
        there = {facts.name for facts in self.facts if facts.keys.issuperset(keys)}
        return tuple(one for one in self.figures if one.is_there(keys) and (one.kind == "mix" or one.of in there))
