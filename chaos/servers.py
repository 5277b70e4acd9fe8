"""PostgreSQL and Valkey of a chaos, whose data and ports outlive them: killed and started again, they are as before."""

import os
import secrets
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url, text

from bench.port import own_port
from chaos.disk import Disk, make_disk
from nurture.db import make_engine
from nurture.errors import LocalServerError
from nurture.local.account import Account, server_account
from nurture.local.binaries import Binaries, find_binaries
from nurture.local.postgres import Postgres
from nurture.local.server import Server
from nurture.local.valkey import Valkey, redis_url
from nurture.settings import DEMO_DATABASE

DATABASE = f"{DEMO_DATABASE}_chaos"
"""By its name business time may be a row that we move."""
CONNECTIONS = 60
"""As few as a small plan of a PaaS has, so that they can run out."""

How = Literal["kill", "immediate", "fast"]
SIGNALS: dict[How, signal.Signals] = {"kill": signal.SIGKILL, "immediate": signal.SIGQUIT, "fast": signal.SIGINT}
"""How a server ends. PostgreSQL's words: immediate forgets all but its log, fast rolls back what is under way."""
ENDS_WITHIN = 60.0
"""Seconds; a busy server has a checkpoint to write."""


class FewConnections(Postgres):
    """PostgreSQL as the product embeds it (fsync on), with few connections, on a disk that can be made worse."""

    def __init__(self, home: Path, account: Account, binaries: Binaries, password: str, disk: Disk) -> None:
        super().__init__(home, account, binaries, password)
        self._disk = disk

    def command(self, port: int) -> list[str | Path]:
        return [*self._disk.before(), *super().command(port), "-c", f"max_connections={CONNECTIONS}"]


@dataclass
class Servers:
    """Both servers. Only for the thread that made them: they end with it."""

    postgres: Postgres
    valkey: Valkey
    password: str
    disk: Disk

    @property
    def database_url(self) -> str:
        address = make_url(self.postgres.url(self.postgres.port)).set(database=DATABASE)
        return address.render_as_string(hide_password=False)

    @property
    def redis_url(self) -> str:
        return redis_url(self.valkey.port, self.password)

    def end(self, server: Server, how: How) -> None:
        """End a server; it stays away until it is started again."""
        process = server._process
        if process is None:
            return
        process.send_signal(SIGNALS[how])
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()  # a slow disk; whoever waits for that long kills it, too
        server.stop()  # no process of it is left over

    def start(self, server: Server) -> None:
        """Start one that is away, on its data and at its port.

        A database whose disk is full cannot start: it stays away, and whoever heals the disk starts it.
        """
        if server.is_running() or (server is self.postgres and self.disk.is_full):
            return
        port = server.port
        server.start(port)
        if server.port != port:
            raise LocalServerError(f"{server.name}: somebody took port {port} meanwhile")

    def stop(self) -> None:
        for server in (self.postgres, self.valkey):
            server.stop()


def start_servers(folder: Path) -> Servers:
    """Start both, on ports of their own, and make the database."""
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)
    binaries, password = find_binaries(), secrets.token_hex(16)
    account = server_account(folder, (binaries.postgres, binaries.initdb, binaries.valkey))
    disk = make_disk(folder / "disk")
    postgres = FewConnections(folder / "postgres", account, binaries, password, disk)
    valkey = Valkey(folder / "valkey", account, binaries.valkey, password)
    servers = Servers(postgres, valkey, password, disk)
    try:
        valkey.start(own_port())
        postgres.start(own_port())
        _make_database(postgres.url(postgres.port))
    except BaseException:
        servers.stop()
        raise
    return servers


def _make_database(url: str) -> None:
    engine = make_engine(url, pool_size=1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE}"))
    engine.dispose()
