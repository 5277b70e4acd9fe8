"""A question before something that cannot be taken back."""

import os

import typer

from nurture.cli.printing import err


def ask(question: str, yes: bool) -> None:
    """Go on if a person says so, or has said `--yes`; else end the command."""
    if yes:
        return
    if not os.isatty(0):
        err.print(f"{question} nobody to ask here; add --yes", markup=False)
        raise typer.Exit(2)
    typer.confirm(question, abort=True)
