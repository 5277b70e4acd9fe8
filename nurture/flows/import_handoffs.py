"""Take in the handoffs that another CRM had, with what became of them. Nobody is told, offered, or mailed by it.

A batch is a transaction. The CRM's own ids make it safe to import a file again: a row that says the same changes
nothing, one that says more changes the handoff that it made. A handoff of our own is never changed by a file.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization, transaction, words_of
from nurture.flows.taking_deals import Taken, take_deals
from nurture.sheets.deals import Deal
from nurture.sheets.readings import Reject
from nurture.sheets.rejects import RejectsFile

BATCH = 1000
TRIES = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportedHandoffs:
    """What became of the rows of a file: `read` is `created` + `updated` + `unchanged` + `rejected`.

    `leads` were made for them, `nobodys` of these without an address.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    leads: int = 0
    nobodys: int = 0
    rejects_file: Path | None = None


@dataclass(slots=True)
class _Tally:
    rejects: RejectsFile
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    leads: int = 0
    nobodys: int = 0

    @property
    def read(self) -> int:
        return self.created + self.updated + self.unchanged + self.rejects.count

    def add(self, taken: Taken) -> None:
        self.created += taken.created
        self.updated += taken.updated
        self.unchanged += taken.unchanged
        self.leads += taken.leads
        self.nobodys += taken.nobodys
        for reject in taken.rejects:
            self.rejects.write(reject)


def import_handoffs(
    app: App,
    rows: Iterable[Deal | Reject],
    now: datetime,
    *,
    rejects: Path | None = None,
    progress: Callable[[int], None] | None = None,
    by: str = "import",
    batch: int = BATCH,
) -> ImportedHandoffs:
    """Store what the rows say, row after row: of two rows with one id the later one says how it stands.

    Args:
        app: where leads live.
        rows: deals and rejects, as `nurture.sheets.deals` reads them.
        now: business time.
        rejects: where rejected rows are written, if there are any; None: nowhere.
        progress: told, after each batch, how many rows have been dealt with.
        by: who says so, for the log of each handoff.
        batch: rows a transaction.

    Raises:
        NurtureError: The rejects cannot be written.
    """
    stream = iter(rows)
    with RejectsFile(rejects) as written:
        tally = _Tally(written)
        while read := list(islice(stream, batch)):
            for row in read:
                if isinstance(row, Reject):
                    written.write(row)
            for deals in _without_twins([row for row in read if isinstance(row, Deal)]):
                _take(app, deals, now, by, tally)
            if progress is not None:
                progress(tally.read)
        return ImportedHandoffs(
            tally.read, tally.created, tally.updated, tally.unchanged, written.count, tally.leads, tally.nobodys,
            written.path,
        )  # fmt: skip


def _without_twins(deals: Sequence[Deal]) -> Iterable[list[Deal]]:
    """The same in turns, none of which has one id twice."""
    turn: dict[str, Deal] = {}
    for deal in deals:
        if deal.id in turn:
            yield list(turn.values())
            turn = {}
        turn[deal.id] = deal
    if turn:
        yield list(turn.values())


def _take(app: App, deals: Sequence[Deal], now: datetime, by: str, tally: _Tally) -> None:
    """One batch; where it cannot be stored as a whole, row by row."""
    try:
        tally.add(_store(app, deals, now, by))
    except Exception as error:
        if is_away(error):
            raise  # no row is to blame
        if len(deals) == 1:
            log.warning(
                "a row could not be stored", extra={"line": deals[0].source.line, "error": type(error).__name__}
            )
            tally.rejects.write(Reject(f"cannot be stored: {words_of(error)}", deals[0].source))
            return
        log.warning("a batch could not be stored; its rows are stored one by one", extra={"rows": len(deals)})
        for deal in deals:
            _take(app, [deal], now, by, tally)


def _store(app: App, deals: Sequence[Deal], now: datetime, by: str) -> Taken:
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                return take_deals(db, app, deals, by=by, now=now)
        except Exception as error:
            if attempt + 1 == TRIES or not is_deadlock_or_serialization(error):
                raise
    raise AssertionError("unreachable")
