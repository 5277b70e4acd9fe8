"""`nurture up`: everything on this machine, until told to stop."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from nurture.cli.printing import Json, out
from nurture.cli.stopping import needs_local, until_stopped

if TYPE_CHECKING:
    from nurture.local.up import Addresses

Port = Annotated[int, typer.Option(help="Of the web process; 0 takes any free one.", min=0, max=65535)]
Data = Annotated[Path | None, typer.Option(help="Where the data lie; NURTURE_DATA, or .nurture in the workspace.")]


def up(port: Port = 8000, data: Data = None, as_json: Json = False) -> None:
    """Run everything on this machine: servers, mailbox, web, worker, clock. Stops at Ctrl-C or SIGTERM."""
    with needs_local():
        from nurture.local.up import running
    environ = dict(os.environ) if data is None else {**os.environ, "NURTURE_DATA": str(data)}
    with until_stopped(), running(environ, port=port) as everything:
        if as_json:
            sys.stdout.write(orjson.dumps(asdict(everything.addresses)).decode() + "\n")
            sys.stdout.flush()
        else:
            title = "Nurture is up. Ctrl-C stops it; start it again after you have edited its files."
            print_addresses(everything.addresses, title)
        everything.wait()


def print_addresses(addresses: "Addresses", title: str) -> None:
    """Where everything is, for people."""
    out.print(f"[bold]{title}[/]\n")
    words = {"smtp": "SMTP", "write_key": "write key", "api_key": "API key"}
    for name, value in asdict(addresses).items():
        out.print(f"  {words.get(name, name):<10}", end="")
        out.print(value, markup=False, soft_wrap=True)
