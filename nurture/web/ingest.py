"""`/v1/…`: events in, by the Segment HTTP tracking API.

200 means that the events are in PostgreSQL. Anything for which a client should try again is a 429 or a 5xx.

It is ASGI without a framework, in front of all the other routes. Events come by the thousand a second, so they do not
walk past routes and middleware that are none of theirs; and clients lie about content types, send keys in bodies and
gzip without saying so, so nothing that a framework would read for us could be used.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from nurture.app import App
from nurture.db import is_away
from nurture.segment.event import IncomingEvent
from nurture.segment.rejected import Rejected
from nurture.store import rejected_events
from nurture.web import v1_answers as answers
from nurture.web.body import CutOff, TooLarge, drained, received_body
from nurture.web.counting import METHODS
from nurture.web.gathering import Gathering
from nurture.web.keys import WriteKeys
from nurture.web.segment import BATCH_LIMIT, CALLS, Decoded, Refusal, decode
from nurture.web.v1_answers import Answer, refused
from nurture.web.v1_pages import pages
from nurture.web.waiting import RETRY_AFTER, Busy, Stored

log = logging.getLogger(__name__)

_AT_ONCE = 8 * 1024
"""Octets of a body that is decoded where it came in; a longer one, or gzip, would keep other requests waiting."""
_DRAINED = 8 * 1024 * 1024
"""Octets of a body that is too large that are still read, so that its sender hears why."""
_READ = frozenset({b"authorization", b"content-encoding", b"content-length", b"expect", b"user-agent", b"x-write-key"})
OTHERS = "/v1/…"
"""In counts: all below `/v1/` that no events are sent to, so that nobody can make up paths to be counted."""
_GZIP = b"\x1f\x8b"
_CALL_OF = {f"/v1/{name}": call for name, call in CALLS.items()}
_PLAIN = {path.encode(): (path, call) for path, call in _CALL_OF.items()}

_BUSY = refused(answers.BUSY, retry_after=RETRY_AFTER)
_AWAY = refused(answers.TRY_AGAIN, retry_after=RETRY_AFTER)
_TOO_LARGE = refused(answers.TOO_LARGE, close=True)


def of_url(url: bytes) -> tuple[str, str] | None:
    """The path and the call that a URL means as it stands, without a query or a slash too many; None for any other."""
    return _PLAIN.get(url)


class Intake:
    """Reads and stores requests with events; one a process, whichever way they come."""

    def __init__(self, nurture: App) -> None:
        """Nothing starts before the first request."""
        self._app = nurture
        self._meters = nurture.meters
        self._tasks: set[asyncio.Task[None]] = set()

    @cached_property
    def _keys(self) -> WriteKeys:
        return WriteKeys(self._app.settings.write_keys)

    @cached_property
    def _gathering(self) -> Gathering:
        return Gathering(self._app)

    def take(
        self,
        url: bytes,
        headers: Mapping[str, str],
        body: bytes,
        loop: asyncio.AbstractEventLoop,
        answer: Callable[[Answer], object],
    ) -> None:
        """Store what was posted to a URL that `of_url` knows; `answer` is called on the loop, perhaps at once.

        For one small event, without a task: of a batch, or where there is more to say than that it is stored, one is
        made.
        """
        path, call = _PLAIN[url]
        began = time.perf_counter()
        if self._app.settings.stepped_clock or body.startswith(_GZIP):
            self._go_on(self.taken(call, headers, body), path, loop, answer)
            return
        try:
            now = self._app.now()
            decoded = decode(call, headers, body, self._keys, now)
            if isinstance(decoded, Refusal):
                said: Answer = refused(decoded)
            elif decoded.unusable or decoded.doubtful or not decoded.events:
                self._go_on(self._stored(decoded, now, began), path, loop, answer)
                return
            else:
                tell = partial(self._told, decoded, now, began, path, loop, answer)
                self._gathering.submit(decoded.events, now, loop, tell, octets=decoded.octets)
                return
        except Exception as error:
            said = _failed(error)
        self.count("POST", path, said)
        answer(said)

    def _told(
        self,
        decoded: Decoded,
        now: datetime,
        began: float,
        path: str,
        loop: asyncio.AbstractEventLoop,
        answer: Callable[[Answer], object],
        outcome: Stored | Exception,
    ) -> None:
        """Answer for one whose group is committed, or is not."""
        said = answers.SUCCESS
        if isinstance(outcome, Exception):
            said = _failed(outcome)
        elif outcome.refused:
            self._go_on(self._listed(decoded, outcome, now, began), path, loop, answer)
            return
        else:
            self._meters.add("events_received", decoded.source, n=len(decoded.events))
            self._meters.observe("ingest", int((time.perf_counter() - began) * 1_000_000))
        self.count("POST", path, said)
        answer(said)

    def _go_on(
        self,
        work: Coroutine[Any, Any, Answer],
        path: str,
        loop: asyncio.AbstractEventLoop,
        answer: Callable[[Answer], object],
    ) -> None:
        """Do the rest in a task."""

        async def rest() -> None:
            said = await work
            self.count("POST", path, said)
            answer(said)

        task = loop.create_task(rest())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def taken(self, call: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Decode and store one request; the answer is made only after the commit."""
        began = time.perf_counter()
        try:
            now = await self._now()
            if len(body) <= _AT_ONCE and not body.startswith(_GZIP):
                decoded = decode(call, headers, body, self._keys, now)
            else:
                decoded = await run_in_threadpool(decode, call, headers, body, self._keys, now)
        except Exception as error:
            return _failed(error)
        return refused(decoded) if isinstance(decoded, Refusal) else await self._stored(decoded, now, began)

    async def _stored(self, decoded: Decoded, now: datetime, began: float) -> Answer:
        try:
            stored = await self._gathering.put(decoded.events, now, octets=decoded.octets)
        except Exception as error:
            return _failed(error)
        return await self._listed(decoded, stored, now, began)

    async def _listed(self, decoded: Decoded, stored: Stored, now: datetime, began: float) -> Answer:
        """The events are stored; what is of no use, refused by the database, or doubtful goes to the list of those."""
        unusable = decoded.unusable
        self._meters.add("events_received", decoded.source, n=len(decoded.events) + len(unusable))
        if stored.refused:
            unusable += tuple(_refused_by_database(event) for event in stored.refused)
        if unusable:
            self._meters.add("events_rejected", decoded.source, n=len(unusable))
            log.info("events set aside", extra={"count": len(unusable), "source": decoded.source})
        try:
            if listed := unusable + decoded.doubtful:
                await run_in_threadpool(rejected_events.keep_apart, self._app.engine, listed, now)
        except Exception as error:
            return _failed(error)
        self._meters.observe("ingest", int((time.perf_counter() - began) * 1_000_000))
        return answers.SUCCESS

    def count(self, method: str, route: str, answer: Answer) -> None:
        """Count a request by what was answered."""
        known = method if method in METHODS else "other"
        self._meters.add("http_requests", known, route, str(answer.start["status"]))

    async def _now(self) -> datetime:
        # The demo's clock is a row.
        return await run_in_threadpool(self._app.now) if self._app.settings.stepped_clock else self._app.now()


