"""One server: started on a free port of the loopback, waited for until it answers, stopped."""

import contextlib
import logging
import os
import re
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from nurture.errors import LocalServerError
from nurture.local import leftovers
from nurture.local.account import Account
from nurture.private import FOR_OWNER

LOOPBACK = "127.0.0.1"
PORTS_TO_TRY = 8
ANSWERS_WITHIN = 90.0
"""Seconds. After a crash PostgreSQL reads its log again, which takes a while on a slow disk."""
STOPS_WITHIN = 15.0
LARGEST_LOG = 5_000_000
PORT_IS_TAKEN = re.compile(r"address already in use|could not bind|could not create listening", re.IGNORECASE)

_log = logging.getLogger(__name__)


class Server(ABC):
    """A server process and how to deal with it. One kind a file: `postgres.py`, `valkey.py`."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, home: Path, account: Account) -> None:
        """`home` belongs to the account and holds `data`, where the server works, and the log."""
        self.home, self.account = home, account
        self.data, self.log = home / "data", home / "log"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make ready what must be there before a start. Called each time; what is there stays."""

    @abstractmethod
    def command(self, port: int) -> list[str | Path]:
        """What to run."""

    @abstractmethod
    def answers(self, port: int, pid: int) -> bool:
        """Whether the server of this process id takes requests at this port."""

    def start(self, port: int | None = None) -> None:
        """Start, at this port if it is free, and return when it answers.

        Raises:
            LocalServerError: It does not come up; the message ends with its own last words.
        """
        make_directory(self.home, self.account)
        self.end_leftovers()
        self.prepare()
        for wanted in [port, *[None] * PORTS_TO_TRY]:
            self.port = wanted or free_port()
            if self._came_up():
                return
        raise LocalServerError(f"{self.name}: found no free port on {LOOPBACK} in {PORTS_TO_TRY} tries")

    def _came_up(self) -> bool:
        """True when it answers, False when somebody took the port meanwhile."""
        before = self._open_log()
        until = time.monotonic() + ANSWERS_WITHIN
        process = self._process = self.run_in_background(self.command(self.port))
        while process.poll() is None:
            if self.answers(self.port, process.pid):
                return True
            if time.monotonic() > until:
                self.stop()
                raise LocalServerError(
                    f"{self.name}: does not answer after {ANSWERS_WITHIN:.0f} seconds; see {self.log}"
                )
            time.sleep(0.01)
        self._process = None
        words = self.log.read_bytes()[before:].decode(errors="replace")
        if PORT_IS_TAKEN.search(words):
            _log.info("port taken server=%s port=%s", self.name, self.port)
            return False
        raise LocalServerError(f"{self.name}: {last_words(words)}; see {self.log}")

    def _open_log(self) -> int:
        """Where the log of this start begins. A long one is begun anew, the one before kept."""
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LARGEST_LOG:
                self.log.replace(self.log.with_name("log.old"))
        os.close(os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, FOR_OWNER))
        self.account.own(self.log)
        return self.log.stat().st_size

    def run_in_background(self, command: list[str | Path]) -> subprocess.Popen[bytes]:
        """Start a program under the account, its words going to the log."""
        with self.log.open("ab") as log:
            try:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=clean_environment(),
                    start_new_session=True,
                    preexec_fn=self.account.become(self.stop_signal),  # noqa: PLW1509 the keeper has one thread
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise LocalServerError(
                    f"{command[0]}: cannot be started as user {self.account.uid} ({error})"
                ) from error

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask the server to stop, and make sure."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self.end_leftovers()

    def end_leftovers(self) -> None:
        """End what an earlier run, or a part of this one, left behind."""
        if self.data.exists() and (ended := leftovers.end(self.data, self.stop_signal, STOPS_WITHIN)):
            _log.warning("ended leftovers server=%s processes=%s", self.name, ended)


def make_directory(path: Path, account: Account) -> None:
    """A directory for the account alone."""
    path.mkdir(mode=0o700, exist_ok=True)
    account.own(path)


def free_port() -> int:
    """A port of the loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment() -> dict[str, str]:
    """Nothing of ours: neither secrets nor a PGOPTIONS or LC_ALL that would change how a server behaves."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def last_words(text: str) -> str:
    """The line that most likely says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|error", line, re.IGNORECASE)]
    return (telling or lines or ["ended without a word"])[-1]
