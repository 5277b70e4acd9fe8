"""`nurture simulate`: a file of leads lived through weeks of virtual time, by the production rules; nothing is sent."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from nurture.app import real_clock
from nurture.cli.printing import Json, err
from nurture.cli.simulated import print_story
from nurture.cli.simulated_files import CsvFile, JsonDocument, write_page
from nurture.errors import NotFound, UsageError
from nurture.lab.letters import Letters
from nurture.lab.rates import NONE, Rates, parse_rates, parse_reasons
from nurture.lab.running import Aside, Asked, book_of, run
from nurture.lab.tally import Tally
from nurture.lab.together import processors, tallied
from nurture.lab.warming import in_words
from nurture.rules import calendar
from nurture.rules.book import Rulebook
from nurture.settings import read_settings
from nurture.sheets.columns import parse_maps
from nurture.sheets.sheet import Sheet
from nurture.workspace import Workspace, load_workspace

LONGEST = 520
TOLD = 10
"""Bad rows and lines that a person is told of; `--json` has more."""

Leads = Annotated[Path, typer.Option(metavar="CSV", help="The leads; columns as for `nurture leads import`.")]
Weeks = Annotated[int, typer.Option(help="How long.")]
Events = Annotated[
    Path | None,
    typer.Option(metavar="JSONL", help="What leads did and will do, a Segment message a line; nobody does more."),
]
CampaignId = Annotated[
    str | None,
    typer.Option("--campaign", metavar="ID", help="This campaign alone, live or not, with every lead it may hold."),
]
Seed = Annotated[int, typer.Option(help="The same seed tells the same story.", min=0)]
Start = Annotated[
    str | None, typer.Option(metavar="DATE[THH:MM]", help="When the leads come in, on the company's clock; else now.")
]
RateOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--rate", metavar="NAME=SHARE", help="How often people do something, such as click=5%; several times."
    ),
]
Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", metavar="CODE=SHARE", help="How often sales refuses for this reason; several times."),
]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds what; may be said several times."),
]
Encoding = Annotated[str | None, typer.Option(help="What the file is written in, if it is not found out.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with charts, all in one file.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every mail as a row.")]


def simulate(
    leads: Leads,
    weeks: Weeks,
    events: Events = None,
    campaign: CampaignId = None,
    seed: Seed = 1,
    start: Start = None,
    rate: RateOptions = None,
    reason: Reasons = None,
    maps: Maps = None,
    encoding: Encoding = None,
    html: Html = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Live through weeks in virtual time: who gets what when, who runs out, who goes to sales. Nothing is sent."""
    if not 1 <= weeks <= LONGEST:
        raise UsageError(f"--weeks: from 1 to {LONGEST}, and {weeks} is not")
    if not leads.exists():
        raise NotFound(f"{leads}: there is no such file")
    workspace = load_workspace(read_settings(os.environ).workspace)
    book = book_of(workspace, campaign)
    begin = _start(start, workspace)
    asked = Asked(
        leads=leads,
        start=begin,
        end=begin + timedelta(weeks=weeks),
        events=events,
        campaign=campaign,
        seed=seed,
        rates=parse_rates(rate or (), Rates() if events is None else NONE),
        reasons=parse_reasons(reason or (), book.agreement.reject_reasons),
        maps=parse_maps(maps or ()),
        encoding=encoding,
    )
    letters, aside = Letters(workspace), Aside()
    with _collecting_rarely(), _progress() as progress:
        if as_json or csv is not None or events is not None:
            tally = _one_by_one(book, letters, asked, aside, progress, csv=csv, as_json=as_json)
        else:
            tally = tallied(workspace, asked, letters, aside, progress, processes=processors())
    if html is not None:
        write_page(html, tally, workspace, asked)
    if not as_json:
        print_story(tally, asked)
        if html is not None:
            err.print(f"nurture: the page is {html}", markup=False, soft_wrap=True)
    _tell(aside, letters, asked, in_words(book.agreement, tally.per_day))


def _one_by_one(
    book: Rulebook,
    letters: Letters,
    asked: Asked,
    aside: Aside,
    progress: Callable[[Sheet], None],
    *,
    csv: Path | None,
    as_json: bool,
) -> Tally:
    """Where single leads are asked for, or events may tell of anybody: all in this process."""
    tally = Tally(book, asked.start, asked.end)
    with ExitStack() as stack:
        document = stack.enter_context(JsonDocument(letters)) if as_json else None
        rows = stack.enter_context(CsvFile(csv, letters)) if csv is not None else None
        for lived in run(book, letters, asked, aside, progress):
            tally.add(lived)
            if document is not None:
                document.add(lived)
            if rows is not None:
                rows.add(lived)
        if document is not None:
            document.close(tally, aside, asked.seed)
    return tally


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Spare what is loaded by now from the garbage collector: lives make next to no circles, and it looks for them."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _start(said: str | None, workspace: Workspace) -> datetime:
    """The instant that `--start` means."""
    if said is None:
        return real_clock().replace(microsecond=0)
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(
            f"--start takes a date or a time, such as 2026-03-02 or 2026-03-02T09:00; {said!r} is neither"
        ) from None
    if at.tzinfo is not None:
        return at
    zone = workspace.agreement.company.timezone
    return calendar.first_instant(at.date(), at.time() if "T" in said or " " in said else time(), zone)


@contextmanager
def _progress() -> Iterator[Callable[[Sheet], None]]:
    """A bar on a terminal, by bytes of the file; nothing in a pipe."""
    columns = (TextColumn("{task.fields[leads]:,} leads"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None, leads=0)
        lived = 0

        def moved(sheet: Sheet) -> None:
            nonlocal lived
            lived += 1
            if lived % 100 == 0:
                bar.update(task, total=sheet.size, completed=sheet.position, leads=lived)

        yield moved


def _tell(aside: Aside, letters: Letters, asked: Asked, held_back: str) -> None:
    """What could not be used, and what was not reckoned with, in lines on stderr."""
    bad = [(asked.leads.name, [(row.line, row.reason) for row in aside.bad_rows], aside.bad_row_count)]
    if asked.events is not None:
        lines = [(line.line, line.reason) for line in aside.bad_lines]
        bad.append((asked.events.name, lines, aside.bad_line_count))
    for name, told, count in bad:
        for line, reason in told[:TOLD]:
            _say(f"{name}:{line}: {reason}")
        if count > TOLD:
            _say(f"{name}: and {count - min(TOLD, len(told)):,} more rows could not be used")
    for note in aside.notes:
        _say(f"{asked.leads.name}: {note}")
    for problem in letters.broken.values():
        _say(f"{problem}; its mails would wait")
    if held_back:
        _say(held_back)


def _say(what: str) -> None:
    err.print(f"nurture: {what}", markup=False, soft_wrap=True)
