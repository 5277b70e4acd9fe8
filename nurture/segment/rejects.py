"""The file of lines of which nothing could be made: each with its number, the reason, and what it said.

Mended, it can be imported as it is: `unwrapped` takes the event out of such a line.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import orjson

from nurture.errors import NurtureError

_KEYS = frozenset({"line", "reason", "event"})


def rejects_beside(path: Path) -> Path:
    """Where the rejects of a file go: `events.jsonl.gz` to `events.rejects.jsonl` in the same folder."""
    name = path.name.removesuffix(".gz")
    for ending in (".jsonl", ".ndjson", ".json", ".log"):
        name = name.removesuffix(ending)
    return path.with_name(f"{name}.rejects.jsonl")


def unwrapped(text: bytes) -> bytes:
    """The event of a line of a rejects file; any other line as it is."""
    if not text.startswith(b'{"line":'):
        return text
    try:
        said = orjson.loads(text)
    except ValueError:
        return text
    if said.keys() != _KEYS or not isinstance(said["line"], int):
        return text
    event = said["event"]
    return event.encode() if isinstance(event, str) else orjson.dumps(event)


class RejectsFile:
    """Written from the first reject on; nothing to reject: no file.

    Attributes:
        count: how many lines were added.
    """

    def __init__(self, path: Path | None, *, after: int = 0) -> None:
        """With None, rejects are only counted. An import that goes on after a line keeps the rejects up to it."""
        self.count = 0
        self._path, self._after = path, after
        self._file: BinaryIO | None = None

    @property
    def path(self) -> Path | None:
        """The file, if one was written or went on with."""
        return self._path if self._file is not None else None

    def write(self, line: int, reason: str, text: bytes) -> None:
        """Add a line.

        Raises:
            NurtureError: The file cannot be written.
        """
        self.count += 1
        if self._path is None:
            return
        try:
            self._opened(self._path).write(_said(line, reason, text) + b"\n")
        except OSError as error:
            raise self._refusal(error) from error

    def flush(self) -> None:
        """See that what was written outlives this process.

        Raises:
            NurtureError: The file cannot be written.
        """
        try:
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            raise self._refusal(error) from error

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _opened(self, path: Path) -> BinaryIO:
        if self._file is None:
            kept = list(_up_to(path, self._after)) if self._after else []
            self._file = path.open("wb")
            self._file.writelines(kept)
        return self._file

    def _refusal(self, error: OSError) -> NurtureError:
        return NurtureError(f"{self._path}: cannot be written ({error.strerror}); say --rejects FILE")


def _said(line: int, reason: str, text: bytes) -> bytes:
    try:
        event = orjson.loads(text)
    except ValueError:
        event = text.decode("utf-8", "replace")
    return orjson.dumps({"line": line, "reason": reason, "event": event})


def _up_to(path: Path, last: int) -> Iterator[bytes]:
    """What an earlier run rejected up to this line of its file. It may have been stopped in the middle of one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for text in file:
            try:
                said = orjson.loads(text)
            except ValueError:
                return
            if isinstance(said, dict) and isinstance(said.get("line"), int) and said["line"] <= last:
                yield text
