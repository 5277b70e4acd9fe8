"""`nurture handoffs reassign`: give a lead that sales has to somebody else."""

from typing import Annotated

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import err, out
from nurture.flows.reassign import reassign as reassign_handoff


def reassign(
    handoff: Annotated[int, typer.Argument(help="The handoff's number.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    to: Annotated[
        str | None,
        typer.Option(help="An address, or a rep's name; else whoever is next by `assign`, without those who had it."),
    ] = None,
    because: Annotated[str, typer.Option(help="Why, in your own words; both reps read it.")] = "",
) -> None:
    """Give an open handoff to somebody else; both are told."""
    with opened_app() as app:
        done = reassign_handoff(app, handoff, to=to, by=by, because=because, now=app.now())
    if not done.known:
        near = f"; did you mean {done.meant}?" if done.meant else ""
        err.print(f"note: the agreement does not name {done.owner}{near}", markup=False, soft_wrap=True)
    if done.changed:
        before = f", no longer {done.before}'s" if done.before else ""
        out.print(f"handoff {handoff} is {done.owner}'s now{before}", markup=False, soft_wrap=True)
    elif to is None:
        out.print(f"handoff {handoff} stays {done.owner}'s: nobody else is free", markup=False, soft_wrap=True)
    else:
        out.print(f"handoff {handoff} is {done.owner}'s already", markup=False, soft_wrap=True)
