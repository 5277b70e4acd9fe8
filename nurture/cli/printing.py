"""How commands speak: JSON on stdout for programs, rich tables for people, errors in one line on stderr."""

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TextIO

import orjson
import typer
from rich.console import Console
from rich.table import Table

WIDE = 1000
"""Columns of what is no terminal: a program that reads us, or grep, wants one line a thing."""


def _width(stream: TextIO) -> int | None:
    return None if stream.isatty() else WIDE


out = Console(highlight=False, width=_width(sys.stdout))
err = Console(stderr=True, highlight=False, width=_width(sys.stderr))

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def print_json(value: Any) -> None:
    """One JSON document on stdout; times in ISO 8601 with offset."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """A table for people; one of no rows and no title is one word."""
    rows = list(rows)
    if not rows and title is None:
        out.print("none")
        return
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(said(cell) for cell in row))
    out.print(table)


def said(value: object) -> str:
    """A value as a person reads it; lead-controlled text cannot carry markup."""
    from rich.markup import escape

    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.strftime("%a %d %b %Y %H:%M %Z").strip()
    if isinstance(value, date):
        return value.strftime("%a %d %b %Y")
    return escape(str(value))
