"""A file of events as it lies on the disk: its lines, how far it was read, and a digest of what was read."""

import gzip
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, cast

from nurture.errors import NotFound, NurtureError

LONGEST_LINE = 1_048_576
"""Bytes. An event of the Segment API has 32 KB at most; what an archive adds to it is not that much."""

STDIN = Path("-")
"""Stands for what comes through a pipe."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Line:
    """A line, counted from 1, without what ends it. `text` is None where it is longer than `LONGEST_LINE`."""

    number: int
    text: bytes | None


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file was read: so many bytes and lines, which have this digest."""

    position: int
    line: int
    digest: str


class Archive:
    """Lines of a file; iterating reads it, once, in bounded memory.

    Attributes:
        name: of the file, for people.
        size: bytes on the disk; None where nobody knows.
        line: how many lines were read.
        position: how many bytes of text were read; of a compressed file, what it unpacks to.
    """

    def __init__(self, name: str, file: BinaryIO, raw: BinaryIO, size: int | None) -> None:
        """Read `file`, which reads `raw`; `open_archive` puts them together."""
        self.name, self.size = name, size
        self.line = self.position = 0
        self._file, self._raw = file, raw
        self._hash = blake2b(digest_size=16)

    def __iter__(self) -> Iterator[Line]:
        while text := self._next():
            self.line += 1
            if self.line == 1:
                text = text.removeprefix(BOM_UTF8)
            text = text.rstrip(b"\r\n")
            yield Line(self.line, text if len(text) <= LONGEST_LINE else None)

    @property
    def read(self) -> int:
        """Bytes read on the disk, for a progress bar; 0 where nobody knows."""
        return 0 if self.size is None else self._raw.tell()

    @property
    def mark(self) -> Mark:
        """How far it was read."""
        return Mark(self.position, self.line, self._hash.hexdigest())

    def _next(self) -> bytes:
        """The next line with its end; of one that is too long its beginning. Nothing at the end."""
        try:
            portion = LONGEST_LINE + 2
            text = rest = self._file.readline(portion)
            self._note(text)
            while len(rest) == portion and not rest.endswith(b"\n"):
                rest = self._file.readline(portion)
                self._note(rest)
        except (OSError, EOFError, zlib.error) as error:
            raise NurtureError(f"{self.name}: cannot be read on after line {self.line:,} ({error})") from error
        return text

    def _note(self, text: bytes) -> None:
        self._hash.update(text)
        self.position += len(text)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a file of lines, compressed by gzip or not; `STDIN` is the standard input.

    Raises:
        NotFound: There is no such file.
        NurtureError: It cannot be read; while lines are read, too.
    """
    with ExitStack() as stack:
        try:
            raw = cast(BinaryIO, sys.stdin.buffer if path == STDIN else stack.enter_context(path.open("rb")))
            size = path.stat().st_size if path != STDIN and raw.seekable() else None
            peeked = raw.peek(2)[:2]  # type: ignore[attr-defined]  # both are buffered
        except FileNotFoundError as error:
            raise NotFound(f"{path}: there is no such file") from error
        except OSError as error:
            raise NurtureError(f"{path}: cannot be read ({error.strerror})") from error
        file = cast(BinaryIO, stack.enter_context(gzip.open(raw)) if peeked == _GZIP else raw)
        yield Archive("standard input" if path == STDIN else str(path), file, raw, size)
