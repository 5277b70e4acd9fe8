"""The embedded PostgreSQL: its cluster, its settings, its account inside."""

import shutil
import signal
import subprocess
from pathlib import Path

from nurture.errors import LocalServerError
from nurture.local.account import Account
from nurture.local.binaries import Binaries
from nurture.local.server import LOOPBACK, Server, clean_environment, last_words
from nurture.private import write_private

USER = DATABASE = "nurture"
ACCESS = f"host all {USER} {LOOPBACK}/32 scram-sha-256\n"
"""The whole of pg_hba.conf: one role, by password, from this machine. The superuser cannot log in at all."""
FIRST_BUILTIN_LOCALE = 17

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # the path of a checkout can be too long for a socket's
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # a DETAIL or a statement may hold a lead's address
    "log_min_error_statement": "panic",
    "client_connection_check_interval": "5s",  # a killed command's query ends with it
}
"""fsync and synchronous_commit stay on: what the embedded servers promise is what production promises."""


class Postgres(Server):
    """PostgreSQL on the loopback, with one role that may log in."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": open transactions are rolled back

    def __init__(self, home: Path, account: Account, binaries: Binaries, password: str) -> None:
        super().__init__(home, account)
        self._binaries, self._password = binaries, password

    def url(self, port: int) -> str:
        """The address in SQLAlchemy's form."""
        return database_url(port, self._password)

    def command(self, port: int) -> list[str | Path]:
        """The server itself, not `pg_ctl`: the keeper is its parent and hears of its end."""
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [self._binaries.postgres, "-D", self.data, "-p", str(port), *settings]

    def answers(self, port: int, pid: int) -> bool:
        """PostgreSQL writes `ready` into the eighth line of its pid file, whose first is the process id."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def prepare(self) -> None:
        """Make the cluster where there is none, and see that the password fits. Its pid file goes: nobody is left."""
        if not self.data.exists():
            self._make_cluster()
        self._check_version()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        if self._known_password() != self._password:
            self._set_password()

    def _make_cluster(self) -> None:
        """Make it aside and rename it, so that a crash leaves nothing half made."""
        draft = self.home / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        locale = ["--locale=C"]
        if self._binaries.postgres_version >= FIRST_BUILTIN_LOCALE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run([self._binaries.initdb, "-D", draft, "-U", "postgres", "-E", "UTF8", "-A", "trust", *locale])
        (draft / "pg_hba.conf").write_text(ACCESS)
        self._tell(draft, f"CREATE ROLE {USER} LOGIN CREATEDB", f"CREATE DATABASE {DATABASE} OWNER {USER}")
        draft.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(self._binaries.postgres_version):
            raise LocalServerError(
                f"{self.data}: was made by PostgreSQL {made_by}, and {self._binaries.postgres_version} is installed; "
                "install the former, or move the directory away"
            )

    def _known_password(self) -> str | None:
        """The password that the role was given last."""
        mark = self.home / "password"
        return mark.read_text() if mark.exists() else None

    def _set_password(self) -> None:
        self._tell(self.data, f"ALTER ROLE {USER} PASSWORD '{self._password}'")
        write_private(self.home / "password", self._password)

    def _tell(self, cluster: Path, *statements: str) -> None:
        """Run statements in single-user mode, which needs no password, no port and no client."""
        command: list[str | Path] = [
            self._binaries.postgres,
            "--single",
            "-j",
            "-D",
            cluster,
            "-c",
            "exit_on_error=on",
            "postgres",
        ]
        self._run(command, "".join(f"{statement};\n\n" for statement in statements))

    def _run(self, command: list[str | Path], told: str = "") -> None:
        done = subprocess.run(
            command,
            input=told,
            capture_output=True,
            text=True,
            cwd="/",
            env=clean_environment(),
            preexec_fn=self.account.become(signal.SIGTERM),
            check=False,
        )
        if done.returncode != 0:
            raise LocalServerError(f"{self.name}: {_why(Path(command[0]).name, done)}")


def _why(program: str, done: "subprocess.CompletedProcess[str]") -> str:
    """Its error, or how it ended. What went to stdout went well."""
    if done.stderr.strip():
        return last_words(done.stderr)
    status = done.returncode
    return f"{program} was killed by signal {-status}" if status < 0 else f"{program} ended with status {status}"


def database_url(port: int, password: str) -> str:
    """The address in SQLAlchemy's form. No TLS on the loopback, whatever PGSSLMODE says."""
    return f"postgresql+psycopg://{USER}:{password}@{LOOPBACK}:{port}/{DATABASE}?sslmode=disable"