class Events:
    """ASGI middleware that answers all below `/v1/` and passes on the rest."""

    def __init__(self, app: ASGIApp, *, nurture: App, intake: Intake) -> None:
        """`app` is what answers the rest."""
        self._others = app
        self._intake = intake
        self._pages = pages(nurture.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.startswith("/v1/"):
            path = _mended(path)
            if path is None:
                await self._others(scope, receive, send)
                return
        call = _CALL_OF.get(path)
        if call is None and path.endswith("/"):
            path = path.rstrip("/")
            call = _CALL_OF.get(path)
        if call is not None and scope["method"] == "POST":
            answer = await self._take_in(call, scope, receive)
        elif scope["method"] == "OPTIONS":
            answer = answers.preflight(scope["headers"])
        else:
            answer = answers.NOT_POST if call is not None else self._pages(scope["method"], path)
        self._intake.count(scope["method"], path if call is not None else OTHERS, answer)
        await send(answer.start)
        await send(answer.body if scope["method"] != "HEAD" else answers.NO_BODY)

    async def _take_in(self, call: str, scope: Scope, receive: Receive) -> Answer:
        """Decode and store one request; the answer is made only after the commit."""
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _READ}
        try:
            body = await received_body(receive, headers.get("content-length", ""), BATCH_LIMIT)
        except TooLarge:
            if "expect" not in headers:  # who asks first has sent nothing yet
                await drained(receive, _DRAINED)
            return _TOO_LARGE
        except CutOff:
            return answers.CUT_OFF
        return await self._intake.taken(call, headers, body)


def _mended(path: str) -> str | None:
    """The path without doubled slashes at its beginning, which clients make of an address that ends with one."""
    ours = "/" + path.lstrip("/")
    return ours if ours.startswith("/v1/") or ours == "/v1" else None


def _refused_by_database(event: IncomingEvent) -> Rejected:
    said: Mapping[str, object] = {
        "messageId": event.message_id, "type": event.kind, "userId": event.user_id, "anonymousId": event.anonymous_id,
        "event": event.name, "timestamp": event.client_at, "properties": event.properties, "traits": event.traits,
    }  # fmt: skip
    return Rejected(event.source, "the database refuses a value in it", said)


def _failed(error: Exception) -> Answer:
    if isinstance(error, Busy):
        return _BUSY
    if is_away(error):
        log.warning("events not stored: %s", type(error).__name__)
        return _AWAY
    log.error("events not stored", exc_info=error)
    return answers.BROKEN
