"""What every call passes before any route is looked at: who calls, how often, how much, and whether it can be read.

In front of the framework, which would read a stranger's body to its end before it asked for a key.
"""

import logging
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nurture.app import App
from nurture.db import is_away
from nurture.web.api.callers import Caller, Callers, shown_key
from nurture.web.api.problems import (
    AWAY,
    BROKEN,
    INVALID,
    MALFORMED,
    NO_KEY,
    NOT_JSON,
    READ_ONLY,
    TOO_LARGE,
    Problem,
    answer,
)
from nurture.web.api.rates import Rates
from nurture.web.api.replays import Replays, call_of, read_key
from nurture.web.api.room import Room
from nurture.web.api.strict_json import faults, read_json
from nurture.web.body import CutOff, NotGzip, TooLarge, drained, inflated, received_body

BODY_LIMIT = 64 * 1024
BATCH_LIMIT = 2 * 1024 * 1024
OPEN = ("/openapi.json",)
"""What anybody may read."""
BATCHES = ("/leads/batch",)
"""Where one bad value spoils its own item alone, so that it is looked for there."""
AWAY_FOR = 5
"""Seconds after which to try again."""

_DRAINED = 8 * 1024 * 1024
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = 'Bearer realm="Nurture"'

log = logging.getLogger(__name__)


class Gate:
    """ASGI middleware of the API."""

    def __init__(self, api: ASGIApp, app: App) -> None:
        """`api` answers the calls that pass."""
        self._api, self._app = api, app
        self._callers = Callers(app)
        self._rates = Rates(app.settings.api_rate)
        self._room = Room(app.settings.pool_size)
        self._replays = Replays(api, app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; whatever happens, the answer is a problem that can be read."""
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        answering = _Answering(send)
        try:
            await self._admit(scope, receive, answering)
        except Problem as problem:
            await answer(problem, self._app.settings.base_url)(scope, receive, answering)
        except CutOff:
            return  # nobody hears
        except Exception as error:
            told = away() if is_away(error) else Problem(BROKEN, BROKEN.example)
            if told.kind is BROKEN:
                log.error("a call of the API could not be answered", exc_info=error)
            if not answering.has_begun:
                await answer(told, self._app.settings.base_url)(scope, receive, answering)

    async def _admit(self, scope: Scope, receive: Receive, send: "_Answering") -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in OPEN:
            await self._api(scope, receive, send)
            return
        headers = Headers(scope=scope)
        caller = await self._caller(headers)
        send.headers = self._rates.take(caller.name)
        body = b""
        if scope["method"] not in _SAFE:
            if caller.read_only:
                raise Problem(READ_ONLY, f"the key `{caller.name}` may only look; this call changes something")
            body = await _body(headers, receive, BATCH_LIMIT if path in BATCHES else BODY_LIMIT)
            _check(body, path)
        scope.setdefault("state", {})["caller"] = caller
        await self._answer(scope, _given(body, receive), send, headers, body)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, headers: Headers, body: bytes) -> None:
        key = headers.get("idempotency-key") if scope["method"] == "POST" else None
        call = None if key is None else call_of(scope["state"]["caller"].name, read_key(key), scope, body)
        async with self._room:
            if call is None:
                await self._api(scope, receive, send)
            else:
                await self._replays(call, scope, receive, send)

    async def _caller(self, headers: Headers) -> Caller:
        key = shown_key(headers.get("authorization", ""))
        caller = None
        if key is not None:
            caller = self._callers.at_hand(key) or await run_in_threadpool(self._callers.look_up, key)
        if caller is None:
            if key is None:
                raise Problem(NO_KEY, NO_KEY.example, headers={"www-authenticate": _CHALLENGE})
            challenge = f'{_CHALLENGE}, error="invalid_token"'
            raise Problem(NO_KEY, "that key is none of this installation, or was revoked",
                          headers={"www-authenticate": challenge})  # fmt: skip
        return caller


def away() -> Problem:
    """The database does not answer."""
    return Problem(AWAY, AWAY.example, headers={"retry-after": str(AWAY_FOR)})


async def _body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body, inflated where it says that it must be."""
    try:
        body = await _received(headers, receive, limit)
        coding = headers.get("content-encoding", "identity").lower().strip()
        if coding == "gzip":
            body = inflated(body, limit)
        elif coding not in ("identity", ""):
            raise Problem(NOT_JSON, "send the body plain or as gzip", headers={"accept-encoding": "gzip, identity"})
    except TooLarge:
        raise Problem(TOO_LARGE, f"the body has more than {limit:,} octets", headers={"connection": "close"}) from None
    except NotGzip:
        raise Problem(MALFORMED, "the body says that it is gzip, and is none, or not all of it") from None
    if body:
        _check_type(headers.get("content-type", ""))
    return body


async def _received(headers: Headers, receive: Receive, limit: int) -> bytes:
    try:
        return await received_body(receive, headers.get("content-length", ""), limit)
    except TooLarge:
        if "expect" not in headers:  # who asks first has sent nothing yet
            await drained(receive, _DRAINED)
        raise


def _check_type(said: str) -> None:
    media, _, parameters = said.partition(";")
    media = media.strip().lower()
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        shown = f"; `{media[:60]}` is not read here" if media else ""
        raise Problem(NOT_JSON, f"send the body as `Content-Type: application/json`{shown}",
                      headers={"accept-post": "application/json"})  # fmt: skip
    if "charset=" in charset and "charset=utf-8" not in charset:
        raise Problem(NOT_JSON, "send the body in UTF-8", headers={"accept-post": "application/json"})


def _check(body: bytes, path: str) -> None:
    """Raise for a body that means different things to different programs, or nothing that could be kept."""
    if not body:
        return
    said = read_json(body)
    found = [] if path in BATCHES else list(faults(said))
    if found:
        raise Problem(INVALID, f"`{(found[0].pointer or '').removeprefix('/')}`: {found[0].detail}", found[:20])


def _given(body: bytes, receive: Receive) -> Receive:
    """What the routes receive: the body that was read, then whatever else comes."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message


class _Answering:
    """`send`, with the headers that belong to every answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.headers: Mapping[str, str] = {}
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self.headers.items():
                headers.setdefault(name, value)
        await self._send(message)
