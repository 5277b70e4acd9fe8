"""Make a report of its form: one statement a kind of fact, all of them on the database as it was at one instant."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.errors import UsageError
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.figures import PERCENTILES, Facts, Figure, Form
from nurture.reports.report import Listing, Report, Span
from nurture.rules import calendar
from nurture.rules.proportions import wilson
from nurture.store import erased

Row = dict[str, Any]

MEMORY = "64MB"
"""For each sort or hash of a report; what does not fit goes to disk."""


_SAID = {
    "leads": ("lead", "leads"),
    "handoffs": ("handoff", "handoffs"),
    "won": ("win", "wins"),
    "mails": ("mail", "mails"),
}
"""Of one, and of more."""


def make(
    app: App,
    form: Form,
    span: Span,
    *,
    by: Sequence[str] | None,
    now: datetime,
    order: Callable[[Row], Any] = lambda _: 0,
    **values: Any,
) -> Report:
    """Count what the form says; `values` are further parameters of its facts.

    Args:
        app: where leads live.
        form: how the report is made.
        span: what is counted, by when it was.
        by: the keys of the rows besides the fixed ones; None: the form's own.
        now: business time.
        order: what rows are sorted by before their keys.
        values: further parameters of the facts' SQL.

    Raises:
        UsageError: The report knows no such key.
    """
    for key in by or ():
        if key not in form.may_be_by:
            hint = did_you_mean(key, form.may_be_by)
            known = ", ".join(form.may_be_by) or "nothing else"
            raise UsageError(f"--by: {form.name} is no report by {key!r}{f' ({hint})' if hint else ''}; by {known}")
    keys = form.keys(by)
    figures = form.figures_by(keys)
    zone = app.agreement.company.timezone
    given = {**span.values(), "now": now, "zone": zone, **values}
    rows: dict[tuple[Any, ...], Row] = {}
    total: Row = {}
    with _snapshot(app) as db:
        for facts in form.facts:
            mine = [figure for figure in figures if figure.of == facts.name]
            if mine:
                _count(db, facts, mine, keys, given, rows, total)
        gone = erased.tallied(db, given["since"], given["until"])
    made = [_whole(row, figures) for row in rows.values()]
    made.sort(key=lambda row: (order(row), *(_ordered(row[key]) for key in keys)))
    _mix(made, figures, keys)

    def list_rows(figure: Figure, column: str, where: Mapping[str, str]) -> Listing:
        with _snapshot(app) as db:
            return _list(db, form, figures, figure, column, where, given)

    there = calendar.zone_info(zone)
    return Report(
        name=form.name,
        since=None if span.since is None else span.since.astimezone(there),
        until=None if span.until is None else span.until.astimezone(there),
        keys=keys,
        figures=figures,
        rows=tuple(_in_order(row, keys, figures) for row in made),
        total=_in_order(_whole(total, figures), (), [one for one in figures if one.kind != "mix"]),
        list_rows=list_rows,
        beside={"erased": {what: gone.get(what, 0) for what in form.erased}} if form.erased else {},
        notes=_without(gone, form.erased),
    )


def _without(gone: Mapping[str, int], whats: Sequence[str]) -> tuple[str, ...]:
    """What the figures lack, because people were erased since."""
    said = ", ".join(f"{gone[what]:,} {_SAID[what][gone[what] != 1]}" for what in whats if gone.get(what))
    return (f"not in these figures, of people who were erased since: {said}",) if said else ()


@contextmanager
def _snapshot(app: App) -> Iterator[Connection]:
    """One instant of the database; nothing is written. Reports may take more memory than what is done all the time."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with app.engine.execution_options(**options).begin() as db:
        db.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
        # compiling so many conditions takes longer than they do
        db.execute(text("SET LOCAL jit = off"))
        # a loop in a loop is what PostgreSQL plans where it takes much for little, as after an import: it never ends
        db.execute(text("SET LOCAL enable_nestloop = off"))
        yield db


def _count(
    db: Connection,
    facts: Facts,
    figures: Sequence[Figure],
    keys: Sequence[str],
    values: Mapping[str, Any],
    rows: dict[tuple[Any, ...], Row],
    total: Row,
) -> None:
    """Ask for these figures, by the keys and over all, and write them into `rows` and `total`.

    What adds up is added up here: of grouping sets PostgreSQL makes no parallel plan.
    """
    columns = {name: sql for figure in figures for name, sql in _asked(figure)}
    adds_up = all(figure.kind in ("count", "share") for figure in figures)
    names = ", ".join(f"f.{key}" for key in keys)
    asked = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    over_all, grouped = ("0", names) if adds_up else (f"grouping({names})", f"GROUPING SETS (({names}), ())")
    query = f"SELECT {over_all} AS over_all, {names}, {asked} FROM ({facts.sql} OFFSET 0) f GROUP BY {grouped}"  # noqa: S608 - our own words
    for found in db.execute(text(query), values).mappings():
        row = dict(found)
        if row.pop("over_all"):
            total.update({name: row[name] for name in columns})
            continue
        rows.setdefault(tuple(row[key] for key in keys), {}).update(row)
        if adds_up:
            total.update({name: total.get(name, 0) + row[name] for name in columns})


