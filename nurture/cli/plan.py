"""`nurture plan`: what changed files would do to the leads now inside."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json
from nurture.errors import UsageError
from nurture.facts import LeadState
from nurture.lab import plan_words
from nurture.lab.plan import NOTHING_ADOPTED, Each, Plan
from nurture.lab.plan_change import Moved
from nurture.lab.plan_database import plan_of, snapshot_of
from nurture.lab.plan_from_snapshot import plan_from_snapshot
from nurture.settings import read_settings
from nurture.workspace import load_workspace

Format = Literal["text", "json", "github"]


def plan(
    as_format: Annotated[
        Format, typer.Option("--format", help="`github` is Markdown, for a pull request or a job's summary.")
    ] = "text",
    snapshot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with this snapshot; needs no database.")
    ] = None,
    write_snapshot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a snapshot without personal data instead; packed if it ends in .gz."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="Have this field's values in the snapshot though no condition asks for it."),
    ] = None,
    list_: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="Also write every change of every lead, as CSV.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the files with those that were adopted, and count for which leads they change what comes next."""
    if snapshot is not None and write_snapshot is not None:
        raise UsageError("--snapshot reads a snapshot and --write-snapshot writes one; say one of them")
    if list_ is not None and (snapshot is not None or write_snapshot is not None):
        raise UsageError("--list names leads, which needs the database; it goes with neither kind of snapshot")
    if keep and write_snapshot is None:
        raise UsageError("--keep says what a snapshot holds; it goes with --write-snapshot")
    if write_snapshot is not None:
        _write(write_snapshot, keep or [], as_json=as_json)
    elif snapshot is not None:
        workspace = load_workspace(read_settings(os.environ).workspace)
        _print(plan_from_snapshot(snapshot, workspace), "json" if as_json else as_format)
    else:
        with opened_app() as app, _progress() as tell, _listing(list_) as each:
            made = plan_of(app, app.now(), tell, each)
        _print(made, "json" if as_json else as_format)


def _write(path: Path, keep: list[str], *, as_json: bool) -> None:
    with opened_app() as app, _progress() as tell:
        leads = snapshot_of(app, app.now(), path, keep=keep, tell=tell)
    if as_json:
        print_json({"snapshot": str(path), "leads": leads, "bytes": path.stat().st_size})
    else:
        out.print(f"{leads:,} leads are in {path}, without saying who they are", markup=False, soft_wrap=True)


def _print(made: Plan | None, as_format: Format) -> None:
    if as_format == "json":
        print_json({"changes": [], "notes": [NOTHING_ADOPTED]} if made is None else plan_words.document(made))
        return
    if made is None:
        lines: Iterator[str] = iter((NOTHING_ADOPTED,))
    elif as_format == "github":
        lines = plan_words.markdown_lines(made)
    else:
        lines = plan_words.text_lines(made)
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


@contextmanager
def _listing(path: Path | None) -> Iterator[Each | None]:
    """Writes every change of every lead to a CSV file, where one is asked for."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--list: {path} cannot be written: {error.strerror}") from error
    with file:
        rows = csv.writer(file)
        rows.writerow(("lead", "campaign", "change", "step", "was", "becomes", "days"))

        def each(state: LeadState, moved: Moved) -> None:
            change, email = moved.change, state.profile.email
            # A spreadsheet would take such an address for a formula.
            lead = f"'{email}" if email[:1] in "=+-@" else email
            rest = (change.campaign, change.kind, change.step, change.was, change.becomes, moved.days or None)
            rows.writerow((lead, *rest))

        yield each


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """A count of leads on a terminal, nothing in a pipe."""
    columns = (BarColumn(), TextColumn("{task.completed:,.0f} leads"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda leads: bar.advance(task, leads)
