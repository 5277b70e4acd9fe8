"""`nurture leads erase`, `export`, `consent`, `tracking`: what a person may ask of us."""

from datetime import datetime
from typing import Annotated

import typer

from nurture.cli.asking import ask
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, said
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.facts import BASES
from nurture.flows.consent import give_consent, locked, set_tracking, withdraw_consent
from nurture.flows.erase import Erased, erase, foresee_erasing
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.reports.export import export_lead
from nurture.sheets import cells

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The lead's address, or one that it had.")]
By = Annotated[str, typer.Option(help="Who says so; it is kept.")]


def erase_lead(
    email: Email,
    by: By = "operator",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person: the lead and all that is kept of it, by all its addresses (GDPR Article 17).

    Only a hash of each address is left, so that no import and no event brings it back. Nothing takes this back.
    """
    email = address(email)
    with opened_app() as app:
        told = foresee_erasing(app, email)
        if not as_json:
            _say(email, told)
        if told.stage is not None:
            ask("erase all of it?", yes)
        done = erase(app, email, by=by, now=app.now())
    if as_json:
        print_json({"email": email, "erased": True, "addresses": done.addresses, "removed": dict(done.removed)})
    else:
        out.print(f"{email} is erased", markup=False)


def export(email: Email) -> None:
    """Print all that is kept of a person as one JSON document (GDPR Articles 15 and 20)."""
    with opened_app() as app:
        document = export_lead(app, email, app.now())
    print_json(document)


def consent(
    email: Email,
    basis: Annotated[str | None, typer.Option(help=f"On what ground it may be mailed: {', '.join(BASES)}.")] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="It takes its consent back, and is unsubscribed.")
    ] = False,
    source: Annotated[str | None, typer.Option(help="Where that was said: a form, a fair, a contract.")] = None,
    wording: Annotated[str | None, typer.Option(help="What it agreed to, word by word.")] = None,
    at: Annotated[str | None, typer.Option(help="When, such as 2026-03-31; now, if absent.")] = None,
    by: By = "operator",
) -> None:
    """Note on what ground a lead may be mailed, or that it took its consent back."""
    if withdraw == (basis is not None):
        raise UsageError("say --basis BASIS, or --withdraw")
    email = email.strip().lower()
    with opened_app() as app:
        now = app.now()
        if basis is None:
            withdraw_consent(app, email, by=by, why=source or "", now=now)
            out.print(f"{email} took its consent back, and is unsubscribed", markup=False)
            return
        try:
            ground = cells.basis(basis)
            given_at = now if at is None else _past(at, app.agreement.company.timezone, now)
        except Mistake as mistake:
            raise UsageError(str(mistake)) from None
        give_consent(app, email, basis=ground, by=by, now=now, source=source, wording=wording, at=given_at)
    out.print(f"{email}: {ground}, noted by {by}", markup=False)


def tracking(
    email: Email,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Whether it may be observed.")] = None,
    by: By = "operator",
) -> None:
    """Say whether a lead may be observed: tracked links, the open pixel, views of pages."""
    if on is None:
        raise UsageError("say --on or --off")
    email = email.strip().lower()
    with opened_app() as app:
        with transaction(app.engine) as db:
            lead_id = locked(db, email)
        set_tracking(app, lead_id, on, how=f"said by {by}", by=by, now=app.now())
    out.print(f"{email} is {'' if on else 'not '}observed from now on", markup=False)


def address(email: str) -> str:
    """The address, in lower case.

    Raises:
        UsageError: It is none.
    """
    try:
        return parse_address(email)
    except Mistake as mistake:
        raise UsageError(f"{email}: {mistake}") from None


def _past(text: str, zone: str, now: datetime) -> datetime:
    at = cells.instant(text, zone)
    if at > now:
        raise UsageError(f"--at {text} lies in the future")
    return at


def _say(email: str, told: Erased) -> None:
    if told.erased_at is not None:
        out.print(f"{email} was erased on {said(told.erased_at)}", markup=False)
    if told.stage is None:
        return
    counts = ", ".join(f"{number} {kind}" for kind, number in told.removed.items() if number)
    out.print(f"{email}, {told.stage}, known by {told.addresses} address(es): {counts or 'no history'}", markup=False)
    if told.stage in ("mql", "sal", "sql"):
        out.print("sales has this lead; its open handoff goes too", markup=False)
