"""Child processes that end when we do, however we end: told so where we can, by a leash where we are killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nurture
from nurture.errors import LocalServerError
from nurture.local import leash
from nurture.local.server import last_words
from nurture.private import FOR_OWNER

STOPS_WITHIN = 8.0
"""Seconds that a child may take to end before it is killed."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process, the head of its own group, and the file that its words go to."""

    name: str
    process: "subprocess.Popen[str]"
    log: Path

    @property
    def failure(self) -> str:
        """How it ended, in one line."""
        status = self.process.poll()
        how = f"was killed by signal {-status}" if status and status < 0 else f"ended with status {status}"
        words = last_words(self.log.read_text(errors="replace")[-20_000:])
        return f"{self.name}: {how} ({words}); see {self.log}"


class Children:
    """Our children. Made by `children()`."""

    def __init__(self, logs: Path, leashed: "subprocess.Popen[str]") -> None:
        self._logs, self._leash = logs, leashed
        self._all: list[Child] = []

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, speaks: bool = False
    ) -> Child:
        """Start a process of its own group and session; its words go to `logs/NAME.log`.

        Args:
            name: what people call it.
            command: the program and its arguments.
            environment: all of it.
            speaks: its stdout comes to us instead.

        Raises:
            LocalServerError: It cannot be started.
        """
        log = self._logs / f"{name}.log"
        leash_end = self._leash_end()
        with os.fdopen(os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, FOR_OWNER), "a") as words:
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if speaks else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if speaks else words,
                    stderr=words,
                    env=dict(environment),
                    text=True,
                    start_new_session=True,
                    preexec_fn=lambda: _join(leash_end),  # noqa: PLW1509 - one write, before exec; no lock is taken
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise LocalServerError(f"{name}: {command[0]} cannot be started ({error})") from error
        child = Child(name, process, log)
        self._all.append(child)
        return child

    def check(self) -> None:
        """See that all are alive.

        Raises:
            LocalServerError: One is not; the message says which, and its last words.
        """
        for child in self._all:
            if child.process.poll() is not None:
                raise LocalServerError(child.failure)
        if self._leash.poll() is not None:
            raise LocalServerError("the leash that ends all processes with this one is gone")

    def let_go(self, child: Child) -> None:
        """Forget a child that has ended as it should."""
        self._all.remove(child)
        self._leave(child)

    def stop(self, *names: str) -> None:
        """Ask those of these names, or all, to end, and make sure. Nothing of their groups is left."""
        ending = [child for child in self._all if not names or child.name in names]
        for child in ending:
            _tell(child, signal.SIGTERM)
        until = time.monotonic() + STOPS_WITHIN
        for child in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, until - time.monotonic()))
            _tell(child, signal.SIGKILL)  # whoever of the group is left; nobody, as a rule
            child.process.wait()
            self.let_go(child)
            for pipe in (child.process.stdin, child.process.stdout):
                if pipe is not None:
                    pipe.close()

    def _leave(self, child: Child) -> None:
        with contextlib.suppress(OSError):
            os.write(self._leash_end(), f"-{child.process.pid}\n".encode())

    def _leash_end(self) -> int:
        assert self._leash.stdin is not None  # noqa: S101 - it was made with one
        return self._leash.stdin.fileno()


@contextlib.contextmanager
def children(logs: Path) -> Iterator[Children]:
    """Children for as long as the block lasts; their logs go to this directory."""
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", leash.__name__],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": search_path()},
        start_new_session=True,
        text=True,
    ) as leashed:
        ours = Children(logs, leashed)
        try:
            yield ours
        finally:
            ours.stop()


def search_path() -> str:
    """For a child's PYTHONPATH: where this package was found, then what was set."""
    ours = str(Path(nurture.__file__).parents[1])
    return os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])


def _join(leash_end: int) -> None:
    """In the child, before it becomes the program: from here on its group ends with us."""
    os.write(leash_end, f"{os.getpid()}\n".encode())


def _tell(child: Child, what: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, what)
