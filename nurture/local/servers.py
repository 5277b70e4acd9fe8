"""The embedded servers, as commands use them: join those that run, else have a keeper start them.

A command holds `users.lock` shared while it runs. It needs no farewell: the kernel lets go of the lock however it ends.
"""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nurture
from nurture.errors import LocalServerError
from nurture.local import keeper
from nurture.local.place import Lock, Place, Ready
from nurture.local.postgres import database_url
from nurture.local.server import ANSWERS_WITHIN, LOOPBACK, STOPS_WITHIN
from nurture.local.valkey import redis_url
from nurture.private import FOR_OWNER, give_to_owner_of, write_private

WAIT = 2 * ANSWERS_WITHIN + 30
"""Seconds until a command gives up; a keeper gives up before."""
KEEPERS_TO_TRY = 5


@dataclass(frozen=True, slots=True)
class LocalServers:
    """Addresses of the embedded servers: both run, and take connections with what stands in the address."""

    database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """What a child process needs in order to use the same servers."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextlib.contextmanager
def local_servers(data: Path, *, linger: bool = True) -> Iterator[LocalServers]:
    """Use the embedded servers whose data lie in this directory, for as long as the block lasts.

    Args:
        data: The data directory; made where it is missing.
        linger: True: the servers stop by themselves some seconds after their last user. False: they stop when we leave,
            and we wait for it, unless others use them.

    Raises:
        LocalServerError: They cannot be started; the message says why.
    """
    place = Place(data.expanduser().resolve())
    place.prepare()
    using = Lock(place.users_lock)
    if not using.take(shared=True, wait=WAIT):
        raise LocalServerError(f"{place.path}: the embedded servers do not stop; see {place.log}")
    keepers = _Keepers(place)
    try:
        yield keepers.servers()
    finally:
        using.release()
        with contextlib.suppress(LocalServerError, OSError):  # what the block did, and how it ended, is what matters
            keepers.reap(wait=not linger and _see_them_stop(place))


def running_servers(data: Path) -> LocalServers | None:
    """Addresses of the servers of this directory if they run now; starts and stops nothing."""
    place = Place(data.expanduser().resolve())
    ready = Ready.read(place) if place.path.is_dir() and _has_keeper(place) else None
    if ready is None or not (_listens(ready.postgres_port) and _listens(ready.valkey_port)):
        return None
    password = place.kept_password()
    return LocalServers(database_url(ready.postgres_port, password), redis_url(ready.valkey_port, password))


class _Keepers:
    """The keepers that this command started: one, and more where one was killed or somebody else was quicker."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._started = 0
        self._running: set[int] = set()

    def servers(self) -> LocalServers:
        """Wait for running servers, starting a keeper where there is none."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            if found := running_servers(self._place.path):
                return found
            self.reap()
            if not self._running and not _has_keeper(self._place):
                self._start()
            time.sleep(0.02)
        raise LocalServerError(f"{self._place.path}: the embedded servers do not come up; see {self._place.log}")

    def _start(self) -> None:
        if self._started >= KEEPERS_TO_TRY:
            raise LocalServerError(
                f"{self._place.path}: the servers' keeper ends again and again; see {self._place.log}"
            )
        self._started += 1
        self._running.add(_spawn_keeper(self._place))

    def reap(self, *, wait: bool = False) -> None:
        """Take note of keepers that ended, so that they leave no zombie.

        Raises:
            LocalServerError: One says why it could not start the servers.
        """
        until = time.monotonic() + (STOPS_WITHIN if wait else 0)
        while self._running:
            for pid in list(self._running):
                self._note_end(pid)
            if time.monotonic() >= until:
                return
            time.sleep(0.01)

    def _note_end(self, pid: int) -> None:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # whoever started us ignores SIGCHLD, and we have that from them
            ended, status = pid, 0
        if not ended:
            return
        self._running.discard(pid)
        if os.waitstatus_to_exitcode(status) == keeper.FAILED or self._place.failure.exists():
            raise LocalServerError(_failure(self._place))


def _spawn_keeper(place: Place) -> int:
    """A process of its own session, with nothing of our environment that it does not need."""
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FOR_OWNER)
    try:
        give_to_owner_of(place.path, place.log)
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT") if name in os.environ}
        passed["PYTHONPATH"] = str(Path(nurture.__file__).parent.parent)
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", keeper.__name__, str(place.path)],
            passed,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
        )
    finally:
        os.close(log)


def _failure(place: Place) -> str:
    try:
        return place.failure.read_text()
    except FileNotFoundError:
        return f"{place.path}: the servers' keeper failed; see {place.log}"


def _has_keeper(place: Place) -> bool:
    """Whether a keeper lives. If not, what a dead one said of its servers goes: a new one must not be taken for it."""
    lock = Lock(place.keeper_lock)
    if not lock.take():
        return True
    place.ready.unlink(missing_ok=True)
    lock.release()
    return False


def _see_them_stop(place: Place) -> bool:
    """Tell the keeper to hurry, and wait until it is gone (True) or plainly has others to serve."""
    write_private(place.hurry, "")
    until = time.monotonic() + 2 * STOPS_WITHIN
    seen_others = 0
    while _has_keeper(place) and time.monotonic() < until:
        # Once may have been the keeper's last glance before it saw the hurry; at the next one it keeps the lock.
        seen_others = seen_others + 1 if _others_use(place) else 0
        if seen_others == 2:
            return False
        time.sleep(0.03)
    return True


def _others_use(place: Place) -> bool:
    """Whether somebody shares the users' lock; a keeper that is about to stop has it alone."""
    users = Lock(place.users_lock)
    is_used = not users.take() and users.take(shared=True)
    users.release()
    return is_used


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
