"""`nurture preview`: a local page with every mail, until told to stop."""

import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from sqlalchemy import Engine

from nurture.app import real_clock
from nurture.cli.opening import readable_errors, upgrade
from nurture.cli.printing import Json, out
from nurture.cli.stopping import needs_local, until_stopped
from nurture.db import make_engine, transaction
from nurture.errors import Problem
from nurture.facts import LeadState
from nurture.rules.book import Rulebook
from nurture.settings import Settings, read_settings
from nurture.store import leads
from nurture.store.states import states

if TYPE_CHECKING:
    from nurture.authoring.preview.leads import FindLead

Folder = Annotated[Path | None, typer.Argument(help="The workspace; NURTURE_WORKSPACE, or here.")]
Port = Annotated[int, typer.Option(help="Where the page is; 0 takes any free port.", min=0, max=65535)]
Host = Annotated[str, typer.Option(help="An address of this machine; no other is listened on.")]
Leads = Annotated[Path | None, typer.Option(help="A CSV of leads to look at mails with; read as `leads import` does.")]
Browse = Annotated[bool, typer.Option("--open/--no-browser", help="Open the page in a browser.")]


def preview(
    workspace: Folder = None,
    port: Port = 8025,
    leads: Leads = None,
    host: Host = "127.0.0.1",
    browse: Browse = False,
    as_json: Json = False,
) -> None:
    """Look at every mail for any lead, on a local page that follows the files as they are saved."""
    from nurture.authoring.preview.desk import Desk
    from nurture.authoring.preview.server import address, listen, serve

    settings = read_settings(os.environ)
    root = (workspace or settings.workspace).resolve()
    with until_stopped(), _finder(settings) as find:
        desk = Desk(root, now=real_clock, check=_problems, base_url=settings.base_url, leads=leads, find=find)
        listening = listen(host, port)
        url = address(listening)

        def ready() -> None:
            if as_json:
                sys.stdout.write(orjson.dumps({"url": url}).decode() + "\n")
                sys.stdout.flush()
            else:
                out.print(f"The preview is at {url}  (Ctrl-C stops it)", markup=False, soft_wrap=True)
            if browse:
                webbrowser.open(url)

        serve(desk, listening, ready)


def _problems(root: Path) -> list[Problem]:
    from nurture.authoring.check import check

    return check(workspace=root)


@contextmanager
def _finder(settings: Settings) -> "Iterator[FindLead | None]":
    """Looks leads up in the database that there is; the embedded servers are started when first asked for one."""
    if settings.is_embedded and not (settings.data_dir / "postgres").is_dir():
        yield None
        return
    with ExitStack() as stack:
        yield _Finder(settings, stack)


class _Finder:
    """Asks the database, and begins to at the first question: most previews never do."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings, self._stack = settings, stack
        self._lock = Lock()
        self._engine: Engine | None = None

    def __call__(self, email: str, book: Rulebook, now: datetime) -> LeadState | None:
        with readable_errors(), transaction(self._open()) as db:
            lead_id = leads.id_of(db, email)
            return None if lead_id is None else states(db, book, [lead_id], now)[0]

    def _open(self) -> Engine:
        with self._lock:
            if self._engine is None:
                settings = self._settings
                if settings.is_embedded:
                    with needs_local():
                        from nurture.local.servers import local_servers

                    servers = self._stack.enter_context(local_servers(settings.data_dir))
                    settings = settings.on_servers(servers.database_url, servers.redis_url)
                    upgrade(settings)
                self._engine = make_engine(settings.database_url or "", pool_size=2)
                self._stack.callback(self._engine.dispose)
            return self._engine
