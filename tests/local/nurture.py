"""The real command, as a process to start, listen to and end; what it leaves behind is found by a mark."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.local.command import ROOT

MARK = "NURTURE_TEST_MARK"
SERVERS = ("DATABASE_URL", "REDIS_URL")


@contextmanager
def nurture(*arguments: str, **variables: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`nurture ARGUMENTS` on the embedded servers, and its mark; ended at the end, if it has not."""
    mark = uuid.uuid4().hex
    environ = {name: value for name, value in os.environ.items() if name not in SERVERS}
    environ |= {MARK: mark, "NURTURE_WORKSPACE": str(ROOT), **variables}
    command = [sys.executable, "-m", "nurture.cli.main", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, mark
        finally:
            process.kill()


def marked(mark: str) -> list[str]:
    """Live processes that were started with this mark, one line each."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except psutil.Error:
            continue
    return found


def nothing_left(mark: str, data: Path | None = None, within: float = 20) -> bool:
    """Whether all of them, and servers that work in `data`, are gone in time."""
    until = time.monotonic() + within
    while marked(mark) or (data is not None and _servers_in(data)):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _servers_in(data: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(data) in word for word in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
