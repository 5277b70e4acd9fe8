"""Take in a file of events: history of any size, line by line, that nobody is handed over, enrolled or mailed for.

A batch is a transaction, and after it is noted how far the file was taken in. An import that was stopped, at whatever
moment, goes on from there; what it takes in twice is known by its message id, and changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import orjson

from nurture.app import App
from nurture.db import is_refusal, transaction
from nurture.errors import NurtureError
from nurture.facts import MICRO
from nurture.flows.enroll import count_ready
from nurture.flows.ingest import ingest
from nurture.rules.retention import events_from
from nurture.segment.archive import STDIN, Archive, Line, Mark, open_archive
from nurture.segment.batches import Batch, Reader
from nurture.segment.event import IncomingEvent
from nurture.segment.rejected import Rejected
from nurture.segment.rejects import RejectsFile
from nurture.store import imported_files, rejected_events, scores
from nurture.store.dropping import midnight
from nurture.store.events import month_of
from nurture.store.partitions import FIRST, kept_since, make_months

TRIES = 20
"""For the partition of a month that is missing; then its events go to the default partition."""

REFUSED = "the database refuses a value in it"


@dataclass(slots=True)
class ImportedEvents:
    """What became of the lines of a file: `read` is the sum of the five that follow it.

    Attributes:
        read: lines with something in them, but for those `skipped`.
        stored: events that are in the database now.
        duplicates: events that were there already.
        aliases: lines that only say that two ids are one person.
        rejected: lines of which nothing could be made.
        too_old: lines that tell of what happened before all that is kept.
        created: leads that nobody knew.
        skipped: lines that an earlier import has taken in.
        rejects_file: where the rejected lines are; None where there are none.
    """

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    aliases: int = 0
    rejected: int = 0
    too_old: int = 0
    created: int = 0
    skipped: int = 0
    rejects_file: Path | None = None


@dataclass(slots=True)
class _Import:
    """One import on its way."""

    app: App
    now: datetime
    source: str
    rejects: RejectsFile
    done: ImportedEvents
    months: set[date] = field(default_factory=set)

    def take(self, batch: Batch) -> None:
        """Store the batch, and note what was rejected."""
        self._make_months(event for event, _ in batch.events)
        self._store(batch.events, batch.rejected)
        for line, reason in sorted(batch.rejected, key=lambda one: one[0].number):
            self.rejects.write(line.number, reason, line.text or b"")
        self.rejects.flush()
        said = [Rejected(self.source, reason, _message(line)) for line, reason in batch.rejected]
        rejected_events.keep_apart(self.app.engine, said, self.now)
        self.done.read += batch.lines
        self.done.rejected += len(batch.rejected)
        self.done.too_old += batch.too_old

    def _make_months(self, events: Iterable[IncomingEvent]) -> None:
        """Months that have no partition yet: history would pile up in the default one."""
        wanted = {month_of(event.client_at) for event in events} - self.months
        wanted = {month for month in wanted if FIRST < month <= self.now.date()}
        if wanted:
            make_months(self.app.engine, sorted(wanted), tries=TRIES)
            self.months |= wanted

    def _store(self, events: Sequence[tuple[IncomingEvent, Line]], rejected: list[tuple[Line, str]]) -> None:
        """As a whole; where the database refuses a value, in halves, until it is known which."""
        if not events:
            return
        try:
            stored = ingest(self.app, [event for event, _ in events], self.now, as_history=True)
        except Exception as error:
            if not is_refusal(error):
                raise
            if len(events) == 1:
                rejected.append((events[0][1], REFUSED))
                return
            half = len(events) // 2
            self._store(events[:half], rejected)
            self._store(events[half:], rejected)
        else:
            self.done.stored += stored.stored
            self.done.duplicates += stored.duplicates
            self.done.created += stored.created
            self.done.aliases += len(events) - stored.stored - stored.duplicates


def import_events(
    app: App,
    path: Path,
    now: datetime,
    *,
    source: str,
    rejects: Path | None = None,
    again: bool = False,
    progress: Callable[[Archive, int], None] | None = None,
) -> ImportedEvents:
    """Take in a file of Segment messages, one a line; all of it is history (`rules.history`).

    Args:
        app: where events live.
        path: the file, compressed by gzip or not, or `STDIN`.
        now: business time.
        source: where the events came from; a message id is unique within it.
        rejects: where lines are written of which nothing can be made; None: nowhere.
        again: read it from its beginning, whatever was taken in before.
        progress: told, after each batch, the file and how many lines of it have been dealt with.

    Raises:
        NotFound: There is no such file.
        NurtureError: It cannot be read on, or the rejects cannot be written. What was taken in before stays.
    """
    first = None if path == STDIN else _first_line(path)
    skipped = 0 if again or first is None else _taken_in(app, path, source, first)
    done = ImportedEvents(skipped=skipped)
    reader = Reader(source, midnight(kept_from(app, now)), now)
    with open_archive(path) as archive, RejectsFile(rejects, after=skipped) as written:
        one = _Import(app, now, source, written, done)
        for batch in _ahead(reader.batches(archive, after=skipped)):
            one.take(batch)
            if first is not None and batch.end is not None:
                _mark(app, batch.end, source, first, now)
            if progress is not None:
                progress(archive, done.read)
        done.rejects_file = written.path
    return done


def kept_from(app: App, now: datetime) -> date:
    """Before this day nothing is taken in: it would be dropped, or has been, and would count twice."""
    with transaction(app.engine) as db:
        since = kept_since(db)
    retention = app.agreement.retention
    return since if retention is None else max(since, events_from(retention, now))


def ready(app: App, since: date, now: datetime) -> int:
    """How many leads about whom something was decided since that day qualify now, and have not been offered."""
    least = min(line.score for line in app.agreement.qualify) * MICRO
    with transaction(app.engine) as db:
        ids = scores.decided_since(db, since, least)
    return count_ready(app, ids, now)


def _first_line(path: Path) -> str | None:
    """The digest of a file's first line, by which it is known again when it has grown; None for an empty file."""
    with open_archive(path) as archive:
        first = next(iter(archive), None)
        if first is not None and first.text is not None and first.text.lstrip().startswith(b"["):
            raise NurtureError(f"{path}: is a JSON array; `jq -c '.[]' {path.name}` makes a line of each event")
        return None if first is None else archive.mark.digest


def _taken_in(app: App, path: Path, source: str, first: str) -> int:
    """How many lines at the beginning of this file were taken in: what it says up to there is the same still."""
    with transaction(app.engine) as db:
        mark = imported_files.marked(db, source, first)
    if mark is None:
        return 0
    with open_archive(path) as archive:
        for line in archive:
            if line.number == mark.line:
                return mark.line if archive.mark == mark else 0
    return 0


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The next one is read while the database has this one."""
    with ThreadPoolExecutor(1) as reading:
        following = reading.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reading.submit(next, batches, None)
            yield batch


def _mark(app: App, mark: Mark, source: str, first: str, now: datetime) -> None:
    with transaction(app.engine) as db:
        imported_files.mark(db, source, first, mark, now)


def _message(line: Line) -> object:
    """What is kept of a rejected line in the list of rejected events."""
    text = line.text or b""
    try:
        return orjson.loads(text)
    except ValueError:
        return text.decode("utf-8", "replace")
