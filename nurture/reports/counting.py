"""Make a report of its form: one statement a kind of fact, all of them on the database as it was at one instant."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.errors import UsageError
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.figures import PERCENTILES, Facts, Figure, Form
from nurture.reports.listing import list_rows
from nurture.reports.report import Listing, Report, Span
from nurture.reports.snapshot import snapshot
from nurture.rules.proportions import wilson
from nurture.store import erased

Row = dict[str, Any]

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
    keys = _keys(form, by)
    figures = form.figures_by(keys)
    given = {**span.values(), "now": now, "zone": app.agreement.company.timezone, **values}
    rows: dict[tuple[Any, ...], Row] = {}
    total: Row = {}
    with snapshot(app) as db:
        for facts in form.facts:
            if mine := [figure for figure in figures if figure.of == facts.name]:
                _count(db, facts, mine, keys, given, rows, total)
        gone = erased.tallied(db, given["since"], given["until"])
    made = [_whole(row, figures) for row in rows.values()]
    made.sort(key=lambda row: (order(row), *(_ordered(row[key]) for key in keys)))
    _mix(made, figures, keys)

    def listed(figure: Figure, column: str, where: Mapping[str, str], most: int | None) -> Listing:
        with snapshot(app) as db:
            return list_rows(db, form, figures, figure, column, where, {**given, "most": most})

    local = span.in_zone(given["zone"])
    return Report(
        name=form.name,
        since=local.since,
        until=local.until,
        keys=keys,
        figures=figures,
        rows=tuple(_in_order(row, keys, figures) for row in made),
        total=_in_order(_whole(total, figures), (), [one for one in figures if one.kind != "mix"]),
        list_rows=listed,
        beside={"erased": {what: gone.get(what, 0) for what in form.erased}} if form.erased else {},
        notes=_without(gone, form.erased),
    )


def _keys(form: Form, by: Sequence[str] | None) -> tuple[str, ...]:
    for key in by or ():
        if key not in form.may_be_by:
            hint = did_you_mean(key, form.may_be_by)
            known = ", ".join(form.may_be_by)
            raise UsageError(f"--by: {form.name} is no report by {key!r}{f' ({hint})' if hint else ''}; by {known}")
    return form.keys(by)


def _without(gone: Mapping[str, int], whats: Sequence[str]) -> tuple[str, ...]:
    """What the figures lack, because people were erased since."""
    said = ", ".join(f"{gone[what]:,} {_SAID[what][gone[what] != 1]}" for what in whats if gone.get(what))
    return (f"not in these figures, of people who were erased since: {said}",) if said else ()


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
        yield figure.name, f"CAST(avg({figure.measured}) FILTER (WHERE {figure.where}) AS double precision)"
    elif figure.kind in PERCENTILES:
        within = f"percentile_cont({PERCENTILES[figure.kind]}) WITHIN GROUP (ORDER BY {figure.measured})"
        yield figure.name, f"{within} FILTER (WHERE {figure.where})"


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


def told(report: Report, *, notes: Iterable[str] = (), **beside: Any) -> Report:
    """The report with what else belongs to it."""
    return replace(report, beside={**report.beside, **beside}, notes=(*report.notes, *notes))
