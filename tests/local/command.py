"""A command that uses the embedded servers, as a process to start, look at and kill.

`python -m tests.local.command DIRECTORY [hurry]` tells both addresses when both servers run, and stays until its stdin
ends.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import psutil

from nurture.local import leftovers
from nurture.local.place import Place
from nurture.local.servers import LocalServers, local_servers

ROOT = Path(__file__).parents[2]


@contextmanager
def command(
    data: Path, *options: str, become: Callable[[], None] | None = None, python: Path = Path(sys.executable)
) -> Iterator[tuple["subprocess.Popen[str]", LocalServers]]:
    """A running command, and the addresses that it was given."""
    with start(data, *options, become=become, python=python) as process:
        yield process, told(process)


def start(
    data: Path, *options: str, become: Callable[[], None] | None = None, python: Path = Path(sys.executable)
) -> "subprocess.Popen[str]":
    """Start a command; it is not waited for."""
    return subprocess.Popen(
        [python, "-m", "tests.local.command", data, *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=become,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"},
    )


def told(process: "subprocess.Popen[str]") -> LocalServers:
    """The addresses that the command was given; waits for them."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, f"the command ended with status {process.wait()}"
    return LocalServers(**json.loads(line))


def alive(data: Path) -> list[psutil.Process]:
    """Every process of these servers: keepers, servers, their children."""
    place = Place(data.resolve())
    keepers = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if "nurture.local.keeper" in line and str(place.path) in line:
            keepers.append(process)
    found = [*keepers]
    for home in (place.postgres, place.valkey):
        if (home / "data").exists():
            found += leftovers.processes_in(home / "data")
    return found


def all_gone(data: Path, within: float) -> bool:
    """Whether every process of these servers ends by itself in time."""
    until = time.monotonic() + within
    while alive(data):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def has_ended(process: psutil.Process) -> bool:
    """Whether a process runs no more, waited for by its parent or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def keeper(data: Path) -> psutil.Process:
    """The one keeper of these servers."""
    [found] = [process for process in alive(data) if "nurture.local.keeper" in _words(process)]
    return found


def server(data: Path, name: str) -> psutil.Process:
    """The server of this name that the keeper started."""
    [found] = [child for child in keeper(data).children() if _name(child) == name]
    return found


def _words(process: psutil.Process) -> list[str]:
    """How it was begun; nothing of one that has ended meanwhile, such as one that PostgreSQL needs for a moment."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def _main() -> None:
    with local_servers(Path(sys.argv[1]), linger="hurry" not in sys.argv) as servers:
        sys.stdout.write(json.dumps(asdict(servers)) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _main()
