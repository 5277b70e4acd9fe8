"""Servers that a crash left behind. One is ours if its program is a server's and it works in our directory.

Process ids are used again, files lie; the working directory of a live process does not: PostgreSQL, each of its
children, and Valkey change into their data directory and stay there.
"""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.errors import LocalServerError

if TYPE_CHECKING:  # psutil is of `nurture[local]`: a server that has its own database runs without
    import psutil

PROGRAMS = frozenset({"postgres", "valkey-server", "redis-server"})
KILLED_BY_THEN = 10.0
"""Seconds after which a killed process that is still there is beyond us (a disk that does not answer)."""


def processes_in(directory: Path) -> "list[psutil.Process]":
    """Live servers whose working directory is this one. Processes that we may not look at are not ours."""
    return [process for process in _servers() if _works_in(process, directory)]


def end(directory: Path, ask: signal.Signals, patience: float) -> int:
    """End the servers of this directory: ask, and kill what is there after `patience` seconds.

    Returns:
        How many there were.

    Raises:
        LocalServerError: One cannot even be killed.
    """
    found = processes_in(directory)
    _tell(found, ask)
    until = time.monotonic() + patience
    while found and (left := processes_in(directory)):
        if time.monotonic() > until + KILLED_BY_THEN:
            raise LocalServerError(f"{directory}: process {left[0].pid} of an earlier run cannot be ended")
        if time.monotonic() > until:
            _tell(left, signal.SIGKILL)
        time.sleep(0.05)
    return len(found)


def _servers() -> "Iterator[psutil.Process]":
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() in PROGRAMS and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _works_in(process: "psutil.Process", directory: Path) -> bool:
    import psutil

    try:
        return Path(process.cwd()).samefile(directory)
    except (psutil.Error, OSError):
        return False


def _tell(processes: "list[psutil.Process]", what: signal.Signals) -> None:
    import psutil

    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(what)
            process.resume()  # a suspended one hears nothing
