"""What a receiver has taken: one line a mail, written before it answers, read by the audit."""

import os
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

_FEEDBACK_ID = re.compile(rb"(?mi)^Feedback-ID:\s*([^:\s]*:[^:\s]*)")
_MESSAGE_ID = re.compile(rb"(?mi)^(?:Message-ID|References):\s*(<[^>\s]+>)")


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail. `at` is machine time in seconds; `by` the protocol; `key` an idempotency key.

    `step` is what the mail itself says that it is: campaign and step, as its `Feedback-ID` begins.
    """

    at: float
    by: str
    recipient: str
    message_id: str
    key: str = ""
    step: str = ""

    @property
    def token(self) -> str:
        """What names the delivery."""
        return self.message_id.strip("<>").partition("@")[0]


class Mailbox:
    """The receiver's end. A line is one write at the file's end, so a receiver may be killed at any moment."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def keep(self, by: str, recipient: str, message_id: str, key: str = "", step: str = "") -> Kept:
        kept = Kept(time.time(), by, recipient, message_id, key, step)
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


def message_id_of(data: bytes) -> str:
    """The mail's own name; empty where it has none."""
    found = _MESSAGE_ID.search(data.partition(b"\r\n\r\n")[0])
    return found[1].decode("ascii", "replace") if found else ""


def step_of(data: bytes) -> str:
    """Which campaign's step the mail says it is; empty for mails of no campaign."""
    found = _FEEDBACK_ID.search(data.partition(b"\r\n\r\n")[0])
    return found[1].decode("ascii", "replace") if found else ""
