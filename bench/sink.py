"""Mail servers to measure against, each in a process of its own: accept all, keep nothing.

`lean` is ours, as cheap as one can be, and counts; `smtp-sink` is postfix's, where it is installed. The first says what
a sender can do, the second is what others measure with.

    python -m bench.sink    prints its port; a line with the count at SIGUSR1, and at SIGTERM, which ends it
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Skipped
from bench.port import own_port

KINDS = ("lean", "smtp-sink")
STARTS_WITHIN = 20.0
_END = b"\r\n.\r\n"
_BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Sink:
    """One that runs."""

    kind: str
    port: int
    process: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        """Its process, for the CPU it takes from others."""
        return self.process.pid

    def count(self) -> int | None:
        """Mails accepted so far; None where the sink does not tell."""
        if self.kind != "lean":
            return None
        self.process.send_signal(signal.SIGUSR1)
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@contextmanager
def sink(kind: str = "lean") -> Iterator[Sink]:
    """A sink on a free port of the loopback.

    Raises:
        Skipped: It is `smtp-sink`, which is not installed.
    """
    running = _lean() if kind == "lean" else _postfix()
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(10)
        if running.process.stdout:
            running.process.stdout.close()


def _lean() -> Sink:
    root = Path(__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    return Sink("lean", int(process.stdout.readline()), process)


def _postfix() -> Sink:
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Skipped("smtp-sink is not installed (Debian: postfix)")
    port = own_port()
    command = [program, *(["-u", "nobody"] if os.geteuid() == 0 else []), f"127.0.0.1:{port}", str(_BACKLOG)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True)
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                process.kill()
                raise SystemExit("smtp-sink does not come up") from None
            time.sleep(0.02)
        else:
            return Sink("smtp-sink", port, process)


class _Connection(asyncio.Protocol):
    """One connection: commands and bodies as they come, any number in one packet (RFC 2920)."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.left, self.in_data = transport, b"", False
        transport.write(b"220 sink ESMTP\r\n")  # type: ignore[attr-defined]  # a Transport

    def data_received(self, data: bytes) -> None:
        data = self.left + data if self.left else data
        replies: list[bytes] = []
        at = 0
        while True:
            end = data.find(_END if self.in_data else b"\r\n", at)
            if end < 0:
                break
            replies.append(self._accepted() if self.in_data else self._reply(data[at : at + 4].upper()))
            at = end + (len(_END) if replies[-1] is _TAKEN else 2)
        # Of a body only its last four octets can be the beginning of its end.
        self.left = data[max(at, len(data) - len(_END) + 1) :] if self.in_data else data[at:]
        if replies:
            self.transport.write(b"".join(replies))  # type: ignore[attr-defined]

    def _accepted(self) -> bytes:
        _Connection.count += 1
        self.in_data = False
        return _TAKEN

    def _reply(self, verb: bytes) -> bytes:
        if verb == b"DATA":
            self.in_data = True
            return b"354 go\r\n"
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
        return b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.1.0 OK\r\n"


_TAKEN = b"250 2.0.0 taken\r\n"


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=_BACKLOG)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, lambda: print(_Connection.count, flush=True))
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    print(_Connection.count, flush=True)


if __name__ == "__main__":
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run  # type: ignore[assignment]
    run(_serve())
