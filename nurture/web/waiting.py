"""Events that wait to be written: by request, which is answered when nothing of it is left, and by lane.

Two transactions that have events of the same lead wait for each other, and either may come first. So events go by lanes
(`nurture.web.lanes`): those of one browser by the same one, and of a lane one transaction runs at a time.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nurture.db import is_away
from nurture.segment.event import IncomingEvent
from nurture.web.lanes import by_lanes, lane_of

WORTH_ANOTHER = 64
"""Events that must wait for a second transaction to begin beside the first. With fewer they had better wait for it to
end, and go together: what a transaction costs by itself is shared by all that are in it."""
GROUP = 500
"""Events that one transaction takes; more would make everybody else wait longer."""
SHARE = 100
"""Events of one request in a transaction while others wait: a large batch takes its turns, it does not take over."""
MOST_WAITING = 10_000
"""Events that may wait, some seconds' worth. Whoever comes then is asked to come again."""
MOST_OCTETS = 64 * 1024 * 1024
"""Octets of JSON that these may have been; as objects they are some times that."""
RETRY_AFTER = 2
"""Seconds after which it is worth trying again."""


class Busy(Exception):
    """More waits than can be stored within seconds: nothing of this request was taken. Try again in `RETRY_AFTER`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A request's events are in PostgreSQL, but for those `refused`, which have a value that it does not take."""

    refused: tuple[IncomingEvent, ...] = ()


_ALL = Stored()


@dataclass(eq=False, slots=True)
class Request:
    """Who waits for events, and what has become of these.

    Attributes:
        now: when it came.
        loop: where it waits, and `tell` is to be called.
        octets: how long it was, inflated.
        count: its events.
        open: lanes in which some of them are left.
    """

    now: datetime
    loop: asyncio.AbstractEventLoop
    tell: Callable[[Stored | Exception], object]
    octets: int = 0
    count: int = 0
    open: int = 0
    refused: list[IncomingEvent] = field(default_factory=list)
    error: Exception | None = None

    @property
    def is_lost(self) -> bool:
        """Whether there is no use in writing the rest, for the database is away."""
        return self.error is not None and is_away(self.error)

    @property
    def outcome(self) -> Stored | Exception:
        """What became of it, once nothing is left."""
        return self.error or (Stored(tuple(self.refused)) if self.refused else _ALL)


@dataclass(eq=False, slots=True)
class _Lane:
    """What waits in a lane, and whether a transaction of it runs."""

    waiting: "deque[_Part]" = field(default_factory=deque)
    is_busy: bool = False

    @property
    def is_ready(self) -> bool:
        return bool(self.waiting) and not self.is_busy


@dataclass(eq=False, slots=True)
class _Part:
    """The events of one request that go by one lane."""

    request: Request
    lane: _Lane
    events: Sequence[IncomingEvent]
    done: int = 0

    @property
    def left(self) -> int:
        """How many of them no transaction has taken."""
        return len(self.events) - self.done

    def take(self, most: int) -> "Share":
        """The next ones, so many at most."""
        share = Share(self, self.events[self.done : self.done + most])
        self.done += len(share.events)
        return share


@dataclass(frozen=True, slots=True)
class Share:
    """The events of one part that go into one transaction."""

    part: _Part
    events: Sequence[IncomingEvent]

    @property
    def request(self) -> Request:
        """Whose they are."""
        return self.part.request


class Waiting:
    """All that waits, of all threads. Says too when a writer is to begin: the caller starts one then, at once.

    Attributes:
        events: those of all requests that have no answer yet.
        octets: how long these requests were.
        unwritten: events of them that no transaction has taken.
        writers: transactions that run, or are about to.
    """

    def __init__(self, lanes: int) -> None:
        """As many lanes as there may be writers."""
        self._lock = threading.Lock()
        self._lanes = [_Lane() for _ in range(lanes)]
        self.events = self.octets = 0
        self.unwritten = 0
        self.writers = 0

    def put(self, request: Request, events: Sequence[IncomingEvent]) -> bool:
        """Take in a request and its events, of which there must be some; whether a writer is to begin.

        Raises:
            Busy: Too much waits.
        """
        parts = self._parts(request, events)
        with self._lock:
            if self.events and self._is_too_much(len(events), request.octets):
                raise Busy
            self.events += len(events)
            self.octets += request.octets
            self.unwritten += len(events)
            for part in parts:
                part.lane.waiting.append(part)
            return self._begins()

    def _parts(self, request: Request, events: Sequence[IncomingEvent]) -> list[_Part]:
        """The events by the lanes that they go by."""
        lanes = self._lanes
        if len(events) == 1 or len(lanes) == 1:
            parts = [_Part(request, lanes[lane_of(events[0], len(lanes))], events)]
        else:
            told = zip(lanes, by_lanes(events, len(lanes)), strict=True)
            parts = [_Part(request, lane, those) for lane, those in told if those]
        request.count, request.open = len(events), len(parts)
        return parts

    def _is_too_much(self, events: int, octets: int) -> bool:
        return self.events + events > MOST_WAITING or self.octets + octets > MOST_OCTETS

    def ready(self) -> int:
        """How many parts of requests a writer could take now."""
        return sum(len(lane.waiting) for lane in self._lanes if not lane.is_busy)

    def take(self) -> tuple[list[Share], bool]:
        """What a writer writes next, in one transaction; and whether another one is to begin beside it.

        It is a share of each part that waits in a lane, the first come first; the rest of a part waits for its turn.
        Few events go together, whatever their lanes; of many, those of one lane, and another writer takes the next.
        Nothing where the writer is not needed any more and ends: none waits, or too few for a second transaction.
        """
        with self._lock:
            self.writers -= 1
            if not self._is_worth_another():
                return [], False
            ready = [lane for lane in self._lanes if lane.is_ready]
            group = _group(ready if self.unwritten < WORTH_ANOTHER else ready[:1])
            self.unwritten -= sum(len(share.events) for share in group)
            self.writers += 1
            return group, self._begins()

    def _begins(self) -> bool:
        """Whether another writer is to begin, which is one of those that write then."""
        begins = self._is_worth_another()
        self.writers += begins
        return begins

    def _is_worth_another(self) -> bool:
        """Whether another transaction is worth it beside those that run, and has a lane of its own."""
        if self.writers >= len(self._lanes) or not any(lane.is_ready for lane in self._lanes):
            return False
        return self.writers == 0 or self.unwritten >= WORTH_ANOTHER

    def done(self, group: Sequence[Share]) -> list[Request]:
        """A transaction is over. Gives the requests of which nothing is left; the rest of others waits again."""
        over = []
        with self._lock:
            for part in (share.part for share in group):
                request, part.lane.is_busy = part.request, False
                if part.left and not request.is_lost:
                    part.lane.waiting.append(part)  # at the end of its lane
                    continue
                self.unwritten -= part.left
                request.open -= 1
                if not request.open:
                    self.events -= request.count
                    self.octets -= request.octets
                    over.append(request)
        return over


def _group(lanes: Sequence[_Lane]) -> list[Share]:
    """What the next transaction takes of these lanes, which are busy then."""
    group: list[Share] = []
    room = GROUP
    share = SHARE if sum(len(lane.waiting) for lane in lanes) > 1 else GROUP
    for lane in lanes:
        while lane.waiting and room:
            taken = lane.waiting.popleft().take(min(share, room))
            group.append(taken)
            room -= len(taken.events)
            lane.is_busy = True
    return group
