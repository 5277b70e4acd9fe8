"""The rows that a number was made of: the same facts under the same condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from nurture.reports.figures import Facts, Figure, Form
from nurture.reports.report import Listing


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a figure's facts is listed, and what stands beside each: `holds` or its `value`."""

    of: str
    condition: str
    name: str = ""
    sql: str = ""


def list_rows(
    db: Connection,
    form: Form,
    figures: Sequence[Figure],
    figure: Figure,
    column: str,
    where: Mapping[str, str],
    values: Mapping[str, Any],
) -> Listing:
    """The facts that a number was made of, oldest first.

    Args:
        db: the transaction.
        form: of the report.
        figures: those that the report has.
        figure: whose number it is.
        column: which of its columns.
        where: the keys of the number's row, as text; empty for what is not known.
        values: the parameters of the facts, and `most`: so many rows at most; None: all.
    """
    over = {key: said for key, said in where.items() if key in figure.over}
    rest = {key: said for key, said in where.items() if key not in figure.over}
    asked = _asked(figures, figure, column, _same(over, "over") or "true")
    facts = next(one for one in form.facts if one.name == asked.of)
    bound = {
        **values,
        **{f"over_{key}": said or None for key, said in over.items()},
        **{f"is_{key}": said or None for key, said in rest.items()},
    }
    rows = tuple(dict(row) for row in db.execute(text(_query(facts, asked, rest)), bound).mappings())
    return Listing(column, dict(where), (*facts.listed, *([asked.name] if asked.name else [])), rows)


def _asked(figures: Sequence[Figure], figure: Figure, column: str, over: str) -> _Asked:
    if figure.kind == "mix":
        counted = next(one for one in figures if one.name == figure.part_of)
        return _Asked(counted.of, counted.where, "holds", over)
    if figure.kind == "count" or column == f"{figure.name}_of":
        return _Asked(figure.of, figure.where)
    if figure.kind == "share" and column == f"{figure.name}_n":
        return _Asked(figure.of, f"({figure.where}) AND ({figure.holds})")
    if figure.kind == "share":
        return _Asked(figure.of, figure.where, "holds", f"coalesce({figure.holds}, false)")
    return _Asked(figure.of, f"({figure.where}) AND ({figure.value}) IS NOT NULL", "value", figure.measured)


def _query(facts: Facts, asked: _Asked, rest: Mapping[str, str]) -> str:
    condition = " AND ".join(filter(None, (f"({asked.condition})", _same(rest, "is"))))
    columns = ", ".join(f"f.{name}" for name in facts.listed)
    beside = f", {asked.sql} AS {asked.name}" if asked.name else ""
    return f"SELECT {columns}{beside} FROM ({facts.sql} OFFSET 0) f WHERE {condition} ORDER BY f.at, f.id LIMIT :most"  # noqa: S608 - our own words


def _same(where: Mapping[str, str], prefix: str) -> str:
    """That the keys are these; of one that is not known nothing is given."""
    return " AND ".join(f"CAST(f.{key} AS text) IS NOT DISTINCT FROM CAST(:{prefix}_{key} AS text)" for key in where)
