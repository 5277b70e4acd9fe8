"""The keeper: the one process that starts the embedded servers, watches over them, and stops them when nobody is left.

`python -m nurture.local.keeper DIRECTORY`. It holds `keeper.lock` for as long as it lives; commands hold `users.lock`
shared. When it could have that one alone for `LINGER` seconds, or at once where somebody is in a hurry, it keeps it,
stops both servers and goes. A server that dies is started again at the same port. If the keeper itself dies, the kernel
ends the servers (Linux), or the next keeper does.
"""

import contextlib
import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from nurture.errors import LocalServerError
from nurture.local.account import server_account
from nurture.local.binaries import find_binaries
from nurture.local.place import Lock, Place, Ready
from nurture.local.postgres import Postgres
from nurture.local.server import Server
from nurture.local.valkey import Valkey
from nurture.private import write_private

LINGER = 2.0
"""Seconds without a user, so that a row of commands does not start the servers anew each time."""
GLANCE = 0.1
LOOKED_AT = 0.5
"""Seconds; commands hold the keeper's lock for a moment to see whether there is one."""
RESTARTS, RESTARTS_WITHIN = 5, 60.0
FAILED, SOMEBODY_ELSE_IS = 1, 3
"""Exit statuses beside 0."""

_log = logging.getLogger(__name__)


class Keeper:
    """The servers of one place, from start to stop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._users = Lock(place.users_lock)
        self._restarts: list[float] = []
        self._told_to_stop = False
        self._idle_since: float | None = None
        binaries, password = find_binaries(), place.kept_password()
        account = server_account(place.path, (binaries.postgres, binaries.initdb, binaries.valkey))
        self._postgres = Postgres(place.postgres, account, binaries, password)
        self._valkey = Valkey(place.valkey, account, binaries.valkey, password)
        self._servers: tuple[Server, ...] = (self._valkey, self._postgres)

    def keep(self) -> None:
        """Start both, watch, stop both.

        Raises:
            LocalServerError: One does not come up, or dies again and again.
        """
        signal.signal(signal.SIGTERM, self._stop_now)
        try:
            ports = self._place.last_ports()
            self._valkey.start(ports.get("valkey"))
            self._postgres.start(ports.get("postgres"))
            self._tell()
            while not self._may_stop():
                self._revive()
                time.sleep(GLANCE)
        finally:
            self._place.ready.unlink(missing_ok=True)
            for server in self._servers:
                server.stop()

    def _stop_now(self, _signal: int, _frame: FrameType | None) -> None:
        self._told_to_stop = True

    def _tell(self) -> None:
        Ready(self._postgres.port, self._valkey.port).write(self._place)

    def _may_stop(self) -> bool:
        """Whether to stop now. If so, newcomers wait at the users' lock until we are gone."""
        if self._told_to_stop or not self._place.users_lock.exists():
            return True
        if not self._users.take():
            self._idle_since = None
            return False
        now = time.monotonic()
        self._idle_since = self._idle_since or now
        if self._place.hurry.exists() or now - self._idle_since >= LINGER:
            return True
        self._users.release()
        return False

    def _revive(self) -> None:
        for server in self._servers:
            if not server.is_running():
                self._count_restart(server)
                server.start(server.port)
                self._tell()

    def _count_restart(self, server: Server) -> None:
        now = time.monotonic()
        self._restarts = [*(then for then in self._restarts if now - then < RESTARTS_WITHIN), now]
        if len(self._restarts) > RESTARTS:
            raise LocalServerError(f"{server.name}: died {RESTARTS} times in a minute; see {server.log}")
        _log.warning("server died, starting it again server=%s", server.name)


def main(arguments: list[str]) -> int:
    """Keep the servers of the directory, unless another keeper does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    _stand_alone()
    place = Place(Path(arguments[0]))
    own = Lock(place.keeper_lock)
    if not own.take(wait=LOOKED_AT):
        return SOMEBODY_ELSE_IS
    for stale in (place.ready, place.hurry, place.failure):
        stale.unlink(missing_ok=True)
    try:
        Keeper(place).keep()
    except LocalServerError as error:
        return _fail(place, str(error))
    except OSError as error:
        return _fail(place, f"{error.filename or place.path}: {error.strerror or error}")
    return 0


def _fail(place: Place, why: str) -> int:
    _log.error("%s", why)
    with contextlib.suppress(OSError):  # the data directory may be what is gone
        write_private(place.failure, why)
    return FAILED


def _stand_alone() -> None:
    """Be of a session of our own, and keep nothing open of whoever started us: a pipe's reader would wait for us."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # we want to hear how our children end
    os.umask(0o077)
    os.chdir("/")
    for descriptor in map(int, os.listdir("/dev/fd")):  # noqa: PTH208 - names, not paths
        if descriptor > 2:
            with contextlib.suppress(OSError):
                os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
