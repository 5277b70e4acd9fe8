"""A report as it is given to whoever shows it: rows of numbers, and the way from each number to its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nurture.errors import UsageError
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.figures import Figure
from nurture.rules import calendar


@dataclass(frozen=True, slots=True)
class Span:
    """From when (included) until when (not included) things are counted; None: without end."""

    since: datetime | None = None
    until: datetime | None = None

    def in_zone(self, zone: str) -> "Span":
        """The same times by the clocks of this zone."""
        there = calendar.zone_info(zone)
        return Span(
            None if self.since is None else self.since.astimezone(there),
            None if self.until is None else self.until.astimezone(there),
        )

    def values(self) -> dict[str, str]:
        """For a statement; PostgreSQL knows infinite times."""
        return {
            "since": "-infinity" if self.since is None else self.since.isoformat(),
            "until": "infinity" if self.until is None else self.until.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows that a number was made of.

    Of a count there are as many as it says. Of a share they are all of which it is one, and `holds` says which of them
    are it; of a median, a ninetieth percentile or a mean, all that was measured, with the `value` of each.
    """

    column: str
    where: Mapping[str, str]
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report: `rows` by `keys`, and `total` over all of them.

    Attributes:
        name: which.
        since: from when things are counted; None: from the beginning.
        until: until when, not included; None: to this day.
        keys: the columns by which rows are grouped; None in a row means that nothing is known.
        figures: what the other columns are.
        rows: one a group, with all columns.
        total: the same figures over everything; mixes are left out.
        beside: what else belongs to the whole, JSON-ready: targets, what is held against them.
        notes: what a reader has to know, in sentences.
    """

    name: str
    since: datetime | None
    until: datetime | None
    keys: tuple[str, ...]
    figures: tuple[Figure, ...]
    rows: tuple[dict[str, Any], ...]
    total: Mapping[str, Any]
    list_rows: Callable[[Figure, str, Mapping[str, str], int | None], Listing] = field(repr=False, compare=False)
    beside: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, keys first."""
        return (*self.keys, *(name for figure in self.figures for name in figure.columns))

    def document(self) -> dict[str, Any]:
        """As JSON has it, but for its times."""
        return {
            "report": self.name,
            "since": self.since,
            "until": self.until,
            "rows": list(self.rows),
            "by": list(self.keys),
            "total": dict(self.total),
            **self.beside,
            "notes": list(self.notes),
        }

    def rows_of(self, column: str, where: Mapping[str, str] | None = None, *, most: int | None = None) -> Listing:
        """List what a number was made of: that of the row with these keys, or of all rows with those that are given.

        Args:
            column: one of `columns` that holds numbers.
            where: keys of the rows, as text; empty for what is not known.
            most: the first so many; None: all.

        Raises:
            UsageError: There is no such column or key.
        """
        figure = next((one for one in self.figures if column in one.columns), None)
        if figure is None:
            raise UsageError(_no_such("column of numbers", column, [one.name for one in self.figures], self.name))
        for key in where or {}:
            if key not in self.keys:
                raise UsageError(_no_such("key", key, self.keys, self.name))
        return self.list_rows(figure, column, where or {}, most)


def _no_such(what: str, said: str, known: Sequence[str], name: str) -> str:
    hint = did_you_mean(said, known)
    return f"no {what} {said!r} in the report {name}{f' ({hint})' if hint else ''}; it has {', '.join(known)}"
