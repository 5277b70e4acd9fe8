"""The data directory: where everything of the embedded servers lies, whose it is, and its locks."""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import LocalServerError
from nurture.private import FOR_OWNER, give_to_owner_of, kept_secret, make_data_directory, write_private


@dataclass(frozen=True, slots=True)
class Place:
    """One data directory. Paths only; nothing is created before `prepare`."""

    path: Path

    @property
    def users_lock(self) -> Path:
        """Held shared by every command that uses the servers; the keeper may stop them when it gets it alone."""
        return self.path / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the one keeper for as long as it lives."""
        return self.path / "keeper.lock"

    @property
    def ready(self) -> Path:
        """Written by the keeper when both servers answer, removed before it stops them: `Ready` as JSON."""
        return self.path / "servers.json"

    @property
    def ports(self) -> Path:
        """The ports of the last run, tried first next time so that addresses stay."""
        return self.path / "ports.json"

    @property
    def password(self) -> Path:
        """The password of both servers."""
        return self.path / "password"

    @property
    def hurry(self) -> Path:
        """Its existence tells the keeper not to linger."""
        return self.path / "hurry"

    @property
    def failure(self) -> Path:
        """Why the last keeper could not start the servers, in one line."""
        return self.path / "failure"

    @property
    def log(self) -> Path:
        """What the keeper had to say."""
        return self.path / "keeper.log"

    @property
    def postgres(self) -> Path:
        """Everything of PostgreSQL; belongs to the account it runs under."""
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        """Everything of Valkey; belongs to the account it runs under."""
        return self.path / "valkey"

    def prepare(self) -> None:
        """Create the directory where it is missing.

        Raises:
            LocalServerError: It cannot be created or belongs to somebody else.
        """
        try:
            make_data_directory(self.path)
            owner = self.path.stat().st_uid
        except OSError as error:
            message = f"{self.path}: the data directory cannot be used ({error.strerror}); set NURTURE_DATA to another"
            raise LocalServerError(message) from error
        if os.geteuid() not in (0, owner):
            raise LocalServerError(
                f"{self.path}: the data directory belongs to another user; set NURTURE_DATA to another"
            )

    def kept_password(self) -> str:
        """The password of both servers, made on first use."""
        return kept_secret(self.password)

    def last_ports(self) -> Mapping[str, int]:
        """Ports of the last run by server; empty where unknown."""
        try:
            found = json.loads(self.ports.read_text())
            return {str(name): int(port) for name, port in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}


@dataclass(frozen=True, slots=True)
class Ready:
    """What the keeper tells when both servers answer."""

    postgres_port: int
    valkey_port: int

    @classmethod
    def read(cls, place: Place) -> "Ready | None":
        """What the file says, if it is there. It is true while there is a keeper."""
        try:
            found = json.loads(place.ready.read_text())
            return cls(int(found["postgres_port"]), int(found["valkey_port"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, place: Place) -> None:
        """Tell it."""
        write_private(place.ports, json.dumps({"postgres": self.postgres_port, "valkey": self.valkey_port}))
        told = {"postgres_port": self.postgres_port, "valkey_port": self.valkey_port}
        write_private(place.ready, json.dumps(told))


class Lock:
    """An advisory lock on a file (`flock`): the kernel lets go of it when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, *, shared: bool = False, wait: float = 0) -> bool:
        """Try for at most `wait` seconds; False when others hold it.

        A lock on a file that was deleted meanwhile guards nothing, so it is taken again on the new one.
        """
        until = time.monotonic() + wait
        while not self._try(shared=shared):
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        return True

    def _try(self, *, shared: bool) -> bool:
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        if self.is_in_place():
            return True
        self.release()
        return False

    def _open(self) -> int:
        is_new = not self._path.exists()
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, FOR_OWNER)
        except OSError as error:
            raise LocalServerError(f"{self._path}: the lock cannot be opened ({error.strerror})") from error
        if is_new:
            give_to_owner_of(self._path.parent, self._path)
        return descriptor

    def is_in_place(self) -> bool:
        """Whether the file that is held is still the one that others would open."""
        if self._descriptor is None:
            return False
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        held = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)

    def release(self) -> None:
        """Let go. Closing, not unlocking: a forked child that still has it goes on holding it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
