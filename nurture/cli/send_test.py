"""`nurture send-test`: one mail, as a lead would get it, to an address of yours; nothing follows from it."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from nurture.app import real_clock, send_for
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, SettingsError, UsageError
from nurture.facts import PROFILE_FIELDS
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.local.web_address import mail_address
from nurture.mail.letters import Letters
from nurture.messages import Mail, Receipt
from nurture.settings import Settings, read_settings
from nurture.store import leads
from nurture.store.suppressions import suppressions_of
from nurture.workspace import Workspace, load_workspace

_ENDINGS = (".mjml", ".html", ".md")
_OF_NO_STEP = "test"
_SAID = {
    "sent": "sent to {to}, as step {step} of {campaign} sends it to {lead}; {server} said: {reply}",
    "refused": "not sent: {server} refused it: {reply}",
    "put_off": "not sent: {server} does not take it now: {reply}",
    "held": "not sent: {server} takes no mails at the moment: {reply}",
    "unknown": "nobody knows whether it was sent: {server} was given it, and did not answer: {reply}",
}


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a test mail is made with. `lead` holds the columns of the lead that it is made for."""

    settings: Settings
    workspace: Workspace
    letters: Letters
    lead: Mapping[str, Any]


def send_test(
    template: Annotated[str, typer.Argument(help="A file below `templates/`, such as `not-ready/roi`.")],
    to: Annotated[str, typer.Option(help="Who gets it.", show_default=False)],
    lead: Annotated[str | None, typer.Option(help="Made for this lead of the database.")] = None,
    sample: Annotated[str, typer.Option(help="Else for this made-up one, as `nurture preview` has them.")] = "complete",
    campaign: Annotated[str | None, typer.Option(help="As this campaign sends it; the first that does.")] = None,
    step: Annotated[str | None, typer.Option(help="As this step sends it; the first that does.")] = None,
    as_json: Json = False,
) -> None:
    """Send one mail as a lead would get it, to an address of yours. Nothing that is done with it counts."""
    logging.getLogger("nurture").addHandler(logging.NullHandler())  # what became of the mail is said here, once
    address = _address(to, "--to")
    with _desk(address, lead and _address(lead, "--lead"), sample) as desk:
        name = _template(desk.workspace, template)
        part_of = _part_of(desk.workspace, name, campaign, step)
        columns = {**desk.lead, **part_of, "template": name}
        mail = desk.letters.test(columns, address, real_clock())
        receipt = send_for(desk.settings, desk.workspace.agreement)(mail)
        made_for = columns["email"] if lead else f"a made-up lead ({sample})"
        _tell(receipt, mail, columns, desk.settings, None if as_json else made_for)


def _address(text: str, option: str) -> str:
    try:
        return parse_address(text)
    except Mistake as mistake:
        raise UsageError(f"{option}: {mistake}") from None


@contextmanager
def _desk(to: str, lead: str | None, sample: str) -> Iterator[_Desk]:
    """Open what is needed: no database for a made-up lead, where there is none that could forbid the address."""
    settings = read_settings(os.environ)
    if lead is None and settings.is_embedded and not (settings.data_dir / "postgres").is_dir():
        settings, workspace = _with_server(settings), load_workspace(settings.workspace)
        yield _Desk(settings, workspace, Letters(workspace, settings), _made_up(sample))
        return
    with opened_app() as app:
        with transaction(app.engine) as db:
            if banned := next((row for row in suppressions_of(db, to) if not row.topic), None):
                raise Conflict(f"{to} must not be mailed ({banned.reason}), not even as a test")
            lead_id = None if lead is None else leads.id_of(db, lead)
            columns = _made_up(sample) if lead_id is None else leads.columns_of(db, lead_id)
        if lead is not None and lead_id is None:
            raise NotFound(f"no lead has the address {lead}; leave --lead out for a made-up one")
        yield _Desk(_with_server(app.settings), app.workspace, app.letters, columns)


def _with_server(settings: Settings) -> Settings:
    """Settings that name a mail server: their own, or the mailbox of the `nurture up` that runs on the same data."""
    found = settings.mail_url or mail_address(settings.data_dir)
    if found is None:
        raise SettingsError(
            "MAIL_URL is not set: say smtp://user:password@host:587, or start `nurture up`, whose mailbox takes mails"
        )
    return replace(settings, mail_url=found)


def _made_up(sample: str) -> dict[str, Any]:
    from nurture.authoring.preview.samples import SAMPLES

    found = next((one for one in SAMPLES if one.id == sample), None)
    if found is None:
        raise UsageError(f"--sample: there is no {sample!r}; there are {', '.join(one.id for one in SAMPLES)}")
    person = found.person
    known = {"key": "test", "email": person.email, "attributes": person.attributes}
    life = {"stage": "nurture", "cycle": 1, "grade": "B", "tracked": True}
    return {**dict.fromkeys(PROFILE_FIELDS), **person.profile, **known, **life}


def _template(workspace: Workspace, asked: str) -> str:
    name = asked.removeprefix("./").removeprefix("templates/")
    name = next((name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)), name)
    if name in workspace.templates:
        return name
    near = get_close_matches(name, workspace.templates, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise NotFound(f"there is no templates/{name}{hint}")


def _part_of(workspace: Workspace, template: str, campaign: str | None, step: str | None) -> dict[str, str]:
    """Give the campaign and step whose mail it is: those asked for, else the first that send this template."""
    every = [(one.id, part) for one in workspace.campaigns.values() for part in one.steps]
    for option, asked, known in (
        ("--campaign", campaign, [one for one, _ in every]),
        ("--step", step, [part.id for one, part in every if campaign in (None, one)]),
    ):
        if asked is not None and asked not in known:
            raise NotFound(f"{option}: there is no {asked}; there are {', '.join(dict.fromkeys(known))}")
    asked_for = [(one, part) for one, part in every if campaign in (None, one) and step in (None, part.id)]
    sending = [(one, part) for one, part in asked_for if template in (part.template, *part.variants.values())]
    found = sending or (asked_for if campaign or step else [])
    if not found:
        return dict.fromkeys(("campaign", "step"), _OF_NO_STEP)
    return {"campaign": found[0][0], "step": found[0][1].id}


def _tell(receipt: Receipt, mail: Mail, columns: Mapping[str, Any], settings: Settings, made_for: str | None) -> None:
    """Say what became of it: for people with `made_for`, the lead in words; else as one JSON document."""
    made_of = {name: columns[name] for name in ("template", "campaign", "step")}
    if made_for is None:
        said = {"outcome": receipt.outcome, "to": mail.recipient, "reply": receipt.reply}
        print_json({**said, "message_id": mail.message_id, "lead": columns["email"], **made_of})
    else:
        reply = receipt.reply or "nothing"
        known = {**made_of, "to": mail.recipient, "lead": made_for, "server": _server(settings), "reply": reply}
        out.print(_SAID[receipt.outcome].format(**known), markup=False, soft_wrap=True)
    if receipt.outcome != "sent":
        raise typer.Exit(1)


def _server(settings: Settings) -> str:
    where = urlsplit(settings.mail_url or "")
    if where.scheme not in ("smtp", "smtps"):
        return where.scheme  # what stands behind it is a key
    return f"{where.hostname}:{where.port}" if where.port else str(where.hostname)
