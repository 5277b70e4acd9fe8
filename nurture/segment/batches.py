"""A file of events in portions, each read and sorted: what can be taken in, and what not and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from nurture.segment.archive import LONGEST_LINE, Archive, Line, Mark
from nurture.segment.event import IncomingEvent
from nurture.segment.fields import Useless
from nurture.segment.lines import read_line
from nurture.segment.rejects import unwrapped

MOST_LINES = 2_000
MOST_BYTES = 8 * LONGEST_LINE
"""However long lines are, a portion fits into memory."""

TOO_LONG = f"it is longer than {LONGEST_LINE:,} bytes"


@dataclass(slots=True)
class Batch:
    """A portion of a file.

    Attributes:
        events: each with the line that it came from, in order of time.
        rejected: lines of which nothing can be made, and why.
        too_old: how many lines tell of what happened before all that is kept.
        lines: how many lines that is in all; blank ones are none.
        bytes: how long those are.
        end: how far the file was read then.
    """

    events: list[tuple[IncomingEvent, Line]] = field(default_factory=list)
    rejected: list[tuple[Line, str]] = field(default_factory=list)
    too_old: int = 0
    lines: int = 0
    bytes: int = 0
    end: Mark | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads events that came from `source`, up to `now`, from `since` on."""

    source: str
    since: datetime
    now: datetime

    def batches(self, archive: Archive, *, after: int = 0) -> Iterator[Batch]:
        """The lines after that one, in portions."""
        batch = Batch()
        for line in archive:
            if line.number > after and (line.text is None or line.text.strip()):
                self._read(line, batch)
                if batch.lines >= MOST_LINES or batch.bytes >= MOST_BYTES:
                    yield _whole(batch, archive)
                    batch = Batch()
        if batch.lines:
            yield _whole(batch, archive)

    def _read(self, line: Line, batch: Batch) -> None:
        batch.lines += 1
        if line.text is None:
            batch.rejected.append((line, TOO_LONG))
            return
        batch.bytes += len(line.text)
        try:
            event = read_line(unwrapped(line.text), line.number, self.source)
        except Useless as why:
            batch.rejected.append((line, str(why)))
            return
        if event.occurred_at > self.now:  # an archive may say anything of when it received an event
            event = replace(event, occurred_at=self.now, received_at=self.now)
        if event.occurred_at < self.since:
            batch.too_old += 1
        else:
            batch.events.append((event, line))


def _whole(batch: Batch, archive: Archive) -> Batch:
    batch.events.sort(key=lambda one: one[0].occurred_at)
    batch.end = archive.mark
    return batch
