"""`nurture deliveries …`: what was sent, to whom, in what state; settle what is unknown."""

from typing import Annotated, Any, Literal

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table
from nurture.cli.sending import sending
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.flows.resolve import resolve as settle
from nurture.reports import came_back
from nurture.store import deliveries as store

deliveries = typer.Typer(help="Mails to leads, and what became of them.", no_args_is_help=True)
deliveries.command("sending")(sending)

_SHOWN = ("id", "lead", "campaign", "step", "cycle", "state", "message_id", "queued_at", "sent_at", "reason")
_MORE = (*_SHOWN, "variant", "template", "local_on", "slot_at", "slot_until", "sending_at", "tries")


@deliveries.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only these, such as `unknown`.")] = None,
    lead: Annotated[str | None, typer.Option(help="Only this lead's.")] = None,
    most: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first."""
    with opened_app() as app, transaction(app.engine) as db:
        rows = [_dict(row, _SHOWN) for row in store.listed(db, state=state, email=lead and lead.lower(), most=most)]
    if as_json:
        print_json(rows)
    else:
        columns = ("id", "lead", "campaign", "step", "cycle", "state", "sent_at", "reason")
        print_table(columns, [[row[name] for name in columns] for row in rows])


@deliveries.command("show")
def show(delivery: Annotated[int, typer.Argument(help="Its number.")], as_json: Json = False) -> None:
    """Show one with all its times, and all that was reported on it."""
    with opened_app() as app, transaction(app.engine) as db:
        row = store.one(db, delivery)
        reports = came_back.of_deliveries(db, [delivery]).get(delivery, [])
    if row is None:
        raise NotFound(f"no delivery {delivery}")
    outcome = came_back.became(reports)
    if as_json:
        print_json({**_dict(row, _MORE), "became": outcome, "reports": reports})
        return
    print_table(("", ""), [*_dict(row, _MORE).items(), ("became", came_back.in_words(outcome))])
    if reports:
        columns = ("at", "provider", "type", "severity", "reject_reason", "recipient", "said")
        print_table(columns, [[one[name] for name in columns] for one in reports], title="reported")


@deliveries.command("resolve")
def resolve(
    numbers: Annotated[list[int], typer.Argument(metavar="DELIVERY...", help="Its number; or several.")],
    as_state: Annotated[Literal["sent", "failed"], typer.Option("--as", help="What you found out.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "operator",
) -> None:
    """Settle unknown mails: they were sent, or they were not and their steps may come again."""
    with opened_app() as app:
        for number in numbers:
            settle(app, number, as_state=as_state, by=by, now=app.now())
            out.print(f"delivery {number} is {as_state}")


def _dict(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
