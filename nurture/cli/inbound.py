"""`nurture inbound`: take in one mail from a pipe, as Postfix, Exim and their like hand them over."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from nurture.app import real_clock
from nurture.cli.opening import opened_app
from nurture.cli.printing import err, out, print_json
from nurture.errors import NurtureError
from nurture.flows.take_mail import take_mail
from nurture.inbound import summary

LARGEST = 25_000_000
"""Octets of a mail that are read; of a larger one only its beginning."""

TRY_AGAIN = 75
"""What a mail server takes for "keep it and try again": `EX_TEMPFAIL` of sysexits.h."""


def inbound(
    from_file: Annotated[Path | None, typer.Option(help="A file with the mail; else standard input.")] = None,
    recipient: Annotated[str | None, typer.Option(help="The address that it was delivered to.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say, as JSON, how it is read.")] = False,
) -> None:
    """Take in a mail: a reply, an absence, a bounce, a complaint. Exit status 75 asks the mail server to try again."""
    try:
        if from_file is None:
            raw = sys.stdin.buffer.read(LARGEST)
        else:
            with from_file.open("rb") as file:
                raw = file.read(LARGEST)
    except OSError as error:
        err.print(f"nurture: {from_file}: cannot be read ({error.strerror})", markup=False, soft_wrap=True)
        raise typer.Exit(TRY_AGAIN) from error
    if dry_run:
        print_json(summary(raw, real_clock().date()))
        return
    envelope_to = recipient or os.environ.get("ORIGINAL_RECIPIENT") or os.environ.get("RECIPIENT")
    try:
        with opened_app() as app:
            kind = take_mail(app, raw, envelope_to=envelope_to, source="pipe", now=app.now())
    except (NurtureError, OperationalError) as error:
        said = str(error) if isinstance(error, NurtureError) else "the database is away"
        err.print(f"nurture: {said}", markup=False, soft_wrap=True)
        raise typer.Exit(TRY_AGAIN) from error
    out.print(kind)
