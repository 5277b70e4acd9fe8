"""`nurture report …`: what marketing and sales learn, each number followed to its rows where somebody asks."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from nurture.app import App
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, print_json
from nurture.cli.report_csv import to_csv
from nurture.cli.report_table import print_listing, print_report
from nurture.cli.since import begin_of
from nurture.errors import NotFound, UsageError
from nurture.reports.catalogue import REPORTS, Make, report_named
from nurture.reports.report import Listing, Report

Format = Literal["table", "csv", "json"]


def report(
    name: Annotated[str, typer.Argument(metavar="|".join(REPORTS), help="Which.")],
    since: Annotated[str | None, typer.Option(help="From this day or time on, or so long ago: `90 days`.")] = None,
    until: Annotated[str | None, typer.Option(help="Until then, not included. Absent: to this day.")] = None,
    by: Annotated[str | None, typer.Option(help="Group by this; several with commas: `source,month`.")] = None,
    rows: Annotated[
        str | None, typer.Option("--rows", metavar="COLUMN", help="The rows that this column's numbers were made of.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="With --rows: of the row with this key; nothing after = for unknown."),
    ] = None,
    value: Annotated[
        str | None, typer.Option(help="With --rows and one key in --by: the same as --where KEY=VALUE.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is told.")] = "table",
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Count what happened: leads, handoffs, promises, mails. Definitions are in docs/reports.md.

    Days begin where the company is. Without --since and --until everything counts that there is.
    """
    make = _named(name)
    keys = None if by is None else tuple(key.strip() for key in by.split(",") if key.strip())
    asked = _where(where or (), value, keys)
    if rows is None and asked:
        raise UsageError("--where and --value say of which row --rows lists what it was made of; --rows is missing")
    with opened_app() as app:
        made = make(app, **_span(app, since, until), now=app.now(), by=keys)
        listing = None if rows is None else made.rows_of(rows, asked)
    _tell(made, listing, "json" if as_json else form, csv)


def _named(name: str) -> Make:
    try:
        return report_named(name)
    except NotFound as unknown:
        raise UsageError(str(unknown)) from None


def _span(app: App, since: str | None, until: str | None) -> dict[str, Any]:
    zone, now = app.agreement.company.timezone, app.now()
    start = None if since is None else begin_of(since, now, zone)
    end = None if until is None else begin_of(until, now, zone, option="--until")
    if start is not None and end is not None and end <= start:
        raise UsageError(f"--until ({until}) is not after --since ({since})")
    return {"since": start, "until": end}


def _where(said: Iterable[str], value: str | None, keys: Sequence[str] | None) -> dict[str, str]:
    asked = {}
    for one in said:
        key, sign, text = one.partition("=")
        if not sign:
            raise UsageError(f"--where takes KEY=VALUE, such as source=website; {one!r} is none")
        asked[key.strip()] = text
    if value is not None:
        if keys is None or len(keys) != 1:
            raise UsageError("--value needs one key in --by to be the value of; --where KEY=VALUE says it for any")
        asked[keys[0]] = value
    return asked


def _tell(made: Report, listing: Listing | None, form: Format, csv: Path | None) -> None:
    columns = made.columns if listing is None else listing.columns
    rows = made.rows if listing is None else listing.rows
    if csv is not None:
        _write(csv, to_csv(columns, rows))
    elif form == "csv":
        sys.stdout.buffer.write(to_csv(columns, rows).encode())  # UTF-8 and CRLF, whatever the terminal likes
    elif form == "json":
        print_json(made.document() if listing is None else _document(made, listing))
    elif listing is None:
        print_report(made)
    else:
        print_listing(made, listing)


def _document(made: Report, listing: Listing) -> dict[str, Any]:
    return {
        "report": made.name, "since": made.since, "until": made.until, "rows": list(listing.rows),
        "column": listing.column, "where": dict(listing.where),
    }  # fmt: skip


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise UsageError(f"--csv: {path} cannot be written: {error.strerror}") from error
    err.print(f"written to {path}", markup=False, soft_wrap=True)
