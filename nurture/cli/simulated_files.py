"""Where single leads of a simulation go when they are asked for: JSON, a CSV, and the page. Written as they live."""

import csv
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from nurture.errors import NurtureError
from nurture.lab.assigning import Offer, offer
from nurture.lab.letters import Letters
from nurture.lab.page import page
from nurture.lab.records import Handoff, Lived
from nurture.lab.running import Aside, Asked
from nurture.lab.tally import Tally
from nurture.lab.told import delivery_row, exit_row, figures, handoff_rows
from nurture.workspace import Workspace

_IN_MEMORY = 4_000_000
"""Bytes of exits that are kept in memory until all mails are written; the rest waits on disk."""


class JsonDocument:
    """One JSON document on stdout; what belongs to single leads is written while they live, so that none is kept."""

    def __init__(self, letters: Letters) -> None:
        """Nothing is written yet."""
        self._letters = letters
        self._exits: IO[str] = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115
        self._handoffs: dict[Offer, Handoff] = {}
        self._leads = self._mails = self._left = 0

    def __enter__(self) -> "JsonDocument":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    def add(self, lived: Lived) -> None:
        """Write a lead's mails."""
        if not self._leads:
            sys.stdout.write('{"deliveries": [')
        self._leads += 1
        for mail in lived.deliveries:
            sys.stdout.write((",\n" if self._mails else "\n") + _json(delivery_row(mail, self._letters.subject(mail))))
            self._mails += 1
        for left in lived.exits:
            self._exits.write((",\n" if self._left else "\n") + _json(exit_row(left)))
            self._left += 1
        for handoff in lived.handoffs:
            self._handoffs[offer(handoff, self._leads)] = handoff

    def close(self, tally: Tally, aside: Aside, seed: int) -> None:
        """Write the rest."""
        if not self._leads:
            sys.stdout.write('{"deliveries": [')
        sys.stdout.write('],\n"exits": [')
        self._exits.seek(0)
        shutil.copyfileobj(self._exits, sys.stdout)
        rest = {
            "handoffs": handoff_rows(tally, self._handoffs),
            "seed": seed,
            **figures(tally),
            "rejected": aside.bad_row_count,
            "rejects": [{"line": row.line, "reason": row.reason} for row in aside.bad_rows],
            "events_rejected": aside.bad_line_count,
            "event_rejects": [{"line": line.line, "reason": line.reason} for line in aside.bad_lines],
        }
        sys.stdout.write(f"],\n{_json(rest)[1:]}\n")


class CsvFile:
    """Every mail as a row."""

    COLUMNS = ("at", "local", "lead", "campaign", "step", "template", "subject")

    def __init__(self, path: Path, letters: Letters) -> None:
        """Begin the file.

        Raises:
            NurtureError: It cannot be written.
        """
        self._letters = letters
        try:
            self._file = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise NurtureError(f"--csv: {path} cannot be written ({error.strerror})") from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(self.COLUMNS)

    def __enter__(self) -> "CsvFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, lived: Lived) -> None:
        """Write a lead's mails."""
        for mail in lived.deliveries:
            row = delivery_row(mail, self._letters.subject(mail))
            self._writer.writerow([row[name] for name in self.COLUMNS])


def write_page(path: Path, tally: Tally, workspace: Workspace, asked: Asked) -> None:
    """Write the page with charts.

    Raises:
        NurtureError: It cannot be written.
    """
    how = (
        f"People behave by rates, seed {asked.seed}."
        if not asked.rates.is_silent
        else "Nobody does anything by itself."
    )
    if asked.events is not None:
        how = f"They did what {asked.events.name} says. " + how
    told = page(figures(tally), company=workspace.agreement.company.name, file=asked.leads.name, how=how)
    try:
        path.write_text(told, encoding="utf-8")
    except OSError as error:
        raise NurtureError(f"--html: {path} cannot be written ({error.strerror})") from error


def _json(row: Any) -> str:
    return orjson.dumps(row, default=str).decode()
