"""`nurture notices …`: what sales was told, by which channel, what failed and why."""

from typing import Annotated, Literal

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.flows.retry_notices import retry_notices
from nurture.store import notices as store

State = Literal["queued", "leased", "sent", "failed", "cancelled"]

notices = typer.Typer(help="News for sales: what was told, what failed and why.", no_args_is_help=True)

_SHOWN = (
    "id", "kind", "lead", "handoff", "channel", "recipient", "state", "tries", "at", "next_at", "sent_at", "reason",
    "about",
)  # fmt: skip
_COLUMNS = ("id", "kind", "lead", "channel", "recipient", "state", "tries", "at", "reason")


@notices.command("list")
def list_(
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed for good.")] = False,
    state: Annotated[State | None, typer.Option(help="Only these, such as `queued`.")] = None,
    handoff: Annotated[int | None, typer.Option(help="Only those about this handoff.")] = None,
    most: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
    as_json: Json = False,
) -> None:
    """List news, newest first."""
    if failed and state not in (None, "failed"):
        raise UsageError(f"--failed and --state {state} exclude each other")
    wanted = "failed" if failed else state
    with opened_app() as app, transaction(app.engine) as db:
        found = store.listed(db, state=wanted, handoff_id=handoff, most=most)
        rows = [{name: getattr(row, name) for name in _SHOWN} for row in found]
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


@notices.command("retry")
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[NOTICE]...", help="Its number; or several.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed for good.")] = False,
) -> None:
    """Tell again what failed, once you have mended why."""
    if bool(numbers) is failed:
        raise UsageError("name the notices to tell again, or say --failed for all that failed")
    with opened_app() as app:
        count = retry_notices(app, None if failed else numbers, now=app.now())
    out.print(f"{count} {'notice is' if count == 1 else 'notices are'} queued again")
