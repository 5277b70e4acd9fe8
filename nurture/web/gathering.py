"""Gathers the events of requests that come at the same time into one transaction: a commit costs more than an event.

While one transaction runs, what comes meanwhile makes up the next. Each request is answered after the commits that hold
its events, and by what became of its own events only. Who comes alone does not wait for company.

Two transactions that have events of the same lead wait for each other, and either may come first. So events go by lanes
(`nurture.web.lanes`): those of one browser by the same one, and of a lane one transaction runs at a time.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization, is_refusal
from nurture.flows.ingest import Ingested, ingest
from nurture.segment.event import IncomingEvent
from nurture.web.lanes import by_lanes, lane_of

WRITERS = 2
"""Transactions at a time, and lanes: while one waits for PostgreSQL, another is worked out."""
WORTH_ANOTHER = 64
"""Events that must wait for a second transaction to begin beside the first. With fewer they had better wait for it to
end, and go together: what a transaction costs by itself is shared by all that are in it."""
GLANCE, GLANCES = 0.001, 5
"""Seconds between two looks at whether still more come, and how many: only where the last transaction had company."""
GROUP = 500
"""Events that one transaction takes; more would make everybody else wait longer."""
SHARE = 100
"""Events of one request in a transaction while others wait: a large batch takes its turns, it does not take over."""
MOST_WAITING = 10_000
"""Events that may wait, some seconds' worth. Whoever comes then is asked to come again."""
MOST_OCTETS = 64 * 1024 * 1024
"""Octets of JSON that these may have been; as objects they are some times that."""
PAUSES = (0.02, 0.1, 0.4)
"""Seconds before events are tried again that met others in a deadlock, by themselves."""
RETRY_AFTER = 2
"""Seconds after which it is worth trying again."""

log = logging.getLogger(__name__)

Ingest = Callable[[App, Sequence[IncomingEvent], datetime], object]


class Busy(Exception):
    """More waits than can be stored within seconds: nothing of this request was taken. Try again in `RETRY_AFTER`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A request's events are in PostgreSQL, but for those `refused`, which have a value that it does not take."""

    refused: tuple[IncomingEvent, ...] = ()


_ALL = Stored()


@dataclass(eq=False, slots=True)
class _Request:
    """Who waits for events, and what has become of these. `open`: parts of it that are not over."""

    count: int
    now: datetime
    loop: asyncio.AbstractEventLoop
    tell: Callable[[Stored | Exception], object]
    octets: int = 0
    open: int = 0
    refused: list[IncomingEvent] = field(default_factory=list)
    error: Exception | None = None

    @property
    def is_lost(self) -> bool:
        """Whether there is no use in writing the rest, for the database is away."""
        return self.error is not None and is_away(self.error)


@dataclass(eq=False, slots=True)
class _Lane:
    """What waits in a lane, and whether a transaction of it runs."""

    waiting: "deque[_Part]" = field(default_factory=deque)
    is_busy: bool = False


@dataclass(eq=False, slots=True)
class _Part:
    """The events of one request that go by one lane."""

    request: _Request
    lane: _Lane
    events: Sequence[IncomingEvent]
    done: int = 0

    @property
    def left(self) -> int:
        """How many of them no transaction has taken."""
        return len(self.events) - self.done

    def take(self, most: int) -> "_Share":
        """The next ones, so many at most."""
        share = _Share(self, self.events[self.done : self.done + most])
        self.done += len(share.events)
        return share


@dataclass(frozen=True, slots=True)
class _Share:
    """The events of one part that go into one transaction."""

    part: _Part
    events: Sequence[IncomingEvent]


