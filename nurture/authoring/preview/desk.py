"""What lies on the desk: the newest edition of the files, the leads, the mails made of both; renewed at every save."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Lock, Thread

from nurture.authoring.preview.edition import Edition, in_order, read_edition
from nurture.authoring.preview.leads import Chosen, FindLead, SheetOfLeads, choose, read_sheet, terms
from nurture.authoring.preview.mailroom import Mailroom
from nurture.authoring.preview.subjects import read_subjects
from nurture.authoring.preview.watching import Fingerprint, fingerprint
from nurture.errors import NurtureError, Problem

Check = Callable[[Path], list[Problem]]
"""Finds everything that is wrong with a workspace."""
LOOK_EVERY = 0.25
"""Seconds between two looks at the files."""
SETTLED_AFTER = 0.05
"""Seconds without a change until a save counts as done: programs empty a file before they fill it."""

_log = logging.getLogger(__name__)


class Desk:
    """Everything that pages are made of. Its methods may be called from any thread.

    Attributes:
        closing: set when the server stops, for those who wait.
    """

    def __init__(
        self,
        root: Path,
        *,
        now: Callable[[], datetime],
        check: Check,
        base_url: str,
        leads: Path | None = None,
        find: FindLead | None = None,
    ) -> None:
        """Read everything once.

        Raises:
            NotFound: There is no workspace.
            NurtureError: The sheet of leads cannot be read.
        """
        self.root, self.now, self.find = root, now, find
        self.mailroom = Mailroom(base_url)
        self.closing = Event()
        self._check, self._sheet_path = check, leads
        self._lock, self._unchecked = Lock(), Event()
        self._seen = self._fingerprint()
        self._edition = read_edition(root, None, now())
        read_subjects(self._edition)
        self._sheet = self._read_sheet()
        if self._sheet is not None and self._sheet.error is not None:
            raise NurtureError(self._sheet.error)
        self._unchecked.set()

    @property
    def edition(self) -> Edition:
        """The newest one."""
        return self._edition

    @property
    def sheet(self) -> SheetOfLeads | None:
        """The leads of `--leads`."""
        return self._sheet

    def choose(self, asked: str) -> Chosen | str:
        """The lead that a URL names, or why there is none."""
        return choose(asked, self._sheet, self.edition.book, self.now(), self.find)

    def start(self) -> None:
        """Look at the files from now on, and check them in the background, until `closing` is set."""
        for name, work in (("preview-watch", self._watch), ("preview-check", self._keep_checking)):
            Thread(target=work, name=name, daemon=True).start()

    def look(self) -> bool:
        """Read anew if a file has changed since the last look; tells whether."""
        seen = self._fingerprint()
        if seen == self._seen:
            return False
        while not self.closing.wait(SETTLED_AFTER):
            before, seen = seen, self._fingerprint()
            if before == seen:
                break
        self._renew(seen)
        return True

    def check_now(self) -> None:
        """Find what is wrong with the edition as it is, and publish it with the next number."""
        self._unchecked.clear()
        edition = self.edition
        try:
            found = self._check(self.root)
        except NurtureError as error:
            found = list(getattr(error, "problems", ())) or [Problem("", 1, 1, str(error))]
        except Exception:  # whatever becomes of a check, the mails can be looked at
            _log.exception("the check failed")
            found = []
        problems = in_order([*edition.problems, *(_below(self.root, problem) for problem in found)])
        with self._lock:
            if self._edition is edition:
                self._edition = replace(edition, number=edition.number + 1, problems=problems, checked=True)

    def _renew(self, seen: Fingerprint) -> None:
        seen_at = self.now()
        edition = read_edition(self.root, self.edition, seen_at)
        read_subjects(edition)
        with self._lock:
            sheet_changed = seen.get(self._sheet_path) != self._seen.get(self._sheet_path)
            terms_changed = terms(edition.book, seen_at) != terms(self._edition.book, seen_at)
            # Until they are checked anew, files that have not changed keep what is known to be wrong with them.
            same = {file for file, text in edition.texts.items() if self._edition.texts.get(file) == text}
            kept = [problem for problem in self._edition.problems if problem.file in same]
            self._seen = seen
            self._edition = replace(edition, problems=in_order([*edition.problems, *kept]))
        if sheet_changed or (terms_changed and self._sheet is not None):
            self._sheet = self._read_sheet()
        self._unchecked.set()

    def _watch(self) -> None:
        while not self.closing.wait(LOOK_EVERY):
            try:
                self.look()
            except Exception:  # a folder moved away under our eyes comes back, or does not
                _log.exception("the files could not be looked at")

    def _keep_checking(self) -> None:
        while not self.closing.is_set():
            if self._unchecked.wait(LOOK_EVERY):
                self.check_now()

    def _fingerprint(self) -> Fingerprint:
        return fingerprint(self.root, self._sheet_path)

    def _read_sheet(self) -> SheetOfLeads | None:
        return None if self._sheet_path is None else read_sheet(self._sheet_path, self.edition.book, self.now())


def _below(root: Path, problem: Problem) -> Problem:
    """The problem with its file's path below the workspace, however the check was asked."""
    for prefix in (f"{root.as_posix()}/", "./"):
        if problem.file.startswith(prefix):
            return replace(problem, file=problem.file.removeprefix(prefix))
    return problem
