"""`nurture crm …`: how the connections to CRMs stand, whether they can work, and to bring them in step now."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from nurture.app import App
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table, said
from nurture.crm import CONNECTORS
from nurture.db import transaction
from nurture.errors import CrmAway, UsageError
from nurture.flows.push_to_crm import Pushed, push
from nurture.flows.read_crm import Read, read_crm
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.crm import crm_status
from nurture.store import crm as store
from nurture.store import crm_outbox

crm = typer.Typer(help="HubSpot and Salesforce: told what is new, read for what reps did.", no_args_is_help=True)

Which = Annotated[str | None, typer.Argument(help="hubspot or salesforce; both where absent.")]


@crm.command("status")
def status(as_json: Json = False) -> None:
    """Show what is connected, what waits, when it was told and read last, and what nobody understood."""
    with opened_app() as app:
        shown = crm_status(app)
    if as_json:
        print_json(shown)
        return
    if not shown:
        out.print("no CRM is connected: set HUBSPOT_TOKEN, or SALESFORCE_URL and its key and secret (docs/crm.md)")
    for one in shown:
        _print_status(one)


@crm.command("check")
def check(which: Which = None, as_json: Json = False) -> None:
    """Log in, and see whether rights and fields are there; says what to create. Exit status 1 where something lacks."""
    found: list[dict[str, str]] = []
    with opened_app() as app:
        for channel in _chosen(app, which):
            found += list(_looked(app, channel))
    if as_json:
        print_json(found)
    else:
        print_table(("CRM", "what", "found", "do"), [[one[k] for k in ("crm", "what", "found", "do")] for one in found])
    if any(one["do"] for one in found):
        raise typer.Exit(1)


@crm.command("sync")
def sync(
    which: Which = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Tell of every lead anew, not only of those that changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell all that waits, and read, now; also a CRM that rests. Exit status 1 where one does not let us in."""
    with opened_app() as app:
        done = [{"crm": channel, **_synced(app, channel, everything=all_)} for channel in _chosen(app, which)]
    if as_json:
        print_json(done)
    else:
        for one in done:
            _print_synced(one)
    if any(one["away"] for one in done):
        raise typer.Exit(1)


def _chosen(app: App, which: str | None) -> list[str]:
    if which is None:
        if not app.crm:
            raise UsageError("no CRM is connected: set HUBSPOT_TOKEN, or SALESFORCE_URL and its key and secret")
        return list(app.crm)
    if which not in CONNECTORS:
        hint = did_you_mean(which, CONNECTORS)
        raise UsageError(f"no CRM {which!r}; there are {', '.join(CONNECTORS)}{f' ({hint})' if hint else ''}")
    if which not in app.crm:
        raise UsageError(f"{which} is not connected: its variables are not set (docs/crm.md)")
    return [which]


def _looked(app: App, channel: str) -> Iterator[dict[str, str]]:
    try:
        for one in app.crm[channel].look():
            yield {"crm": channel, "what": one.what, "found": one.found, "do": one.do}
    except CrmAway as error:
        yield {"crm": channel, "what": "answer", "found": str(error), "do": "try again later"}


def _synced(app: App, channel: str, *, everything: bool) -> dict[str, Any]:
    with transaction(app.engine) as db:
        store.let_go_on(db, channel)
        if everything:
            store.forget_digests(db, channel)
            crm_outbox.queue_all(db, channel, app.now())
    read = read_crm(app, channel, app.now())
    told = Pushed()
    while read.away is None:
        batch = push(app, channel, app.now())
        told = _sum(told, batch)
        if not batch.more or batch.away:
            break
    return {**_plain(told), **_plain(read), "away": told.away or read.away}


def _sum(one: Pushed, other: Pushed) -> Pushed:
    names = ("written", "unchanged", "cancelled", "put_off", "failed")
    return Pushed(**{name: getattr(one, name) + getattr(other, name) for name in names}, away=other.away)


def _plain(value: Pushed | Read) -> dict[str, Any]:
    names = {
        Pushed: ("written", "unchanged", "cancelled", "put_off", "failed"),
        Read: ("records", "applied", "nothing", "conflict", "unclear"),
    }
    return {name: getattr(value, name) for name in names[type(value)]}


def _print_status(one: dict[str, Any]) -> None:
    waits = ", ".join(f"{n} {state}" for state, n in one["outbox"].items() if n) or "nothing yet"
    answers = ", ".join(f"{n} {outcome}" for outcome, n in one["answers"].items() if n) or "none yet"
    out.print(f"{one['name']}: {one['records']} records are leads of ours", markup=False)
    out.print(f"  told last: {said(one['pushed_at'])}; outbox: {waits}", markup=False)
    out.print(f"  read last: {said(one['read_at'])}; answers: {answers}", markup=False)
    if one["error"]:
        until = f"; it rests until {said(one['held_until'])}" if one["held_until"] else ""
        out.print(f"  trouble since {said(one['error_at'])}: {one['error']}{until}", markup=False, soft_wrap=True)
    if one["unclear"]:
        print_table(
            ("record", "when", "who", "set", "not understood"),
            [[row[k] for k in ("record_id", "at", "by", "words", "said")] for row in one["unclear"]],
        )


def _print_synced(one: dict[str, Any]) -> None:
    told = (
        f"{one['written']} written, {one['unchanged']} unchanged, {one['cancelled']} not told of, "
        f"{one['put_off']} put off, {one['failed']} given up"
    )
    read = (
        f"{one['records']} records read: {one['applied']} answers applied, {one['conflict']} too late, "
        f"{one['unclear']} not understood"
    )
    out.print(f"{one['crm']}: {told}; {read}", markup=False, soft_wrap=True)
    if one["away"]:
        out.print(f"  {one['away']}", markup=False, soft_wrap=True)
