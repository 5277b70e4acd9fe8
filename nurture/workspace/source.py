"""One file's text, and where in it a character stands."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from nurture.errors import Problem
from nurture.workspace.codes import NOT_UTF8, TOO_LARGE, UNREADABLE, Code

LARGEST = 1_000_000
"""Octets; a campaign of a thousand steps has a tenth of it."""


@dataclass(frozen=True)
class Source:
    """A file as text.

    Attributes:
        file: its path below the workspace, with `/`.
        path: where it lies.
        text: what stands in it, without a byte order mark, and its lines ended as on Unix, however the file ends them.
        version: the SHA-256 of its octets, in hex.
    """

    file: str
    path: Path
    text: str
    version: str = ""

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(index + 1 for index, character in enumerate(self.text) if character == "\n")]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at an offset; the end of the text for any larger one."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def problem(self, code: Code, offset: int, message: str, hint: str | None = None) -> Problem:
        """An error at an offset of this file, in one line whatever was quoted."""
        line, column = self.place(offset)
        message, hint = " ".join(message.split()), hint and " ".join(hint.split())
        return Problem(self.file, line, column, message, hint, code=code.code)


def read_source(path: Path, file: str) -> Source | Problem:
    """Read a file, or say why that cannot be done."""
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        return Problem(file, 1, 1, f"the file cannot be read: {reason}", code=UNREADABLE.code)
    if len(data) > LARGEST:
        return Problem(file, 1, 1, f"the file has more than {LARGEST:,} bytes", code=TOO_LARGE.code)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        line, column = len(before), len(before[-1].decode("utf-8-sig", "replace")) + 1
        return Problem(
            file,
            line,
            column,
            "the file is not UTF-8 from here on",
            "save it with the encoding UTF-8",
            code=NOT_UTF8.code,
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Source(file, path, text, sha256(data).hexdigest())
