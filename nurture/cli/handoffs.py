"""`nurture handoffs …`: what sales was offered, and its answers by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from sqlalchemy import Row

from nurture.app import App
from nurture.cli.import_handoffs import import_
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table, said
from nurture.db import transaction
from nurture.errors import NotFound, UsageError
from nurture.facts import HANDOFF_STATES, MICRO, OPEN_HANDOFF
from nurture.flows import follow_up
from nurture.flows.packet_of import packet_of
from nurture.flows.revoke_links import revoke_links as revoke_links_
from nurture.flows.tell import handoff_url
from nurture.grammar.mistakes import did_you_mean
from nurture.rules.assignment import whom
from nurture.sheets import dates
from nurture.store import handoff_changes, promises
from nurture.store import handoffs as store

handoffs = typer.Typer(help="Leads offered to sales.", no_args_is_help=True)
handoffs.command("import")(import_)

Id = Annotated[int, typer.Argument(metavar="ID", help="The handoff's number.")]
By = Annotated[str, typer.Option(help="Who says so: an address, or a name.")]
Note = Annotated[str, typer.Option(help="In your own words.")]


@handoffs.command("list")
def list_(
    state: Annotated[
        str | None, typer.Option(help="Only these, such as `offered`; `open`: all that are not closed.")
    ] = None,
    lead: Annotated[str | None, typer.Option(metavar="EMAIL", help="Only this lead's.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only this rep's: an address, or a name.")] = None,
    late: Annotated[bool, typer.Option("--late", help="Only those on which sales is late.")] = False,
    origin: Annotated[
        Literal["nurture", "imported"] | None, typer.Option(help="Only those offered here, or imported.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 1000,
    as_json: Json = False,
) -> None:
    """List handoffs, newest first."""
    if state is not None and state not in (*HANDOFF_STATES, "open"):
        near = did_you_mean(state, (*HANDOFF_STATES, "open")) or f"there are {', '.join(HANDOFF_STATES)}, and open"
        raise UsageError(f"--state: no state {state!r} ({near})")
    with opened_app() as app, transaction(app.engine) as db:
        now, agreement = app.now(), app.book.agreement
        broken = promises.late(db, agreement.sla, now) if late else None
        rep = None if owner is None else whom(agreement, owner) or owner.strip()
        rows = store.listed(
            db, state=state, email=lead and lead.strip().lower(), owner=rep, origin=origin, ids=broken, most=limit
        )
        listed = [_listed(app, row, now) for row in rows]
    if broken is not None:
        for one in listed:
            one["late"] = [{"promise": pledge.promise, "due_at": pledge.due_at(agreement.sla)}
                           for pledge in broken[one["id"]]]  # fmt: skip
    if as_json:
        print_json(listed)
        return
    names = ("id", "lead", "state", "cycle", "grade", "score", "owner", "offered_at")
    print_table(
        (*(name.removesuffix("_at") for name in names), *(["late with"] if late else ())),
        [[*(one[name] for name in names), *([_late_with(one["late"])] if late else ())] for one in listed],
    )


@handoffs.command("show")
def show(handoff: Id, as_json: Json = False) -> None:
    """Show one with its evidence: who, why now, the score's rows, what the lead did, what sales did since."""
    with opened_app() as app, transaction(app.engine) as db:
        now = app.now()
        row = store.one(db, handoff)
        if row is None:
            raise NotFound(f"no handoff {handoff}")
        packet = packet_of(db, app, handoff, now) or {}
        shown: dict[str, Any] = {**_listed(app, row, now), **packet, "lead": row.email}
        shown["tried"] = [_row(one, "at", "kind", "outcome", "by", "note") for one in store.attempts(db, handoff)]
        changes = handoff_changes.of_handoff(db, handoff)
        shown["changes"] = [_row(one, "at", "what", "by", "owner", "reason", "note", "details") for one in changes]
    if as_json:
        print_json(shown)
    else:
        _show(shown)


@handoffs.command("accept")
def accept(handoff: Id, by: By) -> None:
    """Take the lead; whoever accepts owns it."""
    with opened_app() as app:
        follow_up.accept(app, handoff, by=by, now=app.now())
    out.print(f"handoff {handoff} is accepted", markup=False)


@handoffs.command("reject")
def reject(
    handoff: Id, reason: Annotated[str, typer.Option(help="A reason of the agreement.")], by: By, note: Note = ""
) -> None:
    """Refuse the lead; the reason picks the next track."""
    with opened_app() as app:
        follow_up.reject(app, handoff, reason=reason, note=note, by=by, now=app.now())
    out.print(f"handoff {handoff} is rejected: {reason}", markup=False)


