"""PostgreSQL, Valkey and a mail server on a host of their own, which others reach over the wire."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from nurture.local.account import server_account
from nurture.local.binaries import find_binaries
from nurture.local.postgres import DATABASE, USER, Postgres
from nurture.local.valkey import Valkey
from tests.hosts.network import WIRE, Network

TAKES_SECONDS = 0.1
"""So long the mail server thinks about each mail, as others do; meanwhile a host can be cut off."""


class ReachedPostgres(Postgres):
    """Durable as the embedded one; it listens on the wire."""

    def command(self, port: int) -> list[str | Path]:
        return [*super().command(port), "-c", "listen_addresses=*"]

    def _make_cluster(self) -> None:
        super()._make_cluster()
        with (self.data / "pg_hba.conf").open("a") as access:
            access.write(f"host all {USER} {WIRE}.0/24 scram-sha-256\n")


class ReachedValkey(Valkey):
    """It listens on the wire."""

    def command(self, port: int) -> list[str | Path]:
        return [*super().command(port), "--bind", "0.0.0.0"]


@dataclass(slots=True)
class Taken:
    """What the mail server took: of each mail its recipient, and from which host it came."""

    network: Network
    mails: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append((envelope.rcpt_tos[0], self.network.host_of(session.peer[0])))
        await asyncio.sleep(TAKES_SECONDS)
        return "250 OK"

    def of(self, host: str) -> int:
        """How many came from this host."""
        return sum(came_from == host for _, came_from in list(self.mails))


@dataclass(frozen=True, slots=True)
class Reached:
    """Where they are, for whoever is on the wire."""

    database_url: str
    redis_url: str
    mail_url: str
    taken: Taken


@contextlib.contextmanager
def servers_on(network: Network, host: str, folder: Path) -> Iterator[Reached]:
    """All three on this host."""
    folder.mkdir(parents=True)
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == 0 and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)  # the account that PostgreSQL runs under has to pass
    binaries, password = find_binaries(), secrets.token_hex(16)
    account = server_account(folder, (binaries.postgres, binaries.initdb, binaries.valkey))
    postgres = ReachedPostgres(folder / "postgres", account, binaries, password)
    valkey = ReachedValkey(folder / "valkey", account, binaries.valkey, password)
    taken, address = Taken(network), network.address(host)
    mail = Controller(taken, hostname=address, port=2525, server_hostname="mx.example", ready_timeout=30)
    with network.inside(host):  # threads and processes stay on the host on which they were started
        try:
            valkey.start()
            postgres.start()
            mail.start()
        except BaseException:
            valkey.stop()
            postgres.stop()
            raise
    try:
        yield Reached(
            f"postgresql://{USER}:{password}@{address}:{postgres.port}/{DATABASE}?sslmode=disable",
            f"redis://:{password}@{address}:{valkey.port}/0",
            f"smtp://{address}:2525",
            taken,
        )
    finally:
        mail.stop()
        valkey.stop()
        postgres.stop()
