"""What a receiver has taken: one line a mail, written before it answers, read by the audit."""

import os
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

_FEEDBACK_ID = re.compile(rb"(?mi)^Feedback-ID:\s*([^:\s]*:[^:\s]*)")
_LINK = re.compile(rb"https?://[\w.:-]+/c/[\w.~-]+")
LAST = 1000
"""Octets by which a file is known again: a few lines, which no other file ends with at that place."""
_MESSAGE_ID = re.compile(rb"(?mi)^(?:Message-ID|References):\s*(<[^>\s]+>)")


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail. `at` is machine time in seconds; `by` the protocol; `key` an idempotency key.

    `step` is what the mail itself says that it is: campaign and step, as its `Feedback-ID` begins; `link` the first
    link in it that tells us of its click.
    """

    at: float
    by: str
    recipient: str
    message_id: str
    key: str = ""
    step: str = ""
    link: str = ""

    @property
    def token(self) -> str:
        """What names the delivery."""
        return self.message_id.strip("<>").partition("@")[0]


class Mailbox:
    """The receiver's end. A line is one write at the file's end, so a receiver may be killed at any moment."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def keep(self, by: str, recipient: str, message_id: str, key: str = "", step: str = "", link: str = "") -> Kept:
        kept = Kept(time.time(), by, recipient, message_id, key, step, link)
        os.write(self._file, orjson.dumps(asdict(kept)) + b"\n")
        return kept

    def close(self) -> None:
        os.close(self._file)


def read_mailbox(path: Path) -> list[Kept]:
    """All that a receiver has taken, in order."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [Kept(**orjson.loads(line)) for line in lines[:-1]]


@dataclass
class Reader:
    """Reads what has come since it read last, and all of it where the file is not the one that it knows."""

    path: Path
    _known: list[Kept] = field(default_factory=list)
    _at: int = 0
    _last: bytes = b""

    def mails(self) -> list[Kept]:
        try:
            with self.path.open("rb") as file:
                file.seek(self._at - len(self._last))
                if file.read(len(self._last)) != self._last:
                    self._known, self._at, self._last = [], 0, b""
                    file.seek(0)
                new = file.read()
        except FileNotFoundError:
            return []
        whole = new[: new.rfind(b"\n") + 1]
        self._known += [Kept(**orjson.loads(line)) for line in whole.splitlines()]
        self._at += len(whole)
        self._last = whole[-LAST:] or self._last
        return list(self._known)


def message_id_of(data: bytes) -> str:
    """The mail's own name; empty where it has none."""
    found = _MESSAGE_ID.search(data.partition(b"\r\n\r\n")[0])
    return found[1].decode("ascii", "replace") if found else ""


def link_of(data: bytes) -> str:
    """The first link that tells us of its click, out of quoted-printable or plain text; empty where there is none."""
    found = _LINK.search(data.replace(b"=\r\n", b""))
    return found[0].decode("ascii") if found else ""


def step_of(data: bytes) -> str:
    """Which campaign's step the mail says it is; empty for mails of no campaign."""
    found = _FEEDBACK_ID.search(data.partition(b"\r\n\r\n")[0])
    return found[1].decode("ascii", "replace") if found else ""
