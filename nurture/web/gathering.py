"""Gathers the events of requests that come at the same time into one transaction: a commit costs more than an event.

While one transaction runs, what comes meanwhile makes up the next. Each request is answered after the commits that hold
its events, and by what became of its own events only. Who comes alone does not wait for company.

What waits, and what goes together: `nurture.web.waiting`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization, is_refusal
from nurture.flows.ingest import Ingested, ingest
from nurture.segment.event import IncomingEvent
from nurture.web.waiting import Request, Share, Stored, Waiting

WRITERS = 2
"""Transactions at a time, and lanes: while one waits for PostgreSQL, another is worked out."""
GLANCE, GLANCES = 0.001, 5
"""Seconds between two looks at whether still more come, and how many: only where the last transaction had company."""
PAUSES = (0.02, 0.1, 0.4)
"""Seconds before events are tried again that met others in a deadlock, by themselves."""

log = logging.getLogger(__name__)

Ingest = Callable[[App, Sequence[IncomingEvent], datetime], object]


class Gathering:
    """The way of events from many requests to few writers. One a web process; may be asked from any event loop."""

    def __init__(self, app: App, *, writers: int = WRITERS, store: Ingest = ingest) -> None:
        """Writers are threads that start when first needed, and end with this object."""
        self._app = app
        self._store = store
        self._threads = ThreadPoolExecutor(writers, thread_name_prefix="events")
        self._waiting = Waiting(writers)
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
        if self._waiting.put(Request(now, loop, tell, octets), events):
            self._threads.submit(self._write)

    def _write(self) -> None:
        """Write group after group until nothing waits that no other writer takes."""
        self._wait_for_company()
        while group := self._take():
            self._company = len(group)
            self._store_group(group)
            self._end(group)
            self._wait_for_company()

    def _wait_for_company(self) -> None:
        """Let those come who were answered together: each has its next event, and the first would go alone."""
        for _ in range(GLANCES):
            ready = self._waiting.ready()
            if not 0 < ready < self._company:
                return
            time.sleep(GLANCE)
            if self._waiting.ready() == ready:
                return

    def _take(self) -> list[Share]:
        """What is to be written next; another writer begins if there is enough for two."""
        group, begins = self._waiting.take()
        if begins:
            self._threads.submit(self._write)
        return group

    def _store_group(self, group: Sequence[Share]) -> None:
        """All together; if that fails for any reason but an absent database, each request by itself."""
        try:
            self._ingest(
                [event for share in group for event in share.events], max(share.request.now for share in group)
            )
        except Exception as error:
            if is_away(error):
                for share in group:
                    share.request.error = error
            else:
                for share in group:
                    self._store_alone(share.request, share.events)

    def _store_alone(self, request: Request, events: Sequence[IncomingEvent]) -> None:
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

    def _end(self, group: Sequence[Share]) -> None:
        """Answer the requests of which nothing is left."""
        over: dict[asyncio.AbstractEventLoop, list[Request]] = {}
        for request in self._waiting.done(group):
            over.setdefault(request.loop, []).append(request)
        for loop, requests in over.items():
            try:
                loop.call_soon_threadsafe(_answer, requests)
            except RuntimeError:  # the loop has ended, and with it whoever waited
                log.info("nobody waits any more for the answer to stored events")


def _answer(requests: Sequence[Request]) -> None:
    for request in requests:
        try:
            request.tell(request.outcome)
        except Exception:  # such as a connection that broke: the others still wait
            log.exception("the answer to stored events could not be given")


def _settle(answer: "asyncio.Future[Stored]", outcome: Stored | Exception) -> None:
    if answer.done():  # whoever waited has gone
        return
    if isinstance(outcome, Stored):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)
