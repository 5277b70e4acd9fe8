"""`nurture handoffs …`: what sales was offered, and its answers by hand."""

from typing import Annotated, Any, Literal

import typer

from nurture.app import App
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.facts import MICRO
from nurture.flows import follow_up
from nurture.flows.packet_of import packet_of
from nurture.flows.tell import handoff_url
from nurture.store import handoffs as store

handoffs = typer.Typer(help="Leads offered to sales.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="The handoff's number.")]
By = Annotated[str, typer.Option(help="Who says so.")]
Note = Annotated[str, typer.Option(help="In your own words.")]


@handoffs.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only these, such as `offered`.")] = None,
    lead: Annotated[str | None, typer.Option(help="Only this lead's.")] = None,
    as_json: Json = False,
) -> None:
    """List handoffs, newest first."""
    with opened_app() as app, transaction(app.engine) as db:
        rows = store.listed(db, state=state, email=lead and lead.lower())
        listed = [_listed(app, row) for row in rows]
    if as_json:
        print_json(listed)
        return
    print_table(
        ("id", "lead", "state", "cycle", "grade", "score", "owner", "offered"),
        [[h[k] for k in ("id", "lead", "state", "cycle", "grade", "score", "owner", "offered_at")] for h in listed],
    )


@handoffs.command("show")
def show(handoff: Id, as_json: Json = False) -> None:
    """Show one with its evidence: who, why now, the score's rows, what the lead did."""
    with opened_app() as app, transaction(app.engine) as db:
        row = store.one(db, handoff)
        if row is None:
            raise NotFound(f"no handoff {handoff}")
        packet = packet_of(db, app, handoff, app.now()) or {}
        shown: dict[str, Any] = {**_listed(app, row), **packet, "lead": row.email}
    if as_json:
        print_json(shown)
        return
    out.print(f"handoff {handoff}: {shown['lead']}, {shown['state']}, owner {shown['owner']}", markup=False)
    out.print(f"why now: {shown['why_now']}", markup=False)
    print_table(
        ("signal", "day", "counted", "worth"),
        [[r[k] for k in ("signal", "day", "counted", "worth")] for r in shown["rows"]],
    )
    print_table(("last", "what", "times"), [[did["at"], did["what"], did["times"]] for did in shown["timeline"]])
    out.print(f"answer it at {shown['url']}", markup=False, soft_wrap=True)


@handoffs.command("accept")
def accept(handoff: Id, by: By) -> None:
    """Take the lead; whoever accepts owns it."""
    with opened_app() as app:
        follow_up.accept(app, handoff, by=by, now=app.now())


@handoffs.command("reject")
def reject(
    handoff: Id, reason: Annotated[str, typer.Option(help="A reason of the agreement.")], by: By, note: Note = ""
) -> None:
    """Refuse the lead; the reason picks the next track."""
    with opened_app() as app:
        follow_up.reject(app, handoff, reason=reason, note=note, by=by, now=app.now())


@handoffs.command("attempt")
def attempt(
    handoff: Id,
    kind: Annotated[Literal["call", "mail", "meeting"], typer.Option(help="How.")],
    outcome: Annotated[Literal["reached", "not_reached"], typer.Option(help="Whether the lead was reached.")],
    by: By,
    note: Note = "",
) -> None:
    """Log that sales tried to reach the lead."""
    with opened_app() as app:
        follow_up.attempt(app, handoff, kind=kind, outcome=outcome, note=note, by=by, now=app.now())


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


def _listed(app: App, row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "lead": row.email, "state": row.state, "cycle": row.cycle, "grade": row.grade,
        "score": row.score_micro / MICRO, "owner": row.owner, "offered_at": row.offered_at,
        "accept_due_at": row.accept_due_at, "attempt_due_at": row.attempt_due_at, "attempts": row.attempts,
        "reason": row.reason, "note": row.note, "because": row.because,
        "url": handoff_url(app, row.id, app.now(), version=row.link_version),
    }  # fmt: skip
