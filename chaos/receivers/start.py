"""Starts receivers, tells them how to behave, and reads what they have taken."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from chaos.receivers.mailbox import Kept, Reader
from chaos.receivers.manners import GOOD, Manners
from chaos.receivers.serving import MAILS, MANNERS, PORT

Speaks = Literal["smtp", "esp", "news"]
ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 20.0


@dataclass
class Receiver:
    """A receiver's process, from outside. It keeps its port and its mailbox over a restart.

    `usual` is how it behaves where nothing else is said.
    """

    speaks: Speaks
    folder: Path
    port: int = 0
    usual: Manners = GOOD
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _reader: Reader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reader = Reader(self.folder / MAILS)

    def start(self) -> None:
        """Start it, on the port that it had; returns once it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / PORT).unlink(missing_ok=True)
        self.usual.write(self.folder / MANNERS)
        self._process = subprocess.Popen(
            (sys.executable, "-m", f"chaos.receivers.{self.speaks}", str(self.folder), str(self.port)),
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        ends_at = time.monotonic() + STARTS_WITHIN
        while not (self.folder / PORT).exists():
            if self._process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"the {self.speaks} receiver does not start")
            time.sleep(0.01)
        self.port = int((self.folder / PORT).read_text())

    def behave(self, manners: Manners | None = None) -> None:
        """From its next step on; as usual where nothing is said."""
        (manners or self.usual).write(self.folder / MANNERS)

    def kill(self) -> None:
        """SIGKILL: what it has taken, it has."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def mails(self) -> list[Kept]:
        """All that it has taken since the beginning, in order."""
        return self._reader.mails()

    @property
    def size(self) -> int:
        """Octets of its mailbox: more than before where it has taken something."""
        path = self.folder / MAILS
        return path.stat().st_size if path.exists() else 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def mail_url(self, scheme: str = "", **options: object) -> str:
        """For MAIL_URL: `smtp`, or `postmark` or `resend` for a provider's API."""
        if self.speaks == "esp":
            options["api"] = f"http://127.0.0.1:{self.port}"
        behind = "&".join(f"{name}={value}" for name, value in options.items())
        host = f"127.0.0.1:{self.port}" if self.speaks == "smtp" else "TOKEN"
        return f"{scheme or 'smtp'}://{host}{'?' if behind else ''}{behind}"


@contextmanager
def receiving(speaks: Speaks, folder: Path, usual: Manners = GOOD) -> Iterator[Receiver]:
    """A receiver for as long as the block lasts."""
    receiver = Receiver(speaks, folder, usual=usual)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.kill()
