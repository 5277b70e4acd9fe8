"""Reports as tables for people: no line longer than 80 columns, numbers to the right, shares with their counts."""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from rich.cells import cell_len, set_cell_size

from nurture.cli.printing import out, said
from nurture.reports.figures import Figure
from nurture.reports.report import Listing, Report

WIDTH = 80
KEY_WIDTH = 24
"""Longer keys are cut."""
BETWEEN = "  "
NOTHING = "–"

Column = tuple[str, list[str], bool]
"""A heading, the cells below it, and whether they stand to the right."""


def print_report(report: Report) -> None:
    """Print the rows and, below them, what they come to; a wide report in several tables one below the other."""
    _line(_span(report))
    shown = [figure for figure in report.figures if figure.shown]
    everything = {**report.total, **dict.fromkeys(report.keys)}
    rows = [*report.rows, everything] if len(report.rows) > 1 else list(report.rows)
    keys = [(key, [_key(row[key]) for row in rows], False) for key in report.keys]
    if len(report.rows) > 1:
        for _, cells, _ in keys:
            cells[-1] = ""
        keys[0][1][-1] = "all"
    columns = [(_heading(figure), [figure_said(figure, row) for row in rows], True) for figure in shown]
    for group in _fitting(keys, columns):
        _table(keys, group)
    _below(report)


def print_listing(report: Report, listing: Listing) -> None:
    """Print the rows of a number, each on a line of its own, however long."""
    where = ", ".join(f"{key}={value}" for key, value in listing.where.items())
    counted = "1 row" if len(listing.rows) == 1 else f"{len(listing.rows):,} rows"
    _line(f"{report.name}, {listing.column}{f' where {where}' if where else ''}: {counted}")
    columns = [(name, [_plain(row[name]) for row in listing.rows], _is_number(name)) for name in listing.columns]
    _table([], columns)


def figure_said(figure: Figure, row: Mapping[str, Any]) -> str:
    """A number as a person reads it: shares in percent with one digit, and the counts behind them."""
    value = row.get(figure.name)
    if value is None:
        return NOTHING if figure.kind != "mix" or figure.name in row else ""
    if figure.kind == "count":
        return f"{value:,}"
    if figure.kind == "share":
        return f"{value:.1%} ({row[f'{figure.name}_n']:,}/{row[f'{figure.name}_of']:,})"
    if figure.kind == "mix":
        return f"{value:.1%}"
    if figure.unit == "minutes" and figure.kind != "mean":
        return _minutes(value)
    return f"{value:,.1f}"


def _minutes(value: float) -> str:
    """`45 min`, `3:20 h`."""
    whole = round(value)
    return f"{whole} min" if whole < 60 else f"{whole // 60}:{whole % 60:02d} h"


def _span(report: Report) -> str:
    if report.since is None and report.until is None:
        return f"{report.name}, all there is"
    since = "" if report.since is None else f" since {said(report.since)}"
    until = "" if report.until is None else f" until before {said(report.until)}"
    return f"{report.name}{since}{until}"


def _heading(figure: Figure) -> str:
    return figure.name.replace("_", " ")


def _key(value: Any) -> str:
    text = NOTHING if value is None else _plain(value)
    return text if cell_len(text) <= KEY_WIDTH else set_cell_size(text, KEY_WIDTH - 1) + "…"


def _plain(value: Any) -> str:
    """A value on one line; what a lead wrote cannot move the cursor."""
    text = value if isinstance(value, str) else said(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _is_number(name: str) -> bool:
    return name in ("id", "handoff", "cycle", "attempts", "value", "rung")


def _fitting(keys: Sequence[Column], columns: Iterable[Column]) -> list[list[Column]]:
    """The columns in as few tables as it takes, each of which repeats the keys."""
    room = WIDTH - sum(_width(key) + len(BETWEEN) for key in keys)
    groups: list[list[Column]] = []
    left = 0
    for column in columns:
        needed = _width(column) + len(BETWEEN)
        if not groups or needed > left + len(BETWEEN):
            groups.append([])
            left = room
        groups[-1].append(column)
        left -= needed
    return groups


def _width(column: Column) -> int:
    heading, cells, _ = column
    return max(cell_len(heading), *(cell_len(cell) for cell in cells), 0)


def _table(keys: Sequence[Column], columns: Sequence[Column]) -> None:
    whole = [*keys, *columns]
    widths = [_width(column) for column in whole]
    for number in range(-1, len(whole[0][1])):
        cells = []
        for (heading, below, right), width in zip(whole, widths, strict=True):
            cell = heading if number < 0 else below[number]
            space = " " * (width - cell_len(cell))
            cells.append(space + cell if right else cell + space)
        _line(BETWEEN.join(cells).rstrip())
    _line("")


def _below(report: Report) -> None:
    for name, share in report.beside.get("target", {}).items():
        if share is not None:
            _line(f"target: {name.replace('_', ' ')} {share:.0%}, reached {_reached(report, name)}")
    for note in report.notes:
        for line in wrap(f"note: {note}", WIDTH, subsequent_indent="  "):
            _line(line)


def _reached(report: Report, target: str) -> str:
    figure = next((one for one in report.figures if one.name in _HELD_AGAINST[target]), None)
    return NOTHING if figure is None else figure_said(figure, report.total)


_HELD_AGAINST = {"sla_met": ("sla_met",), "recycled_share": ("recycled",), "active_share": ("active",)}
"""Which figure each target of the agreement is held against."""


def _line(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
