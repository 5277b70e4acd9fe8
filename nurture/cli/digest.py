"""`nurture digest`: what the weekly letter to sales or marketing would say now."""

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from nurture.app import App
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.flows.send_digest import AUDIENCES, Audience
from nurture.flows.tell import digest_people
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.messages import Notice
from nurture.notifiers import digest as letters
from nurture.notifiers import email
from nurture.reports.digest import figures
from nurture.rules.digest import Issue, issue_after, issue_due


def digest(
    to: Annotated[Audience | None, typer.Option(help="Only the letter for these; both where absent.")] = None,
    send: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Mail it there now, as a sample.")] = None,
    as_json: Json = False,
) -> None:
    """Show the weekly digest of the last seven days that it tells of; nothing is sent unless you say so."""
    recipient = None if send is None else _address(send)
    with opened_app() as app:
        issue = _issue(app)
        told = figures(app, issue, app.now())
        made = {audience: _made(app, told, audience) for audience in ((to,) if to else AUDIENCES)}
        for audience, data in made.items():
            if recipient is not None:
                _mail(app, audience, data, recipient)
        if as_json:
            print_json(made[to] if to else made)
        else:
            _show(app, made, recipient)


def _address(said: str) -> str:
    try:
        return parse_address(said)
    except Mistake as mistake:
        raise UsageError(f"--send: {mistake.message}") from None


def _issue(app: App) -> Issue:
    issue = issue_due(app.agreement, app.now())
    if issue is None:
        raise UsageError(
            'the agreement has no digest; add such as `digest: {day: mon, at: "08:00", sales: [you@acme.example]}`'
        )
    return issue


def _made(app: App, told: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    with transaction(app.engine) as db:
        return digest_people(db, app, {"audience": audience, **told}, app.now())


def _mail(app: App, audience: str, data: dict[str, Any], recipient: str) -> None:
    words = letters.words(data, ZoneInfo(app.agreement.sla.hours.timezone))
    notice = Notice(f"digest_sample_{audience}_{data['week']}", f"digest.{audience}", app.now(), recipient, words)
    email.build(app.settings, app.agreement, app.send).notify(notice)


def _show(app: App, made: dict[Audience, dict[str, Any]], recipient: str | None) -> None:
    zone = ZoneInfo(app.agreement.sla.hours.timezone)
    for data in made.values():
        out.print(letters.plain(data, zone), markup=False, highlight=False, soft_wrap=True)
    following = issue_after(app.agreement, app.now())
    if recipient is not None:
        out.print(f"sent to {recipient}", markup=False)
    if following is not None:
        at = following.due_at.astimezone(zone)
        out.print(f"the next one, {following.week}, goes on {at:%a %d %b %Y at %H:%M %Z}", markup=False, soft_wrap=True)
