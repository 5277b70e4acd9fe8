"""What a process counts of its own work: plain numbers that only grow, held in memory, to be told as one document.

A process that dies takes what it has not told with it; whatever must be exact is counted in the tables instead.
"""

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

Key = tuple[str, ...]
"""The name of a meter, then the values of its labels."""

_SUM = "sum"


@dataclass(frozen=True, slots=True)
class Counter:
    """Something counted: `help` says what, `labels` by what."""

    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """Something measured: how often it was at most each of `bounds`, and its sum. Whole numbers of `1 / scale`."""

    help: str
    bounds: tuple[int, ...]
    scale: int = 1


COUNTERS: Mapping[str, Counter] = {
    "mails": Counter("Mails by what became of them when a worker tried to send them.", ("mailer", "outcome")),
    "set_aside": Counter(
        "Leads, scores, handoffs and mails' hits that could not be worked on and were set aside.", ("kind",)
    ),
    "jobs_failed": Counter("Jobs of workers that ended in an error; the clock asks again.", ("kind",)),
    "events_received": Counter("Events of requests that were answered 200, by the name of the write key.", ("source",)),
    "events_rejected": Counter("Of these, events of which nothing could be made.", ("source",)),
    "events_stored": Counter("Events that were written and are new."),
    "events_duplicate": Counter("Events that had come before and changed nothing."),
    "http_requests": Counter("Requests answered, by the pattern of their path.", ("method", "route", "status")),
}
"""By the name in the program; `nurture_…_total` outside."""

HISTOGRAMS: Mapping[str, Histogram] = {
    "ingest": Histogram(
        "Seconds from the receipt of a request with events to its answer, after the commit.",
        (1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000),
        scale=1_000_000,
    ),
    "commit": Histogram("Events in one transaction, which many requests share.", (1, 2, 5, 10, 25, 50, 100, 250, 500)),
}  # fmt: skip
"""By the name in the program."""


class Meters:
    """The numbers of one process. Any thread may count."""

    def __init__(self) -> None:
        """All are nought."""
        self._lock = threading.Lock()
        self._counts: dict[Key, int] = {}

    def add(self, name: str, *labels: str, n: int = 1) -> None:
        """Count `n` more. The values of labels must come out of a short list: each makes a number of its own."""
        if n:
            key = (name, *labels)
            with self._lock:
                self._counts[key] = self._counts.get(key, 0) + n

    def observe(self, name: str, value: int) -> None:
        """Take down one measurement, in the histogram's own whole units."""
        place = str(bisect_left(HISTOGRAMS[name].bounds, value))
        with self._lock:
            for key, n in (((name, place), 1), ((name, _SUM), value)):
                self._counts[key] = self._counts.get(key, 0) + n

    def counts(self) -> dict[Key, int]:
        """All numbers as they are now."""
        with self._lock:
            return dict(self._counts)


def written(counts: Mapping[Key, int]) -> dict[str, int]:
    """The same as a JSON object can hold it."""
    return {orjson.dumps(key).decode(): n for key, n in counts.items()}


def read(name: str) -> Key:
    """The key that was written so."""
    return tuple(orjson.loads(name))


@dataclass(frozen=True, slots=True)
class Measured:
    """A histogram's numbers: how many measurements fell up to each bound (and beyond the last), and their sum."""

    up_to: tuple[int, ...]
    sum: int

    @property
    def count(self) -> int:
        """How many there were."""
        return self.up_to[-1]


def measured(name: str, counts: Mapping[Key, int]) -> Measured:
    """The numbers of one histogram, each bound's with all below it."""
    so_far, up_to = 0, []
    for place in range(len(HISTOGRAMS[name].bounds) + 1):
        so_far += counts.get((name, str(place)), 0)
        up_to.append(so_far)
    return Measured(tuple(up_to), counts.get((name, _SUM), 0))


def by_labels(name: str, counts: Mapping[Key, int]) -> list[tuple[Sequence[str], int]]:
    """The numbers of one counter, with the values of its labels, in their order."""
    wide = 1 + len(COUNTERS[name].labels)
    return sorted((key[1:], n) for key, n in counts.items() if key[0] == name and len(key) == wide)
