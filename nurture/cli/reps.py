"""`nurture reps …`: who has how much, who is away, who is back."""

from datetime import date
from typing import Annotated

import typer

from nurture.cli.asking import ask
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json, print_table
from nurture.errors import UsageError
from nurture.flows import stay_away
from nurture.flows.reassign import relieve as relieve_rep
from nurture.grammar.mistakes import Mistake, did_you_mean
from nurture.grammar.reps import Absence
from nurture.grammar.warming import parse_day
from nurture.reports.reps import reps_report
from nurture.rules.assignment import everybody

reps = typer.Typer(help="Who sells: open handoffs, absences.", no_args_is_help=True)

Rep = Annotated[str, typer.Argument(metavar="REP", help="An address, or a name in the agreement.")]


@reps.command("list")
def list_(as_json: Json = False) -> None:
    """List the reps: open handoffs, how many were given in all and when last, who is away until when."""
    with opened_app() as app:
        rows = reps_report(app, app.now())
    if as_json:
        print_json(rows)
        return
    print_table(
        ("rep", "name", "open", "at most", "given", "last given", "in", "away"),
        [
            [
                row["rep"], row["name"], row["open"], row["at_most"], row["given"], row["last_given_at"],
                "yes" if row["is_in"] else "no", _away(row["away"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


@reps.command("away")
def away(
    rep: Rep,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day; else today.")] = None,
    last: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day; else until further notice.")
    ] = None,
) -> None:
    """Give no leads to a rep on these days. What the rep has already stays with the rep."""
    days = _day("--from", first), _day("--until", last)
    with opened_app() as app:
        said = stay_away.away(app, rep, first=days[0], last=days[1], now=app.now())
        known = everybody(app.book.agreement)
    if not said.known:
        hint = did_you_mean(said.rep, known)
        err.print(f"note: the agreement does not name {said.rep}{f'; {hint}' if hint else ''}", markup=False)
    news = "" if said.news else ", as was known"
    out.print(f"{said.rep} is away {stay_away.spoken(said.absence)}{news}", markup=False)
    if said.held:
        stay = "1 open handoff stays" if said.held == 1 else f"{said.held} open handoffs stay"
        out.print(f"{stay} there; `nurture reps relieve {said.rep}` gives them to others", markup=False, soft_wrap=True)


@reps.command("back")
def back(
    rep: Rep,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day back; else today.")] = None,
) -> None:
    """Give leads to a rep again: the absence that covers the day ends the day before."""
    day = _day("--from", since)
    with opened_app() as app:
        ended = stay_away.back(app, rep, since=day, now=app.now())
    out.print(f"back: {rep} was away {' and '.join(map(stay_away.spoken, ended))}", markup=False)


@reps.command("relieve")
def relieve(
    rep: Rep,
    by: Annotated[str, typer.Option(help="Who says so.")],
    to: Annotated[
        str | None, typer.Option(help="An address, or a rep's name; else whoever each would go to by `assign`.")
    ] = None,
    because: Annotated[str, typer.Option(help="Why, in your own words; all who are concerned read it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Give all open handoffs of a rep to others, one after the other; both reps are told of each."""
    with opened_app() as app:
        if not yes:
            ask(f"give all open handoffs of {rep} to {to or 'others'}?", yes)
        done, stay = relieve_rep(app, rep, to=to, by=by, because=because, now=app.now())
    if as_json:
        print_json({"given": [{"id": one.handoff_id, "to": one.owner} for one in done], "stay": stay})
        return
    if done:
        print_table(("handoff", "given to"), [(one.handoff_id, one.owner) for one in done])
    elif not stay:
        out.print(f"{rep} has no open handoff", markup=False)
    if stay:
        out.print(f"nobody else is free for {', '.join(map(str, stay))}", markup=False, soft_wrap=True)


def _day(option: str, said: str | None) -> date | None:
    try:
        return None if said is None else parse_day(said)
    except Mistake as mistake:
        raise UsageError(f"{option}: {mistake}") from None


def _away(absence: dict[str, date | None] | None) -> str | None:
    if absence is None or absence["from"] is None:
        return None
    return stay_away.spoken(Absence(absence["from"], absence["until"]))
