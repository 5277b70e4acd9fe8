"""Take in a file of leads: new ones arrive or are refused, known ones are updated, rejects are written down.

A batch is a transaction. Should the import stop half way, what was committed stays; imported once more, a file changes
nothing that it has changed already.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from nurture.app import App
from nurture.db import is_away, words_of
from nurture.flows.take_in import TakenIn, take_in
from nurture.sheets.people import Person
from nurture.sheets.readings import Reject
from nurture.sheets.rejects import RejectsFile

BATCH = 2000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of a file: `read` is `created` + `updated` + `rejected`.

    `updated` counts every row about a lead that was known, whether it changed anything or not; a second row with the
    same address in one file is such a row. `offered` leads were handed to sales.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0
    rejects_file: Path | None = None
    offered: int = 0


@dataclass(slots=True)
class _Tally:
    """The counts so far, and where rejects go."""

    rejects: RejectsFile
    created: int = 0
    updated: int = 0
    offered: int = 0

    @property
    def read(self) -> int:
        return self.created + self.updated + self.rejects.count


@dataclass(slots=True)
class _Somebody:
    """All that a batch says of one address, in the order of its rows."""

    person: Person
    rows: list[Person] = field(default_factory=list)


def import_leads(
    app: App,
    rows: Iterable[Person | Reject],
    now: datetime,
    *,
    rejects: Path | None = None,
    progress: Callable[[int], None] | None = None,
    batch: int = BATCH,
) -> Imported:
    """Store what the rows say and let the rules decide what follows for each lead, as `take_in` says.

    Rows of one batch with the same address are one person, of whom the later row knows better.

    Args:
        app: where leads live.
        rows: people and rejects, as `nurture.sheets` reads them.
        now: business time.
        rejects: where rejected rows are written, if there are any; None: nowhere.
        progress: told, after each batch, how many rows have been dealt with.
        batch: rows a transaction.

    Raises:
        NurtureError: The rejects cannot be written.
    """
    stream = iter(rows)
    with RejectsFile(rejects) as written:
        tally = _Tally(written)
        while taken := list(islice(stream, batch)):
            _take(app, taken, now, tally)
            if progress is not None:
                progress(tally.read)
    if tally.offered:
        app.nudge("notices")
    return Imported(tally.read, tally.created, tally.updated, written.count, written.path, tally.offered)


def _take(app: App, rows: Sequence[Person | Reject], now: datetime, tally: _Tally) -> None:
    """One batch; where it cannot be stored as a whole, person by person."""
    people: dict[str, _Somebody] = {}
    for row in rows:
        if isinstance(row, Reject):
            tally.rejects.write(row)
            continue
        somebody = people.get(row.email)
        if somebody is None:
            people[row.email] = _Somebody(row, [row])
        else:
            somebody.person = somebody.person.updated_by(row)
            somebody.rows.append(row)
    if not people:
        return
    everybody = list(people.values())
    try:
        _note(tally, everybody, _store(app, everybody, now))
    except Exception as error:
        if is_away(error):
            raise  # no row is to blame
        log.warning("a batch could not be stored; its leads are stored one by one", extra={"leads": len(everybody)})
        for somebody in everybody:
            _take_one(app, somebody, now, tally)


def _take_one(app: App, somebody: _Somebody, now: datetime, tally: _Tally) -> None:
    try:
        taken = _store(app, [somebody], now)
    except Exception as error:
        if is_away(error):
            raise
        log.warning(
            "a row could not be stored", extra={"line": somebody.person.source.line, "error": type(error).__name__}
        )
        for row in somebody.rows:
            tally.rejects.write(Reject(f"cannot be stored: {words_of(error)}", row.source))
    else:
        _note(tally, [somebody], taken)


def _note(tally: _Tally, people: Sequence[_Somebody], taken: TakenIn) -> None:
    stored = [somebody for somebody in people if somebody.person.email not in taken.erased]
    tally.created += taken.created
    tally.updated += sum(len(somebody.rows) for somebody in stored) - taken.created
    tally.offered += taken.offered
    for somebody in people:
        if (at := taken.erased.get(somebody.person.email)) is not None:
            for row in somebody.rows:
                tally.rejects.write(Reject(f"asked to be erased, which was done on {at:%Y-%m-%d}", row.source))


def _store(app: App, people: Sequence[_Somebody], now: datetime) -> TakenIn:
    return take_in(app, {somebody.person.email: somebody.person for somebody in people}, now)
