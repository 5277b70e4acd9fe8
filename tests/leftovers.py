"""Processes that the tests started and that are still alive: found by a mark that children inherit."""

import contextlib
import os
import time

import psutil

RUN = "NURTURE_TEST_RUN"
"""Environment variable: the id of this run of the tests."""
PATIENCE = 8.0
"""Seconds that a process may take to end after its test."""


def left_over_processes() -> list[str]:
    """What is still alive after some patience, one line each; our own family excepted."""
    until = time.monotonic() + PATIENCE
    while (left := _marked()) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def _marked() -> list[str]:
    family = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid not in family and process.environ().get(RUN) == os.environ[RUN]:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
    return found
