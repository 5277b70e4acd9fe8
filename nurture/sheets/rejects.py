"""The file of what could not be taken: line, reason, then the columns as they were. Mended, it can be imported."""

import csv
from pathlib import Path
from types import TracebackType
from typing import TextIO

from nurture.errors import NurtureError
from nurture.sheets.columns import REJECTS
from nurture.sheets.readings import Reject


def rejects_beside(path: Path) -> Path:
    """Where the rejects of a file go: `leads.csv` to `leads.rejects.csv` in the same folder."""
    return path.with_name(f"{path.stem}.rejects.csv")


class RejectsFile:
    """Written from the first reject on, in UTF-8 with commas; nothing to reject: no file.

    Attributes:
        count: how many rows are in it.
    """

    def __init__(self, path: Path | None) -> None:
        """With None, rejects are only counted."""
        self.count = 0
        self._path = path
        self._file: TextIO | None = None

    @property
    def path(self) -> Path | None:
        """The file, if one was written."""
        return self._path if self._file is not None else None

    def write(self, reject: Reject) -> None:
        """Add a row.

        Raises:
            NurtureError: The file cannot be written.
        """
        self.count += 1
        if self._path is None:
            return
        try:
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8", errors="replace", newline="")
                self._writer = csv.writer(self._file)
                self._writer.writerow([*REJECTS, *_without_rejects(reject.source.header, reject.source.header)])
            cells = _without_rejects(reject.source.header, reject.source.cells)
            self._writer.writerow([reject.line, reject.reason, *cells])
        except OSError as error:
            raise NurtureError(f"{self._path}: cannot be written ({error.strerror}); say --rejects FILE") from error

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _without_rejects(header: tuple[str, ...], cells: tuple[str, ...]) -> tuple[str, ...]:
    """Cells without the line and the reason that an earlier import gave."""
    return cells[len(REJECTS) :] if header[: len(REJECTS)] == REJECTS else cells
