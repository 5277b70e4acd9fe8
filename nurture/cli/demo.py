"""`nurture demo`: the whole loop, lived through in about a minute."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from nurture.cli.opening import readable_errors
from nurture.cli.printing import Json, err, out, print_json, print_table
from nurture.cli.stopping import needs_local, until_stopped
from nurture.cli.up import print_addresses

Leads = Annotated[
    Path | None,
    typer.Option(help="Your own leads; columns as for `nurture leads import`.", exists=True, dir_okay=False),
]
Weeks = Annotated[int, typer.Option(help="Weeks of business time.", min=1, max=104)]
Seed = Annotated[int, typer.Option(help="The same seed tells the same story.", min=0)]
Keep = Annotated[bool, typer.Option("--keep", help="Leave everything running, and the data where they are.")]


def demo(leads: Leads = None, weeks: Weeks = 12, seed: Seed = 1, keep: Keep = False, as_json: Json = False) -> None:
    """Let sample leads live through weeks in about a minute, on real servers and processes, with a clock in steps."""
    with needs_local():
        from nurture.local.demo import Asked, lived
    asked = Asked(leads, weeks, seed)
    status = 1
    with until_stopped(), readable_errors(), _progress() as tell, lived(os.environ, asked, tell, keep=keep) as done:
        tell("", 1.0)
        if as_json:
            print_json(dict(done.story))
        else:
            _print_story(done.story)
        for fault in done.story["faults"]:
            err.print(f"nurture: {fault}", markup=False, soft_wrap=True)
        status = 1 if done.story["faults"] else 0
        if keep:
            if not as_json:
                print_addresses(done.up.addresses, "\nAll of it is still running. Ctrl-C stops it.")
            done.up.wait()
    raise typer.Exit(status)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal, nothing in a pipe."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("", total=1.0)

        def tell(what: str, share: float) -> None:
            progress.update(task, description=what, completed=share)
            if share >= 1.0:
                progress.stop()

        yield tell


def _print_story(story: Mapping[str, Any]) -> None:
    deliveries, events, clicks = story["deliveries"], story["events"], story["clicks"]
    rows: list[Sequence[object]] = [
        ("leads", story["leads"], "imported; sales had refused most of them"),
        ("enrolled", story["enrolled"], "have been in a campaign"),
        ("mails sent", deliveries.get("sent", 0), _others(deliveries, but="sent")),
        ("in the mailbox", story["mailbox"], f"by the mail server's own files; {story['duplicates']} twice"),
        ("human events", events["human"], f"opens, visits, answers, {clicks['human']} clicks"),
        ("automated events", events["automated"], f"of mail scanners; {clicks['counted'] - clicks['human']} scored"),
        ("handed to sales", story["handed_over"], "leads whose behaviour said ready"),
        ("and again", story["recycled"], "refused, nurtured, and handed over once more"),
    ]
    out.print(f"[bold]{story['weeks']} weeks in {story['seconds']:.0f} seconds[/] (seed {story['seed']})\n")
    print_table(("what", "number", ""), rows)
    out.print()
    beside = Table.grid(padding=(0, 6, 0, 0))
    beside.add_row(*(_counts(title, story[key]) for title, key in _COUNTED.items()))
    out.print(beside)


_COUNTED = {"leads by stage": "stages", "handoffs": "handoffs", "leads by cycle": "cycles"}


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title, "", box=None, pad_edge=False)
    for state, number in counts.items():
        table.add_row(state, str(number))
    return table


def _others(counts: Mapping[str, int], *, but: str) -> str:
    """`12 cancelled, 3 failed`."""
    return ", ".join(f"{number} {state}" for state, number in counts.items() if state != but)