def _asked(figure: Figure) -> Iterable[tuple[str, str]]:
    """The aggregates that a figure is worked out of."""
    if figure.kind == "count":
        yield figure.name, f"count(*) FILTER (WHERE {figure.where})"
    elif figure.kind == "share":
        yield f"{figure.name}_n", f"count(*) FILTER (WHERE ({figure.where}) AND ({figure.holds}))"
        yield f"{figure.name}_of", f"count(*) FILTER (WHERE {figure.where})"
    elif figure.kind == "mean":
        yield figure.name, f"CAST(avg({figure.value}) FILTER (WHERE {figure.where}) AS double precision)"
    elif figure.kind in PERCENTILES:
        within = f"percentile_cont({PERCENTILES[figure.kind]}) WITHIN GROUP (ORDER BY {_number(figure)})"
        yield figure.name, f"{within} FILTER (WHERE {figure.where})"


def _number(figure: Figure) -> str:
    return f"CAST({figure.value} AS double precision)"


def _whole(row: Row, figures: Sequence[Figure]) -> Row:
    """The row with what no fact of its told, and what is worked out of counts."""
    for figure in figures:
        if figure.kind == "count":
            row[figure.name] = row.get(figure.name) or 0
        elif figure.kind == "share":
            n, of = row.get(f"{figure.name}_n") or 0, row.get(f"{figure.name}_of") or 0
            row |= {figure.name: n / of if of else None, f"{figure.name}_n": n, f"{figure.name}_of": of}
            if figure.interval:
                row[f"{figure.name}_low"], row[f"{figure.name}_high"] = wilson(n, of) if of else (None, None)
        elif figure.kind != "mix":
            row.setdefault(figure.name, None)
    return row


def _mix(rows: Sequence[Row], figures: Sequence[Figure], keys: Sequence[str]) -> None:
    """Which part each row is of those that differ in some keys alone."""
    for figure in figures:
        if figure.kind != "mix":
            continue
        rest = [key for key in keys if key not in figure.over]
        sums: dict[tuple[Any, ...], int] = {}
        for row in rows:
            group = tuple(row[key] for key in rest)
            sums[group] = sums.get(group, 0) + row[figure.part_of]
        for row in rows:
            whole = sums[tuple(row[key] for key in rest)]
            row[figure.name] = row[figure.part_of] / whole if whole else None


def _in_order(row: Row, keys: Sequence[str], figures: Iterable[Figure]) -> Row:
    return {name: row[name] for name in (*keys, *(name for figure in figures for name in figure.columns))}


def _ordered(key: Any) -> tuple[bool, Any]:
    """What is not known stands last."""
    return (key is None, "" if key is None else key)


def _list(
    db: Connection,
    form: Form,
    figures: Sequence[Figure],
    figure: Figure,
    column: str,
    where: Mapping[str, str],
    values: Mapping[str, Any],
) -> Listing:
    """The facts that a number was made of, oldest first."""
    more: tuple[str, ...] = ()
    extra, left = "", dict(where)
    counted, condition = figure, figure.where
    if figure.kind == "mix":
        counted = next(one for one in figures if one.name == figure.part_of)
        over = {key: left.pop(key) for key in figure.over if key in left}
        more, extra = ("holds",), f", {_same(over, 'over') or 'true'} AS holds"
        condition = counted.where
        values = {**values, **{f"over_{key}": value or None for key, value in over.items()}}
    elif column.endswith("_n") and figure.kind == "share":
        condition = f"({figure.where}) AND ({figure.holds})"
    elif figure.kind == "share" and not column.endswith("_of"):
        more, extra = ("holds",), f", coalesce({figure.holds}, false) AS holds"
    elif figure.kind != "count" and figure.kind != "share":
        more, extra = ("value",), f", {_number(figure)} AS value"
        condition = f"({figure.where}) AND ({figure.value}) IS NOT NULL"
    facts = next(one for one in form.facts if one.name == counted.of)
    asked = " AND ".join(filter(None, (f"({condition})", _same(left, "is"))))
    columns = ", ".join(f"f.{name}" for name in facts.listed)
    query = f"SELECT {columns}{extra} FROM ({facts.sql} OFFSET 0) f WHERE {asked} ORDER BY f.at, f.id"  # noqa: S608 - our own words
    bound = {**values, **{f"is_{key}": value or None for key, value in left.items()}}
    rows = tuple(dict(row) for row in db.execute(text(query), bound).mappings())
    return Listing(column, dict(where), (*facts.listed, *more), rows)


def _same(where: Mapping[str, str], prefix: str) -> str:
    """That the keys are these; of one that is not known nothing is given."""
    return " AND ".join(f"CAST(f.{key} AS text) IS NOT DISTINCT FROM CAST(:{prefix}_{key} AS text)" for key in where)


def told(report: Report, *, notes: Iterable[str] = (), **beside: Any) -> Report:
    """The report with what else belongs to it."""
    return replace(report, beside={**report.beside, **beside}, notes=(*report.notes, *notes))
