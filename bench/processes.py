"""The real processes, as a PaaS runs them: web, worker, clock; ended with the block, however it ends."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from nurture.errors import LocalServerError
from nurture.local.processes import Child, children
from nurture.local.up import PROCESSES

READY_WITHIN = 120.0


@contextmanager
def processes(environment: Mapping[str, str], logs: Path, *names: str) -> Iterator[dict[str, int]]:
    """Start these of them, their words going to `logs`; gives their process ids. They end when we do, however we end.

    With `web` among them, it is waited for until it answers at `PORT` of the environment.

    Raises:
        LocalServerError: One does not come up; says its last words.
    """
    with children(logs) as ours:
        running = {name: ours.start(name, PROCESSES[name], {**os.environ, **environment}) for name in names}
        if "web" in running:
            _until_ready(int(environment["PORT"]), running["web"])
        yield {name: child.process.pid for name, child in running.items()}
        ours.check()


def family(pid: int) -> list[int]:
    """A process and all below it that live."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def _until_ready(port: int, web: Child) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and web.process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise LocalServerError(f"web does not answer: {web.failure}")
