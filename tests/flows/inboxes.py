"""A real IMAP server (pymap) for tests: it keeps its mails in memory, and runs as a process of its own."""

import contextlib
import imaplib
import subprocess
import sys
import time
from collections.abc import Iterator

from nurture.local.server import free_port

USER, PASSWORD = "nurture", "secret word"
READY_WITHIN = 20.0


class ImapServer:
    """Where it is, and a hand that stays in its mailbox: to log in takes it a second."""

    def __init__(self, port: int) -> None:
        """Log in."""
        self.url = f"imap://{USER}:secret%20word@127.0.0.1:{port}/INBOX"
        self._client = imaplib.IMAP4("127.0.0.1", port, timeout=20)
        self._client.login(USER, PASSWORD)

    def put(self, *mails: bytes) -> None:
        """Let mails arrive."""
        for mail in mails:
            self._client.append("INBOX", "", "", mail)

    def flags(self) -> list[bool]:
        """Which of the mails are marked as read, in order."""
        self._client.select("INBOX", readonly=True)
        _, found = self._client.fetch("1:*", "(FLAGS)")
        return [b"\\Seen" in part for part in found if isinstance(part, bytes)]

    def mark_all(self, flag: str) -> None:
        """Set a flag on every mail; `\\Deleted` ones go."""
        self._client.select("INBOX")
        self._client.store("1:*", "+FLAGS", f"({flag})")
        self._client.expunge()

    def leave(self) -> None:
        """Log out."""
        self._client.logout()


@contextlib.contextmanager
def imap_server() -> Iterator[ImapServer]:
    """One that answers; it ends with the block."""
    port = free_port()
    command = [sys.executable, "-c", "from pymap.main import main; main()", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--no-tls", "--no-service", "managesieve", "dict", "--demo-user", USER, "--demo-password", PASSWORD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            _wait_for(port, process)
            server = ImapServer(port)
            yield server
            server.leave()
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"pymap ended: {process.communicate()[0].decode()[-800:]}")
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            imaplib.IMAP4("127.0.0.1", port, timeout=2).logout()
            return
        time.sleep(0.1)
    raise AssertionError("pymap does not answer")