class Gathering:
    """The way of events from many requests to few writers. One a web process; may be asked from any event loop."""

    def __init__(self, app: App, *, writers: int = WRITERS, store: Ingest = ingest) -> None:
        """Writers are threads that start when first needed, and end with this object."""
        self._app = app
        self._store = store
        self._writers = writers
        self._threads = ThreadPoolExecutor(writers, thread_name_prefix="events")
        self._lock = threading.Lock()
        self._lanes = [_Lane() for _ in range(writers)]
        self._events = 0  # of all requests that have no answer yet
        self._octets = 0  # of the same requests
        self._unwritten = 0  # of these, those that no transaction has taken
        self._writing = 0
        self._company = 1  # requests in the last group

    async def put(self, events: Sequence[IncomingEvent], now: datetime, *, octets: int = 0) -> Stored:
        """Store the events of one request, each person's in their order; gives what became of them once committed.

        Args:
            events: any number; more than fits into one transaction goes into several. The same events again change
                nothing, so a client that was told of a failure may send all of them again.
            now: when the request came.
            octets: how long it was, inflated.

        Raises:
            Busy: Too much waits.
            DBAPIError, TimeoutError: The database is away (`db.is_away`). Some events may have been stored.
            Exception: One of these events cannot be stored, and the mistake is ours. The others are.
        """
        if not events:
            return Stored()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Stored] = loop.create_future()
        self.submit(events, now, loop, partial(_settle, answer), octets=octets)
        return await answer

    def submit(
        self,
        events: Sequence[IncomingEvent],
        now: datetime,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[Stored | Exception], object],
        *,
        octets: int = 0,
    ) -> None:
        """The same without waiting: `tell` is called on the event loop, once, with what `put` gives or raises.

        There must be events.

        Raises:
            Busy: Too much waits. Then nobody is told.
        """
        request = _Request(len(events), now, loop, tell, octets)
        parts = self._parts(request, events)
        with self._lock:
            if self._events and self._is_too_much(len(events), octets):
                raise Busy
            self._events += len(events)
            self._octets += octets
            self._unwritten += len(events)
            for part in parts:
                part.lane.waiting.append(part)
            start = self._may_begin()
            self._writing += start
        if start:
            self._threads.submit(self._write)

    def _parts(self, request: _Request, events: Sequence[IncomingEvent]) -> list[_Part]:
        """The events by the lanes that they go by."""
        lanes = self._lanes
        if len(events) == 1 or len(lanes) == 1:
            parts = [_Part(request, lanes[lane_of(events[0], len(lanes))], events)]
        else:
            told = zip(lanes, by_lanes(events, len(lanes)), strict=True)
            parts = [_Part(request, lane, those) for lane, those in told if those]
        request.open = len(parts)
        return parts

    def _write(self) -> None:
        """Write group after group until nothing waits that no other writer takes."""
        self._wait_for_company()
        while group := self._next_group():
            self._company = len(group)
            self._store_group(group)
            self._end(group)
            self._wait_for_company()

    def _wait_for_company(self) -> None:
        """Let those come who were answered together: each has its next event, and the first would go alone."""
        for _ in range(GLANCES):
            waiting = self._waiting()
            if not 0 < waiting < self._company:
                return
            time.sleep(GLANCE)
            if self._waiting() == waiting:
                return

    def _waiting(self) -> int:
        return sum(len(lane.waiting) for lane in self._lanes if not lane.is_busy)

    def _next_group(self) -> list[_Share]:
        """A share of each part that waits in a lane, the first come first; the rest of a part waits for its turn.

        Few events go together, whatever their lanes; of many, those of one lane, and another writer takes the next.
        Nothing where the writer is not needed any more: none waits, or too few to be worth a second transaction.
        """
        with self._lock:
            self._writing -= 1
            if not self._may_begin():
                return []
            free = [lane for lane in self._lanes if lane.waiting and not lane.is_busy]
            group = _group(free if self._unwritten < WORTH_ANOTHER else free[:1])
            self._unwritten -= sum(len(share.events) for share in group)
            self._writing += 1
            start = self._may_begin()
            self._writing += start
        if start:
            self._threads.submit(self._write)
        return group

    def _may_begin(self) -> bool:
        """Whether another transaction is worth it beside those that run, and has a lane of its own."""
        if self._writing >= len(self._lanes) or not any(lane.waiting and not lane.is_busy for lane in self._lanes):
            return False
        return self._writing == 0 or self._unwritten >= WORTH_ANOTHER

    def _is_too_much(self, events: int, octets: int) -> bool:
        return self._events + events > MOST_WAITING or self._octets + octets > MOST_OCTETS

    def _store_group(self, group: Sequence[_Share]) -> None:
        """All together; if that fails for any reason but an absent database, each request by itself."""
        try:
            self._ingest(
                [event for share in group for event in share.events], max(share.part.request.now for share in group)
            )
        except Exception as error:
            if is_away(error):
                for share in group:
                    share.part.request.error = error
            else:
                for share in group:
                    self._store_alone(share.part.request, share.events)

    def _store_alone(self, request: _Request, events: Sequence[IncomingEvent]) -> None:
        """One request's events; if that fails, by halves, so that all but the bad ones are stored."""
        try:
            self._ingest_at_last(events, request.now)
        except Exception as error:
            if is_away(error):
                request.error = error
            elif len(events) > 1:
                half = len(events) // 2
                self._store_alone(request, events[:half])
                self._store_alone(request, events[half:])
            elif is_refusal(error):
                request.refused.extend(events)
            else:
                log.exception("an event could not be stored")
                request.error = error

    def _ingest_at_last(self, events: Sequence[IncomingEvent], now: datetime) -> None:
        """Again and again while other transactions are in the way: they end within moments."""
        for pause in PAUSES:
            try:
                return self._ingest(events, now)
            except Exception as error:
                if not is_deadlock_or_serialization(error):
                    raise
                time.sleep(pause)
        return self._ingest(events, now)

    def _ingest(self, events: Sequence[IncomingEvent], now: datetime) -> None:
        done = self._store(self._app, events, now)
        if isinstance(done, Ingested):
            meters = self._app.meters
            meters.observe("commit", len(events))
            meters.add("events_stored", n=done.stored)
            meters.add("events_duplicate", n=done.duplicates)

    def _end(self, group: Sequence[_Share]) -> None:
        """Answer the requests of which nothing is left; the rest of others waits again, at the end of its lane."""
        over: dict[asyncio.AbstractEventLoop, list[_Request]] = {}
        with self._lock:
            for part in (share.part for share in group):
                request, part.lane.is_busy = part.request, False
                if part.left and not request.is_lost:
                    part.lane.waiting.append(part)
                    continue
                self._unwritten -= part.left
                request.open -= 1
                if not request.open:
                    self._events -= request.count
                    self._octets -= request.octets
                    over.setdefault(request.loop, []).append(request)
        for loop, requests in over.items():
            try:
                loop.call_soon_threadsafe(_answer, requests)
            except RuntimeError:  # the loop has ended, and with it whoever waited
                log.info("nobody waits any more for the answer to stored events")


def _group(lanes: Sequence[_Lane]) -> list[_Share]:
    """What the next transaction takes of these lanes, which are busy then."""
    group: list[_Share] = []
    room = GROUP
    share = SHARE if sum(len(lane.waiting) for lane in lanes) > 1 else GROUP
    for lane in lanes:
        while lane.waiting and room:
            taken = lane.waiting.popleft().take(min(share, room))
            group.append(taken)
            room -= len(taken.events)
            lane.is_busy = True
    return group


def _answer(requests: Sequence[_Request]) -> None:
    for request in requests:
        outcome = request.error or (Stored(tuple(request.refused)) if request.refused else _ALL)
        try:
            request.tell(outcome)
        except Exception:  # such as a connection that broke: the others still wait
            log.exception("the answer to stored events could not be given")


def _settle(answer: "asyncio.Future[Stored]", outcome: Stored | Exception) -> None:
    if answer.done():  # whoever waited has gone
        return
    if isinstance(outcome, Stored):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)
