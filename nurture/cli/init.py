"""`init`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from nurture.authoring.init import Own
from nurture.authoring.init import init as write
from nurture.cli.printing import out
from nurture.errors import UsageError
from nurture.grammar.addresses import parse_mailbox
from nurture.grammar.mistakes import Mistake
from nurture.grammar.zones import parse_zone

_LONGEST = 500


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder; `.` is this one.")],
    company: Annotated[str | None, typer.Option(help="Your company's name.")] = None,
    sender: Annotated[
        str | None, typer.Option(help="Who the mails are from: 'Ada at Acme <ada@news.acme.com>'.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Yours and your sales team's, such as Europe/London.")] = None,
) -> None:
    """Write a workspace to begin with: an agreement, a campaign of four mails, sample leads."""
    files = write(folder, _own(company, sender, timezone))
    out.print(f"{len(files)} files written to {folder}", markup=False, soft_wrap=True)
    here = [] if folder.resolve() == Path.cwd() else [(f"cd {shlex.quote(str(folder))}", "")]
    steps = [
        *here,
        ("$EDITOR campaigns/agreement.yaml", "change what is marked CHANGE"),
        ("nurture check", "every mistake, with its line"),
        ("nurture preview --leads leads.csv", "the mails, as each lead sees them"),
        ("nurture simulate --leads leads.csv --weeks 12", "who gets what, when, in the weeks to come"),
    ]
    out.print("\nWhat to do next:\n")
    for command, why in steps:
        out.print(f"  {command:<47}{why}".rstrip(), markup=False, soft_wrap=True)
    out.print("\nThen deploy it: README.md says how.")


def _own(company: str | None, sender: str | None, timezone: str | None) -> Own:
    if company is not None and (not company.strip() or len(company) > _LONGEST or not company.isprintable()):
        raise UsageError(f"--company: a name has 1 to {_LONGEST} characters on one line")
    try:
        return Own(
            company=company and company.strip(),
            sender=parse_mailbox(sender) if sender is not None else None,
            timezone=parse_zone(timezone) if timezone is not None else None,
        )
    except Mistake as mistake:
        option = "--timezone" if mistake.topic == "zone" else "--sender"
        raise UsageError(f"{option}: {mistake}") from mistake
