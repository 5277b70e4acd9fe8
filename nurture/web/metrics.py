"""`/metrics`: how the whole installation goes, for Prometheus, whichever process is asked.

It holds no personal data, and is for who holds an API key all the same: it says how much a company sends. A key that
may only read is enough. It is told within seconds whatever happens: where the database does not answer, it says so.
"""

import asyncio
import logging
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import is_away, transaction
from nurture.flows.beat import Beat
from nurture.meters import Key, read
from nurture.store import processes
from nurture.store.health import Health, health
from nurture.web.api.callers import Callers, shown_key

ANSWERS_WITHIN = 5.0
"""Seconds. A scrape waits for ten by default."""
STATEMENT_SECONDS = 3

log = logging.getLogger(__name__)


def routes(app: App, beat: Beat) -> list[BaseRoute]:
    """The one route."""
    guard, look = _Guard(app), _Look(app, beat)

    async def metrics(request: Request) -> Response:
        key = shown_key(request.headers.get("authorization", ""))
        if key is None or not await run_in_threadpool(guard.lets_in, key):
            words = "Show an API key: Authorization: Bearer KEY. One that may only read is enough.\n"
            return PlainTextResponse(words, 401, {"www-authenticate": 'Bearer realm="Nurture"'})
        from nurture.web.exposition import told  # its library takes a while to load, and not all are watched

        found = await look.found()
        accept = request.headers.get("accept", "")
        body, content_type = told(accept, found.health, found.counts, app.settings.write_keys.values())
        return Response(body, headers={"content-type": content_type})

    return [Route("/metrics", metrics)]


class _Guard:
    """Who may read. Whose key was good before is let in while the database cannot be asked: to hear just that."""

    def __init__(self, app: App) -> None:
        self._callers = Callers(app)
        self._good: set[bytes] = set()

    def lets_in(self, key: str) -> bool:
        digest = sha256(key.encode("utf-8", "replace")).digest()
        try:
            is_good = (self._callers.at_hand(key) or self._callers.look_up(key)) is not None
        except Exception as error:
            if not is_away(error):
                raise
            return digest in self._good
        (self._good.add if is_good else self._good.discard)(digest)
        return is_good


@dataclass(frozen=True, slots=True)
class _Found:
    health: Health | None
    counts: dict[Key, int]


_NOTHING = _Found(None, {})


class _Look:
    """One look at the database at a time, shared by all who ask meanwhile, and by nobody who asks later.

    Answers that were kept, however shortly, would be older than what another process has just told: to who asks them by
    turns, counters would go back.
    """

    def __init__(self, app: App, beat: Beat) -> None:
        self._app, self._beat = app, beat
        self._looking: asyncio.Task[_Found] | None = None

    async def found(self) -> _Found:
        """What is found now; nothing where that takes too long."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(run_in_threadpool(self._look))
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), ANSWERS_WITHIN)
        except TimeoutError:
            log.warning("the database does not say in time how it goes")
            return _NOTHING

    def _look(self) -> _Found:
        if not self._beat.tell():
            return _NOTHING
        try:
            now = self._app.now()
            with transaction(self._app.engine) as db:
                db.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
                return _Found(health(db, now), {read(name): n for name, n in processes.added_up(db).items()})
        except Exception as error:  # also of a database that is not upgraded yet
            log.warning("the database does not say how it goes", extra={"because": type(error).__name__})
            return _NOTHING
