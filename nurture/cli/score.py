"""`nurture score …`: scores that explain themselves, and scores worked out for everybody."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json
from nurture.cli.score_explain import explain
from nurture.flows.recompute import Recomputed, Tell
from nurture.flows.recompute import recompute as recompute_all

score = typer.Typer(help="Scores that explain themselves.", no_args_is_help=True)
score.command("explain")(explain)


@score.command("recompute")
def recompute(
    from_events: Annotated[
        bool, typer.Option("--from-events", help="Count what leads did anew first, from their stored events.")
    ] = False,
    grades: Annotated[bool, typer.Option("--grades", help="Grade all leads anew as well.")] = False,
    as_json: Json = False,
) -> None:
    """Work out the score of every lead anew. Nobody is handed over by it; `nurture qualify` does that.

    Events may come in meanwhile. What was interrupted is gone on with by the same command on the same day (UTC).
    """
    parts = [name for name, asked in (("events", from_events), ("grades", grades)) if asked]
    began = time.monotonic()
    with opened_app() as app, _progress() as progress:
        try:
            done = recompute_all(app, app.now(), parts=parts, tell=progress.tell)
        except KeyboardInterrupt:
            err.print(
                f"\nstopped at {progress.done:,} of {progress.total:,} leads; the same command goes on from there"
            )
            raise typer.Exit(130) from None
    _say(done, parts, time.monotonic() - began, as_json=as_json)


class _Told:
    """Shows how far it has come, and remembers."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("leads", total=None)
        self.done = self.total = 0
        self.tell: Tell = self._tell

    def _tell(self, done: int, total: int) -> None:
        if not self.total and done:
            err.print(f"going on from {done:,} of {total:,} leads, where it was interrupted")
        self.done, self.total = done, total
        self._bar.update(self._task, completed=done, total=total)


@contextmanager
def _progress() -> Iterator[_Told]:
    """A bar on a terminal, nothing in a pipe."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield _Told(bar)


def _say(done: Recomputed, parts: list[str], seconds: float, *, as_json: bool) -> None:
    leads = done.before + done.leads
    if as_json:
        counts = {"leads": leads, "before": done.before, "regraded": done.regraded}
        print_json({**counts, "parts": ["scores", *parts], "seconds": round(seconds, 3)})
        return
    how = "counted and scored" if "events" in parts else "scored"
    graded = f", {done.regraded:,} have another grade" if "grades" in parts else ""
    out.print(f"{leads:,} leads {how} in {seconds:.1f} s{graded}", markup=False)
