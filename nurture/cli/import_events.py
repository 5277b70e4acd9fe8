"""`nurture events import`: history in, out of files of events."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json
from nurture.errors import NotFound, UsageError
from nurture.flows.import_events import ImportedEvents, import_events, kept_from, ready
from nurture.segment.archive import STDIN, Archive
from nurture.segment.message import SOURCE
from nurture.segment.rejects import rejects_beside
from nurture.settings import Settings

COUNTS = ("read", "stored", "duplicates", "aliases", "rejected", "too_old", "created", "skipped")


@dataclass(slots=True)
class _Sum:
    """What became of all files."""

    files: list[ImportedEvents] = field(default_factory=list)

    def of(self, name: str) -> int:
        return sum(getattr(done, name) for done in self.files)

    @property
    def rejects(self) -> list[Path]:
        return [done.rejects_file for done in self.files if done.rejects_file is not None]


def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="JSONL...", help="Files of events, or `.gz` of them; `-` is standard input.")
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the write key that these events came in with, or would have: theirs are known.",
        ),
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected lines go, if not beside the file.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read from the beginning, not from where an earlier import stopped.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import events out of files: a message of the Segment API a line, as archives and warehouses write them.

    What was imported before, or came in over HTTP, is known by its `messageId` and changes nothing. All of it is
    history: it counts, and nobody is handed over, enrolled or mailed because of it. Bad lines go to another file, with
    line and reason; the good ones go in. Stopped, and started again, it goes on where it was. Exit status
    1 where nothing could be made of any line.
    """
    where = [_rejects(file, rejects, len(files)) for file in files]
    total = _Sum()
    with opened_app() as app:
        now = app.now()
        name = source or _usual_source(app.settings)
        with _progress(files) as progress:
            for file, beside in zip(files, where, strict=True):
                try:
                    done = import_events(app, file, now, source=name, rejects=beside, again=again, progress=progress)
                except KeyboardInterrupt:
                    err.print(f"\nstopped in {file}; the same command goes on from there", markup=False)
                    raise typer.Exit(130) from None
                total.files.append(done)
        qualify = ready(app, now.date(), app.now()) if total.of("stored") else 0
        since = kept_from(app, now)
    if as_json:
        paths = [str(path) for path in total.rejects]
        counts = {name: total.of(name) for name in COUNTS}
        files_of = {"rejects_file": paths[0] if paths else None, "rejects_files": paths}
        print_json({**counts, "ready": qualify, "source": name, **files_of})
    else:
        _say(total, since, qualify)
    if total.of("read") and total.of("rejected") == total.of("read"):
        raise typer.Exit(1)


def _usual_source(settings: Settings) -> str:
    """The name of the only write key; else that of one without a name."""
    names = sorted(set(settings.write_keys.values()))
    return names[0] if len(names) == 1 else SOURCE


def _rejects(file: Path, asked: Path | None, files: int) -> Path:
    if file != STDIN and not file.exists():
        raise NotFound(f"{file}: there is no such file")
    if file.is_dir():
        raise UsageError(f"{file}: is a folder; name the files in it")
    if asked is not None and files > 1:
        raise UsageError("--rejects: several files have rejects of their own, each beside its file")
    rejects = asked or (Path("stdin.rejects.jsonl") if file == STDIN else rejects_beside(file))
    if rejects.exists() and file != STDIN and rejects.samefile(file):
        raise UsageError(f"--rejects: {rejects} is the file that is imported; say another")
    if not rejects.parent.is_dir():
        raise UsageError(f"--rejects: there is no folder {rejects.parent}")
    return rejects


@contextmanager
def _progress(files: Sequence[Path]) -> Iterator[Callable[[Archive, int], None]]:
    """A bar on a terminal, by bytes read, since nobody knows how many events there are; nothing in a pipe."""
    sizes = {str(file): file.stat().st_size for file in files if file.is_file()}
    total = sum(sizes.values()) if len(sizes) == len(set(files)) else None
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[events]:,} events"), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=total, events=0)
        read: dict[str, tuple[int, int]] = {}

        def told(archive: Archive, events: int) -> None:
            read[archive.name] = archive.read, events
            done, count = (sum(figures) for figures in zip(*read.values(), strict=True))
            bar.update(task, completed=done, events=count)

        yield told


def _say(total: _Sum, since: date, qualify: int) -> None:
    stored, known, rejected = total.of("stored"), total.of("duplicates"), total.of("rejected")
    counts = f"{stored:,} stored, {known:,} known already, {rejected:,} rejected"
    out.print(f"{total.of('read'):,} events read: {counts}; {total.of('created'):,} leads created", markup=False)
    if total.of("skipped"):
        out.print(f"{total.of('skipped'):,} lines were taken in before (--again reads them again)", markup=False)
    if total.of("too_old"):
        kept = f"{since:%d %b %Y}, from when on events are kept (`retention`)"
        out.print(f"{total.of('too_old'):,} events happened before {kept}, and were left out", markup=False)
    for path in total.rejects:
        out.print(f"why lines were rejected: {path}", markup=False, soft_wrap=True)
    if qualify:
        leads = "1 lead qualifies" if qualify == 1 else f"{qualify:,} leads qualify"
        out.print(f"{leads} now; `nurture qualify --limit N` offers them to sales", markup=False)
