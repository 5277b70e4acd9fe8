"""The processes of the product, as its Procfile has them: started, killed, told to stop, and started again."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

from nurture.local.processes import Child, Children

WORKER = (
    sys.executable, "-m", "dramatiq", "workers.actors", "--processes", "1", "--threads", "4",
    "--worker-shutdown-timeout", "25000", "--skip-logging",
)  # fmt: skip
"""What `nurture worker` becomes once it has seen that the settings are right."""
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "worker1": WORKER,
    "worker2": WORKER,
    "web": (sys.executable, "-m", "workers.web"),
    "clock1": (sys.executable, "-m", "workers.clock"),
    "clock2": (sys.executable, "-m", "workers.clock"),
}
WORKERS = ("worker1", "worker2")
CLOCKS = ("clock1", "clock2")
ALWAYS = ("worker1", "worker2", "web", "clock1")
"""Who is there in quiet times."""
STOPS_WITHIN = 30.0
"""Seconds between a PaaS's SIGTERM and its SIGKILL."""


@dataclass
class Crew:
    """The processes, by name. A PaaS starts again who has ended by itself; who was struck waits for `heal`.

    Attributes:
        children: On whose leash they are, so that none outlives us.
        environment: All of it, for whoever starts next.
        killed: Process ids of all that were killed: whatever they hold, nobody holds.
    """

    children: Children
    environment: dict[str, str]
    wanted: set[str] = field(default_factory=set)
    killed: set[int] = field(default_factory=set)
    _running: dict[str, Child] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start those that do not run."""
        for name in names:
            self.wanted.add(name)
            if not self.is_running(name):
                self._let_go(name)
                self._running[name] = self.children.start(name, COMMANDS[name], self.environment)

    def is_running(self, name: str) -> bool:
        return name in self._running and self._running[name].process.poll() is None

    def running(self, *names: str) -> list[str]:
        """Those of these names that run, in their order."""
        return [name for name in names if self.is_running(name)]

    def pid(self, name: str) -> int:
        """Of the process, which is the head of its group."""
        return self._running[name].process.pid

    def family(self, name: str) -> list[int]:
        """Process ids of a process and those below it; none where it is gone."""
        try:
            head = psutil.Process(self.pid(name))
            return [head.pid, *(below.pid for below in head.children(recursive=True))]
        except (KeyError, psutil.Error):
            return []

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the whole group, as a PaaS does."""
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.killpg(self.pid(name), number)

    def kill(self, name: str) -> None:
        """SIGKILL to the whole group; nobody of it is left when this returns."""
        if name in self._running:
            self.killed.add(self.pid(name))
            self.signal(name, signal.SIGKILL)
            self._running[name].process.wait()
            self._let_go(name)
        self.wanted.discard(name)

    def stop(self, *names: str) -> None:
        """SIGTERM, and SIGKILL to who has not ended 30 seconds later.

        Raises:
            TimeoutError: Somebody had to be killed.
        """
        for name in names:
            self.wanted.discard(name)
            self.signal(name, signal.SIGTERM)
        self.wait(*names)

    def wait(self, *names: str) -> None:
        """Wait for those who were told to stop; who stands still is let go on, or would never hear of it.

        Raises:
            TimeoutError: Somebody had to be killed.
        """
        for name in names:
            self.signal(name, signal.SIGCONT)
        until = time.monotonic() + STOPS_WITHIN
        while late := self.running(*names):
            if time.monotonic() > until:
                for name in late:
                    self.kill(name)
                raise TimeoutError(f"{', '.join(late)} did not stop within {STOPS_WITHIN:.0f} s of SIGTERM")
            time.sleep(0.02)
        for name in names:
            self._let_go(name)

    def revive(self) -> list[str]:
        """Start again who ended by itself, as a PaaS does; gives their names."""
        ended = sorted(name for name in self.wanted if not self.is_running(name))
        self.start(*ended)
        return ended

    def _let_go(self, name: str) -> None:
        child = self._running.pop(name, None)
        if child is not None:
            self.children.let_go(child)
