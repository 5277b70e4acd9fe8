"""Tell that a process is alive, and what it has counted: whoever is asked how it goes answers for all processes."""

import logging
import os
import resource
import socket
import sys
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction, words_of
from nurture.meters import Key, written
from nurture.store import processes
from nurture.store.processes import Running

log = logging.getLogger(__name__)


class Beat:
    """The row of one process. What it counted while the database was away is told when that is back."""

    def __init__(self, app: App, kind: str) -> None:
        """Nothing has been told yet. `kind`: `web`, `worker` or `clock`."""
        self._app = app
        self._kind = kind
        self._host = socket.gethostname()
        self._lock = threading.Lock()
        self._name = self._new_name()
        self._is_known = False
        self._told: Mapping[Key, int] = {}
        self._gone_before: Mapping[Key, int] = {}
        self._is_away = False

    def tell(self) -> bool:
        """Write it down; False where that cannot be done now, which harms nobody."""
        with self._lock:
            try:
                self._tell(self._app.meters.counts())
            except Exception as error:  # of whatever kind: who tells has to go on telling
                if not self._is_away:
                    log.warning("cannot tell that this process is alive", extra={"because": words_of(error)})
                self._is_away = True
                return False
            self._is_away = False
            return True

    def end(self) -> None:
        """Tell for the last time. Who cannot is taken for ended soon enough."""
        if self.tell():
            with suppress(Exception), self._lock, transaction(self._app.engine) as db:
                processes.ended(db, self._name)

    def _tell(self, counts: Mapping[Key, int]) -> None:
        with transaction(self._app.engine) as db:
            db.execute(text("SET LOCAL synchronous_commit = off"))  # nobody waits for the disk for this
            if not self._is_known:
                processes.first_beat(db, self._running(), self._since_gone(counts))
            elif not processes.beat(db, self._running(), self._news(counts)):
                # it was quiet for so long that its row went to those that are gone, with what it had told
                self._name, self._gone_before = self._new_name(), self._told
                processes.first_beat(db, self._running(), self._since_gone(counts))
        self._is_known, self._told = True, counts

    def _news(self, counts: Mapping[Key, int]) -> dict[str, int] | None:
        return None if counts == self._told else self._since_gone(counts)

    def _since_gone(self, counts: Mapping[Key, int]) -> dict[str, int]:
        before = self._gone_before
        return written({key: n - before.get(key, 0) for key, n in counts.items() if n != before.get(key, 0)})

    def _running(self) -> Running:
        return Running(self._name, self._kind, self._host, _peak_octets())

    def _new_name(self) -> str:
        return f"{self._kind}:{self._host}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def _peak_octets() -> int:
    """The most memory that this process has had at once."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
