"""`enroll`, `qualify`, `why`."""

from typing import Annotated

import typer

from nurture.cli.asking import ask
from nurture.cli.opening import opened_app
from nurture.cli.printing import out
from nurture.errors import UsageError
from nurture.flows import enroll as enrolling
from nurture.grammar.conditions import ConditionError, parse_condition


def enroll(
    email: Annotated[str | None, typer.Argument(help="The lead.")] = None,
    campaign: Annotated[str, typer.Option(help="The campaign's id.")] = ...,  # type: ignore[assignment]
    when: Annotated[str | None, typer.Option(help="Many leads at once: those for whom this condition holds.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put a lead, or many, into a campaign by hand; for many it says how many first."""
    if (email is None) == (when is None):
        raise UsageError("say either one EMAIL or --when CONDITION")
    with opened_app() as app:
        now = app.now()
        if email is not None:
            enrolling.enroll(app, email, campaign=campaign, now=now)
            out.print(f"{email} is in {campaign}", markup=False)
            return
        try:
            condition = parse_condition(when)
        except ConditionError as error:
            raise UsageError(f"--when: {error}") from error
        found = enrolling.takes(app, campaign=campaign, when=condition, now=now)
        ask(f"put {len(found)} leads into {campaign}?", yes)
        out.print(f"{enrolling.enroll_many(app, found, campaign=campaign, now=now)} leads are in {campaign}")


def qualify(
    limit: Annotated[int, typer.Option(min=1, help="Offer at most so many.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Offer to sales those who qualify now and have not been offered, after a changed agreement."""
    with opened_app() as app:
        now = app.now()
        count = enrolling.qualify(app, limit=limit, now=now, count_only=True)
        ask(f"{count} leads qualify; offer {min(count, limit)} of them to sales?", yes)
        out.print(f"{enrolling.qualify(app, limit=limit, now=now)} leads offered")
