"""`nurture events rejudge` and `nurture events judge`: verdicts looked at again, by today's rules or by a person."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json, print_table
from nurture.cli.since import begin_of
from nurture.errors import UsageError
from nurture.flows.overrule import overrule
from nurture.flows.rejudge import Rejudged
from nurture.flows.rejudge import rejudge as judge_again


def rejudge(
    since: Annotated[str | None, typer.Option(metavar="DATE|TIME|DURATION", help="From when on; else all.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Judge clicks, opens and page views again by the rules and lists of this version: people or programs?

    Scores follow the verdicts that turn. No handoff is made or taken back by it; those that would not have been made
    are listed. May be stopped, and goes on where it was; events may come in meanwhile.
    """
    with opened_app() as app:
        now = app.now()
        at = None if since is None else begin_of(since, now, app.agreement.company.timezone)
        columns = (SpinnerColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as shown:
            task = shown.add_task("judging events")
            done = judge_again(
                app,
                now,
                since=at,
                dry_run=dry_run,
                told=lambda n: shown.update(task, description=f"{n:,} events judged"),
            )
    if as_json:
        _print_json(done, at, dry_run=dry_run)
    else:
        _print(done, dry_run=dry_run)


def judge(
    event: Annotated[int, typer.Argument(help="The event's id, as `nurture leads show` lists it.", metavar="ID")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the event. Required.")] = "",
    human: Annotated[bool, typer.Option("--human", help="A person did it.")] = False,
    automated: Annotated[bool, typer.Option("--automated", help="A program did it.")] = False,
    as_json: Json = False,
) -> None:
    """Say yourself who did something. Your verdict stands over the rules'; the lead's score follows."""
    if human == automated:
        raise UsageError("say one of --human and --automated, and --reason TEXT")
    if not reason.strip():
        raise UsageError("--reason takes a few words for whoever looks at the event next year")
    verdict: Literal["human", "automated"] = "human" if human else "automated"
    with opened_app() as app:
        before, kind = overrule(app, event, verdict, reason.strip(), app.now())
    if as_json:
        print_json({"id": event, "kind": kind, "before": before, "verdict": verdict, "reason": reason.strip()})
    else:
        said = f"already {verdict}, now by your word" if before == verdict else f"{before} before, {verdict} now"
        out.print(f"event {event}, {kind}: {said}", markup=False)


def _print_json(done: Rejudged, since: datetime | None, *, dry_run: bool) -> None:
    print_json(
        {
            "since": since,
            "dry_run": dry_run,
            "resumed": done.resumed,
            "judged": done.judged,
            "changed": done.to_human + done.to_automated,
            "to_human": done.to_human,
            "to_automated": done.to_automated,
            "handoffs": [asdict(doubt) for doubt in done.doubts],
        }
    )


def _print(done: Rejudged, *, dry_run: bool) -> None:
    turned = "would turn" if dry_run else "turned"
    before = " (with what a run that was stopped had done)" if done.resumed else ""
    counts = f"{done.to_automated:,} {turned} automated, {done.to_human:,} human"
    out.print(f"{done.judged:,} events judged again{before}: {counts}", markup=False)
    if not done.doubts:
        out.print("no handoff rests on what programs did")
        return
    out.print(f"{len(done.doubts):,} handoffs would not have been made (nothing is taken back):")
    columns = ("id", "lead", "state", "owner", "offered_at", "grade", "score", "score_without", "lacks")
    print_table(columns, ([_short(asdict(doubt)[name]) for name in columns] for doubt in done.doubts))


def _short(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value
