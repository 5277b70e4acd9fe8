"""`nurture api-keys …`: who may call the API."""

from typing import Annotated

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json, print_table
from nurture.db import transaction
from nurture.flows.issue_key import issue_key, revoke_key
from nurture.store import api_keys as store

api_keys = typer.Typer(help="Keys for programs that call the API, such as a CRM.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who calls with it: a word such as `hubspot`. Stands as who did what.")]


@api_keys.command("create")
def create(
    name: Name,
    read_only: Annotated[bool, typer.Option("--read-only", help="It may look, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key and show it, once: only its hash is kept."""
    with opened_app() as app:
        key = issue_key(app, name, read_only=read_only, now=app.now())
    if as_json:
        print_json({"name": name, "read_only": read_only, "key": key})
        return
    out.print(key, markup=False, soft_wrap=True)
    err.print("Keep it well: it is not shown again. Programs send it as `Authorization: Bearer KEY`.", markup=False)


@api_keys.command("list")
def list_(as_json: Json = False) -> None:
    """List the keys that there are and were: what each may, and when it was used last (to the hour)."""
    with opened_app() as app, transaction(app.engine) as db:
        listed = [
            {"name": name, "from": "environment", "ends_in": None, "read_only": False, "created_at": None,
             "last_used_at": None, "revoked_at": None}
            for name in app.settings.api_keys.values()
        ]  # fmt: skip
        listed += [
            {"name": row.name, "from": "database", "ends_in": row.hint, "read_only": row.read_only,
             "created_at": row.created_at, "last_used_at": row.last_used_at, "revoked_at": row.revoked_at}
            for row in store.everyone(db)
        ]  # fmt: skip
    if as_json:
        print_json(listed)
        return
    print_table(
        ("name", "from", "ends in", "may", "created", "last used", "revoked"),
        [
            [one["name"], one["from"], one["ends_in"], "look" if one["read_only"] else "everything",
             one["created_at"], one["last_used_at"], one["revoked_at"]]
            for one in listed
        ],
    )  # fmt: skip


@api_keys.command("revoke")
def revoke(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """Let a key be good no more, within ten seconds."""
    with opened_app() as app:
        revoke_key(app, name, now=app.now())
    out.print(f"the key {name} is revoked", markup=False)
