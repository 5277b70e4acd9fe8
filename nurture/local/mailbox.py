"""A real mail server for one machine: SMTP on the loopback, every accepted mail a file, and a page to read them.

`python -m nurture.local.mailbox DIRECTORY [--smtp-port N] [--http-port N]` prints one line of JSON when it is ready,
and runs until SIGTERM. What is answered with 250 is on disk. To see how a refusal is dealt with, write to
`anybody+refuse@…` (550, no such mailbox) or `anybody+later@…` (451, try again later).
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import uvicorn

import nurture
from nurture.errors import LocalServerError
from nurture.local.mailbox_files import HOST, MailboxFiles
from nurture.local.mailbox_page import mailbox_page
from nurture.local.smtp_server import Envelope, Refuse, SmtpServer

LOOPBACK = "127.0.0.1"
READY_WITHIN = 20.0
WRITERS = 8


@dataclass(frozen=True, slots=True)
class MailboxAddresses:
    """Where a running mailbox is: for MAIL_URL, and for a browser."""

    smtp: str
    page: str


def refuse_by_tag(recipient: str) -> str | None:
    """Refuse whom the address itself asks to refuse."""
    local = recipient.rpartition("@")[0].lower()
    if local.endswith("+refuse"):
        return "550 5.1.1 no such mailbox"
    if local.endswith("+later"):
        return "451 4.7.1 not now, try again later"
    return None


class Mailbox:
    """The mail server in a thread of this process: `with Mailbox(directory) as mailbox: mailbox.addresses.smtp …`."""

    def __init__(
        self, directory: Path, *, smtp_port: int = 0, http_port: int = 0, refuse: Refuse = refuse_by_tag
    ) -> None:
        self.files = MailboxFiles(directory)
        self._sockets = _listen(smtp_port, "--smtp-port"), _listen(http_port, "--http-port")
        smtp, http = (found.getsockname()[1] for found in self._sockets)
        self.addresses = MailboxAddresses(f"smtp://{LOOPBACK}:{smtp}", f"http://{LOOPBACK}:{http}/")
        self._refuse = refuse
        self._writers = ThreadPoolExecutor(WRITERS, "mailbox-writer")
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        for listening in self._sockets:
            listening.close()

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())
            self._writers.shutdown()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _serve(self) -> None:
        server = SmtpServer(HOST, self._store, self._refuse)
        listening = await self._loop.create_server(server, sock=self._sockets[0])
        config = uvicorn.Config(mailbox_page(self.files), log_config=None, access_log=False, lifespan="off")
        page = uvicorn.Server(config)
        showing = asyncio.create_task(page.serve(sockets=[self._sockets[1]]))
        await self._stop.wait()
        listening.close()
        await server.close()
        page.should_exit = True
        await showing

    async def _store(self, envelope: Envelope) -> None:
        """Write one file a recipient. Threads, because waiting for the disk is most of the work."""
        for recipient in envelope.recipients:
            drafting = (envelope.sender, recipient, envelope.helo, envelope.data)
            self.files.put(await self._loop.run_in_executor(self._writers, self.files.draft, *drafting))


@contextlib.contextmanager
def mailbox_process(directory: Path, *, smtp_port: int = 0, http_port: int = 0) -> Iterator[MailboxAddresses]:
    """The mail server as a process of its own, for as long as the block lasts. It also ends when we are killed.

    Raises:
        LocalServerError: It does not come up.
    """
    command = [sys.executable, "-P", "-m", "nurture.local.mailbox", str(directory), "--while-stdin-is-open"]
    command += ["--smtp-port", str(smtp_port), "--http-port", str(http_port)]
    path = os.pathsep.join([str(Path(nurture.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        try:
            yield MailboxAddresses(**json.loads(_first_line(process)))
        finally:
            process.terminate()


def _first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # noqa: S101
    if line := process.stdout.readline():
        return line
    raise LocalServerError(f"the local mailbox does not come up (exit status {process.wait()})")


def _listen(port: int, name: str) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise LocalServerError(f"{name}: port {port} cannot be had ({error.strerror}); 0 takes any free one") from error
    listening.listen(512)
    return listening


def _set_at_end_of_stdin(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def main(arguments: list[str]) -> int:
    """Run a mailbox until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m nurture.local.mailbox", description="A mail server to try things on."
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--smtp-port", type=int, default=0, metavar="N")
    parser.add_argument("--http-port", type=int, default=0, metavar="N")
    parser.add_argument("--while-stdin-is-open", action="store_true", help="end with the process at its other end")
    asked = parser.parse_args(arguments)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    try:
        with Mailbox(asked.directory, smtp_port=asked.smtp_port, http_port=asked.http_port) as mailbox:
            sys.stdout.write(json.dumps(asdict(mailbox.addresses)) + "\n")
            sys.stdout.flush()
            if asked.while_stdin_is_open:
                threading.Thread(target=_set_at_end_of_stdin, args=(stop,), daemon=True).start()
            stop.wait()
    except LocalServerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
