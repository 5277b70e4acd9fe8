"""Everything on this machine: the servers, a mailbox, and the real processes with the environment they need."""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from nurture.db import make_engine
from nurture.errors import LocalServerError
from nurture.local import mailbox
from nurture.local.mailbox_files import MailboxFiles
from nurture.local.postman import local_inbound_address, postman
from nurture.local.processes import Child, Children, children, search_path
from nurture.local.server import LOOPBACK, free_port
from nurture.local.servers import LocalServers, local_servers
from nurture.local.web_address import left_beside
from nurture.private import kept_secret, make_data_directory
from nurture.settings import SECRETS, Settings, read_settings
from nurture.store.migrate import upgrade
from nurture.workspace import load_workspace

READY_WITHIN = 90.0
GLANCE = 0.05
THREADS = 4

PROCESSES: Mapping[str, tuple[str, ...]] = {
    "web": (sys.executable, "-m", "workers.web"),
    "worker": (
        sys.executable, "-m", "dramatiq", "workers.actors", "--processes", "1", "--threads", str(THREADS),
        "--worker-shutdown-timeout", "5000", "--skip-logging",
    ),
    "clock": (sys.executable, "-m", "workers.clock"),
}  # fmt: skip
"""The same processes as on a PaaS."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is, and the keys that this run takes."""

    web: str
    mailbox: str
    smtp: str
    database: str
    redis: str
    write_key: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Up:
    """All of it, running. `environment` is what a further process needs to join in."""

    addresses: Addresses
    environment: Mapping[str, str]
    mail: MailboxFiles
    processes: Children

    @property
    def logs(self) -> Path:
        """Where each process writes what it has to say."""
        return _logs(self.environment["NURTURE_DATA"])

    def check(self) -> None:
        """See that every process is alive.

        Raises:
            LocalServerError: One is not; the message says which, and why.
        """
        self.processes.check()

    def wait(self) -> None:
        """Until a process dies, or somebody interrupts."""
        while True:
            self.check()
            time.sleep(GLANCE)


def nothing_to_prepare(_: Settings) -> None:
    """For those who take the database as it is."""


@contextlib.contextmanager
def running(
    environ: Mapping[str, str],
    *,
    port: int,
    extra: Mapping[str, str] | None = None,
    prepare: Callable[[Settings], None] = nothing_to_prepare,
) -> Iterator[Up]:
    """Start everything, and give it when it answers; stop it at the end, and leave no process.

    Args:
        environ: as for any command. Servers that it names are used, else the embedded ones.
        port: of the web process; 0 takes any free one.
        extra: further variables for the processes.
        prepare: called with the processes' settings when the database is up to date and none of them has started.

    Raises:
        LocalServerError: Something does not come up, or the port is taken.
        WorkspaceError: The workspace's files have problems.
    """
    settings = read_settings(environ)
    workspace = load_workspace(settings.workspace)
    port = _free(port)
    make_data_directory(settings.data_dir)
    with contextlib.ExitStack() as stack:
        servers = _servers(stack, settings)
        ours = stack.enter_context(children(_logs(settings.data_dir)))
        postbox = _start_mailbox(ours, settings)
        _upgrade(servers.database_url)
        addresses = _addresses(settings, servers, postbox, port)
        environment = _environment(environ, settings, addresses, port) | dict(extra or {})
        environment.setdefault("INBOUND_ADDRESS", local_inbound_address(workspace.agreement))
        prepare(read_settings(environment))
        for name, command in PROCESSES.items():
            ours.start(name, command, environment)
        stack.callback(ours.stop, *PROCESSES)  # before the mailbox: what is being sent has somebody to take it
        up = Up(addresses, environment, MailboxFiles(_mail_directory(settings)), ours)
        stack.enter_context(postman(read_settings(environment), up.mail))
        _wait_until_ready(up)
        stack.enter_context(left_beside(settings.data_dir, addresses.web, addresses.smtp))
        yield up


def _servers(stack: contextlib.ExitStack, settings: Settings) -> LocalServers:
    if settings.database_url is not None and settings.redis_url is not None:
        return LocalServers(settings.database_url, settings.redis_url)
    return stack.enter_context(local_servers(settings.data_dir, linger=False))


def _upgrade(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=1)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def _logs(data: Path | str) -> Path:
    return Path(data) / "log"


def _mail_directory(settings: Settings) -> Path:
    return settings.data_dir / "mail"


def _start_mailbox(ours: Children, settings: Settings) -> mailbox.MailboxAddresses:
    command = [sys.executable, "-P", "-m", mailbox.__name__, str(_mail_directory(settings)), "--while-stdin-is-open"]
    child = ours.start("mailbox", command, {**os.environ, "PYTHONPATH": search_path()}, speaks=True)
    return mailbox.MailboxAddresses(**json.loads(_first_line(child)))


def _first_line(child: Child) -> str:
    stdout = child.process.stdout
    if stdout is not None and (line := stdout.readline()):
        return line
    child.process.wait()
    raise LocalServerError(child.failure)


def _addresses(settings: Settings, servers: LocalServers, postbox: mailbox.MailboxAddresses, port: int) -> Addresses:
    return Addresses(
        web=f"http://{LOOPBACK}:{port}/",
        mailbox=postbox.page,
        smtp=postbox.smtp,
        database=servers.database_url.replace("+psycopg://", "://", 1),
        redis=servers.redis_url,
        write_key=next(iter(settings.write_keys), "") or kept_secret(settings.data_dir / "write_key"),
        api_key=settings.api_key or kept_secret(settings.data_dir / "api_key"),
    )


def _environment(environ: Mapping[str, str], settings: Settings, where: Addresses, port: int) -> dict[str, str]:
    """All that the processes need, named; a secret's file would contradict what is named."""
    ours = {
        "DATABASE_URL": where.database,
        "REDIS_URL": where.redis,
        "MAIL_URL": where.smtp,
        "BASE_URL": where.web.rstrip("/"),
        "HOST": LOOPBACK,
        "PORT": str(port),
        "SECRET_KEY": settings.secret_key,
        "WRITE_KEY": settings.write_key or where.write_key,
        "API_KEY": where.api_key,
        # Only this machine reaches us, so the key is no public one: events merge leads as they do with a server's key.
        "IDENTITY_KEYS": environ.get("IDENTITY_KEYS") or "*",
        "NURTURE_DATA": str(settings.data_dir),
        "NURTURE_WORKSPACE": str(settings.workspace),
        "PYTHONPATH": search_path(),
        "PYTHONUNBUFFERED": "1",
    }
    contradicting = {f"{name}_FILE" for name in SECRETS if name in ours}
    return {**{name: value for name, value in environ.items() if name not in contradicting}, **ours}


def _free(port: int) -> int:
    """This port, if it can be had; any for 0."""
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise LocalServerError(f"--port: {port} cannot be had ({error.strerror}); 0 takes any free one") from error
    return port


def _wait_until_ready(up: Up) -> None:
    until = time.monotonic() + READY_WITHIN
    answer = "no answer"
    with httpx.Client(timeout=5, trust_env=False) as client:
        while time.monotonic() < until:
            up.check()
            with contextlib.suppress(httpx.TransportError):
                found = client.get(f"{up.addresses.web}readyz")
                if found.is_success:
                    return
                answer = found.text.strip()
            time.sleep(GLANCE)
    raise LocalServerError(f"web: is not ready after {READY_WITHIN:.0f} seconds: {answer}")
