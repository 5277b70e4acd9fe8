"""The PaaS processes, and the release step before them."""

import os
import signal
import subprocess
import sys
import time
from typing import Annotated

import typer

from nurture.app import open_app
from nurture.cli.opening import opened_app, opened_settings, upgrade
from nurture.cli.printing import Json, err, print_json
from nurture.errors import DatabaseNotReady
from nurture.mailers import build_mailer
from nurture.settings import read_settings

LOOK_EVERY, SAY_EVERY = 1.0, 60.0
"""Seconds between two looks for a database that is not ready, and between two lines about it."""

database = typer.Typer(help="The database.", no_args_is_help=True)

FINISH_MS = "18000"
"""So long a worker lets running jobs finish; `workers.stopping` says why."""


@database.command("upgrade")
def upgrade_command(as_json: Json = False) -> None:
    """Bring the database to the newest schema. Idempotent, and safe to run twice at once."""
    with opened_settings() as settings:
        before, after = upgrade(settings)
    if as_json:
        print_json({"before": before, "after": after})
    else:
        typer.echo(f"the database is at {after}" + ("" if before == after else f" (was at {before or 'nothing'})"))


def web() -> None:
    """Serve HTTP on PORT: events, tracked links, unsubscribe, the rep's page."""
    _become(sys.executable, "-m", "workers.web", waits=False)


def worker(
    processes: Annotated[int | None, typer.Option(help="Processes; WEB_CONCURRENCY where it is set, else 1.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of each process.")] = 4,
) -> None:
    """Work off what is due: decide, send, judge, tell sales."""
    settings = read_settings(os.environ)
    if not settings.is_embedded:
        settings.require("MAIL_URL", "BASE_URL")
    if settings.mail_url:
        build_mailer(settings.mail_url)  # what is wrong behind its `?` is said here, not at the first mail
    count = processes or settings.web_concurrency
    _become(
        sys.executable, "-m", "dramatiq", "workers.actors", "--processes", str(count), "--threads", str(threads),
        "--worker-shutdown-timeout", FINISH_MS, "--skip-logging",
    )  # fmt: skip


def clock() -> None:
    """Say every few seconds what there is to do. One is enough; two are harmless."""
    _become(sys.executable, "-m", "workers.clock")


def _become(*command: str, waits: bool = True) -> None:
    """Run a process with the servers' addresses in its environment: in our place, or below us if servers are embedded.

    Embedded servers run while somebody uses them, so this process stays, as long as the one below it does.

    Args:
        command: the process.
        waits: for a database that is ready; else it must do without one for a while.
    """
    settings = read_settings(os.environ)
    if not settings.is_embedded:
        if waits:
            _wait_for_database()
        else:
            with open_app(settings):
                pass  # what is wrong with the files is said here, in one line; what with the database, at /readyz
        os.execv(command[0], command)  # noqa: S606 - ourselves
    with opened_app() as app:
        found = app.settings
        addresses = {"DATABASE_URL": found.database_url or "", "REDIS_URL": found.redis_url or ""}
        below = subprocess.Popen(command, env={**os.environ, **addresses, "SECRET_KEY": settings.secret_key})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda sent, _: below.send_signal(sent))
        status = below.wait()
    raise typer.Exit(max(status, 0))


def _wait_for_database() -> None:
    """Until it can be reached and is upgraded. It is said once what is lacking, and every minute while it is.

    To end instead would be a crash to a platform, and after a few of these it waits for hours before it starts us.

    Raises:
        WorkspaceError: The files have problems.
        DatabaseNotReady: A newer version than this one has upgraded it, which will not pass.
    """
    said, said_at = "", 0.0
    while True:
        try:
            with opened_app():
                return
        except DatabaseNotReady as error:
            if error.for_good:
                raise
            if str(error) != said or time.monotonic() - said_at > SAY_EVERY:
                said, said_at = str(error), time.monotonic()
                err.print(f"nurture: {said} (waiting)", markup=False, soft_wrap=True)
        time.sleep(LOOK_EVERY)
