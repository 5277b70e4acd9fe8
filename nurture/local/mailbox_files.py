"""The mailbox's own files: one a mail and recipient, in `new/`, named so that they sort by arrival.

Each begins with the trace that a mail server adds on delivery (RFC 5321 §4.4, and the customary `Delivered-To`), then
holds the message byte for byte as it came. Nothing of our database is in it: these files say what was really sent.
"""

import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

HOST = "mailbox.local"
NAME = re.compile(r"[0-9]{20}\.eml")
TRACE = re.compile(rb"Return-Path: <(.*)>\r\nDelivered-To: (.*)\r\nReceived: [^;]*;[^\r]*\r\n")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One accepted mail for one recipient. `data` is the message as the client sent it, dots unstuffed."""

    name: str
    sender: str
    recipient: str
    received_at: datetime
    data: bytes

    def message(self) -> EmailMessage:
        """The message, parsed."""
        return message_from_bytes(self.data, policy=policy.default)


class MailboxFiles:
    """A mailbox's directory, to write into and to read."""

    def __init__(self, directory: Path) -> None:
        self._new, self._drafts = directory / "new", directory / "tmp"
        for path in (self._new, self._drafts):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._last = max((int(name[:20]) for name in self.names()), default=0)

    def draft(self, sender: str, recipient: str, helo: str, data: bytes) -> Path:
        """Write a mail down, safe against a crash, but not yet where anybody looks. May run in a thread."""
        received = formatdate()
        trace = (
            f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\nReceived: from {helo} by {HOST}; {received}\r\n"
        )
        path = self._drafts / os.urandom(12).hex()
        with path.open("xb") as file:
            file.write(trace.encode() + data)
            file.flush()
            os.fsync(file.fileno())
        return path

    def put(self, draft: Path) -> str:
        """Move a draft in; its name. For one thread: names must appear in their own order, so that none is missed."""
        self._last = max(time.time_ns(), self._last + 1)
        name = f"{self._last:020d}.eml"
        draft.rename(self._new / name)
        return name

    def names(self, after: str = "") -> list[str]:
        """Names of all mails that came after the one so named, in the order of their arrival."""
        return sorted(
            name
            for name in os.listdir(self._new)  # noqa: PTH208
            if name > after and NAME.fullmatch(name)
        )

    def read(self, name: str) -> StoredMail:
        """One mail.

        Raises:
            FileNotFoundError: There is none of that name.
        """
        if not NAME.fullmatch(name):
            raise FileNotFoundError(name)
        raw = (self._new / name).read_bytes()
        trace = TRACE.match(raw)
        if trace is None:
            raise FileNotFoundError(name)
        received_at = datetime.fromtimestamp(int(name[:20]) / 1e9, UTC)
        return StoredMail(name, trace[1].decode(), trace[2].decode(), received_at, raw[trace.end() :])
