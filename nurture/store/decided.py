"""What was decided of leads, on its way into the database: effects picked out, columns made of rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, TextClause

from nurture.facts import LeadState
from nurture.rules.life import Outcome
from nurture.trips import Statement, Trip
from nurture.values import quick

_E = TypeVar("_E")


@quick
@dataclass(frozen=True, slots=True)
class Decided:
    """A lead before, and what was decided of it."""

    before: LeadState
    outcome: Outcome

    @property
    def lead_id(self) -> int:
        """The row it is about."""
        if self.before.id is None:
            raise ValueError("only a stored lead's outcome can be written")
        return self.before.id


class Decisions(list[Decided]):
    """What was decided of a batch of leads, never changed. Its effects are looked through once, for everybody asks."""

    __slots__ = ("_by_kind",)

    def __init__(self, decided: Iterable[Decided] = ()) -> None:
        """In this order."""
        super().__init__(decided)
        self._by_kind: dict[type, list[tuple[Decided, Any]]] = defaultdict(list)
        for one in self:
            for effect in one.outcome.effects:
                self._by_kind[type(effect)].append((one, effect))

    def each(self, kind: type[_E]) -> Sequence[tuple[Decided, _E]]:
        """Every effect of a kind, with whose it is."""
        return cast(Sequence[tuple[Decided, _E]], self._by_kind.get(kind, ()))


def run(db: Connection, statement: TextClause, rows: Sequence[tuple[Any, ...]], names: str, **more: Any) -> None:
    """Execute once with a column array for each name; nothing at all for no rows."""
    if not rows:
        return
    db.execute(statement, {**_columns(rows, names), **more})


def tell(trip: Trip, statement: Statement, rows: Sequence[tuple[Any, ...]], names: str, **more: Any) -> None:
    """The same along with others."""
    if rows:
        trip.ask(statement, {**_columns(rows, names), **more})


def _columns(rows: Sequence[tuple[Any, ...]], names: str) -> dict[str, list[Any]]:
    return dict(zip(names.split(), map(list, zip(*rows, strict=True)), strict=True))