@handoffs.command("attempt")
def attempt(
    handoff: Id,
    kind: Annotated[Literal["call", "mail", "meeting"], typer.Option(help="How.")],
    outcome: Annotated[Literal["reached", "not_reached"], typer.Option(help="Whether the lead was reached.")],
    by: By,
    note: Note = "",
    at: Annotated[
        str | None, typer.Option(help="When it was, if not just now: `2026-02-03 14:05`, in the time zone of sales.")
    ] = None,
) -> None:
    """Log that sales tried to reach the lead; whoever tries has accepted it."""
    with opened_app() as app:
        when = None if at is None else _when(app, at)
        follow_up.attempt(app, handoff, kind=kind, outcome=outcome, note=note, by=by, now=app.now(), at=when)
    out.print(f"logged for handoff {handoff}", markup=False)


@handoffs.command("contacted")
def contacted(handoff: Id, by: By, note: Note = "") -> None:
    """Say that somebody has spoken to the lead, however that came about."""
    with opened_app() as app:
        follow_up.outcome(app, handoff, state="contacted", reason=None, note=note, by=by, now=app.now())
    out.print(f"handoff {handoff}: the lead was reached", markup=False)


@handoffs.command("close")
def close(
    handoff: Id,
    state: Annotated[Literal["qualified", "won", "lost"], typer.Argument(help="What became of it.")],
    by: By,
    reason: Annotated[str | None, typer.Option(help="For `lost`: a reason of the agreement.")] = None,
    note: Note = "",
) -> None:
    """Say that the lead is a real opportunity (qualified), won or lost."""
    with opened_app() as app:
        follow_up.outcome(app, handoff, state=state, reason=reason, note=note, by=by, now=app.now())
    out.print(f"handoff {handoff} is {state}", markup=False)


@handoffs.command("revoke-links")
def revoke_links(handoff: Id, by: By = "operator") -> None:
    """Let no link to this handoff that is out open its page any more; prints a new one."""
    with opened_app() as app:
        url = revoke_links_(app, handoff, by=by, now=app.now())
    out.print(url, markup=False, soft_wrap=True)


def _listed(app: App, row: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "id": row.id, "lead": row.email, "state": row.state, "cycle": row.cycle, "grade": row.grade,
        "score": row.score_micro / MICRO, "owner": row.owner, "offered_at": row.offered_at,
        "accept_due_at": row.accept_due_at, "attempt_due_at": row.attempt_due_at,
        "attempts_due_at": row.attempts_due_at, "outcome_due_at": row.outcome_due_at, "attempts": row.attempts,
        "hand_raise": row.hand_raise, "accepted_at": row.accepted_at, "contacted_at": row.contacted_at,
        "qualified_at": row.qualified_at, "closed_at": row.closed_at, "answered_by": row.answered_by,
        "reason": row.reason, "note": row.note, "because": row.because, "origin": row.origin,
        "external_id": row.external_id, "value": None if row.value is None else float(row.value),
        "url": handoff_url(app, row.id, now, version=row.link_version),
    }  # fmt: skip


def _row(row: Row[Any], *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _late_with(pledges: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{pledge['promise'].replace('_', ' ')} since {said(pledge['due_at'])}" for pledge in pledges)


def _show(shown: dict[str, Any]) -> None:
    out.print(f"handoff {shown['id']}: {shown['lead']}, {shown['state']}, owner {shown['owner']}", markup=False)
    out.print(f"why now: {shown['why_now']}", markup=False, soft_wrap=True)
    names = ("signal", "day", "counted", "worth")
    if shown["rows"]:
        print_table(names, [[row[name] for name in names] for row in shown["rows"]])
    did = [[datetime.fromisoformat(one["at"]), one["what"], one["times"]] for one in shown["timeline"]]
    if did:
        print_table(("last", "what", "times"), did)
    log = ("at", "what", "by", "owner", "reason", "note")
    print_table(log, [[change[name] or None for name in log] for change in shown["changes"]])
    page = "answer it at" if shown["state"] in OPEN_HANDOFF else "see it at"
    out.print(f"{page} {shown['url']}", markup=False, soft_wrap=True)


def _when(app: App, text: str) -> datetime:
    try:
        return dates.instant(text, app.agreement.sla.hours.timezone, None)
    except ValueError as mistake:
        raise UsageError(f"--at: {mistake}") from None
