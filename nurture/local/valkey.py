"""The embedded Valkey. It keeps nothing on disk: losing all of it loses nothing."""

import signal
import socket
from pathlib import Path

from nurture.local.account import Account
from nurture.local.server import LOOPBACK, Server, make_directory
from nurture.private import write_private

DATABASES = 64


class Valkey(Server):
    """Valkey (or Redis) on the loopback, with a password."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, home: Path, account: Account, program: Path, password: str) -> None:
        super().__init__(home, account)
        self._program, self._password = program, password
        self._settings = home / "valkey.conf"

    def command(self, port: int) -> list[str | Path]:
        """The password stands in the file: a command line can be read by anybody on the machine."""
        return [self._program, self._settings, "--port", str(port)]

    def prepare(self) -> None:
        """Write its settings."""
        make_directory(self.data, self.account)
        settings = (
            f"bind {LOOPBACK}",
            f"requirepass {self._password}",
            f"dir {_quoted(self.data)}",
            f"databases {DATABASES}",
            'save ""',
            "appendonly no",
            "maxmemory-policy noeviction",
        )
        write_private(self._settings, "\n".join(settings) + "\n")

    def answers(self, port: int, pid: int) -> bool:
        """Whether it takes our password and says PONG (the inline commands of the Redis protocol)."""
        try:
            with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nINFO server\r\n".encode())
                return self._is_from(connection, pid)
        except OSError:
            return False

    def _is_from(self, connection: socket.socket, pid: int) -> bool:
        said = b""
        while f"process_id:{pid}\r\n".encode() not in said:
            more = connection.recv(4096)
            said += more
            if not more or said.startswith(b"-"):
                return False
        return True


def redis_url(port: int, password: str) -> str:
    """The address."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def _quoted(path: Path) -> str:
    """A path as valkey.conf takes it, blanks and quotes included."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
