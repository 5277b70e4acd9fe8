"""What was decided of leads, on its way into the database: effects picked out, columns made of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, TextClause

from nurture.facts import LeadState
from nurture.rules.life import Outcome
from nurture.trips import Statement, Trip

_E = TypeVar("_E")


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


def each(decided: Sequence[Decided], kind: type[_E]) -> list[tuple[Decided, _E]]:
    """Every effect of a kind, with whose it is."""
    return [(one, effect) for one in decided for effect in one.outcome.effects if isinstance(effect, kind)]


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
