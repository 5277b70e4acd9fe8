"""`POST /v1/…`: events in, by the Segment HTTP tracking API. Raw routes, for clients lie about content types.

200 means that the events are in PostgreSQL. Anything for which a client should try again is a 5xx.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.flows.ingest import ingest
from nurture.segment.event import IncomingEvent
from nurture.web.body import TooLarge, read_body
from nurture.web.segment import BATCH_LIMIT, CALLS, TOO_LARGE, Refusal, decode

log = logging.getLogger(__name__)

_CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After"}
_PREFLIGHT = {
    **_CORS,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type, x-retry-count",
    "access-control-max-age": "86400",
}
_UNKNOWN = Refusal(404, "not_found", "There is no such call.")
_NOT_POST = Refusal(405, "method_not_allowed", "Events are sent by POST.")
_CUT_OFF = Refusal(400, "cut_off", "The body ended too early.")
_TRY_AGAIN = Refusal(503, "try_again", "The events could not be stored now; send them again.")
_OUR_MISTAKE = Refusal(500, "internal", "The events could not be stored; send them again later.")


def routes(app: App) -> list[BaseRoute]:
    """The routes under `/v1/`."""

    async def receive(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        if request.method != "POST":
            return _answer(_NOT_POST, {"allow": "POST, OPTIONS"})
        call = CALLS.get(request.path_params["call"])
        if call is None:
            return _answer(_UNKNOWN)
        try:
            body = await read_body(request, BATCH_LIMIT)
        except TooLarge:
            return _answer(TOO_LARGE, {"connection": "close"})
        except ClientDisconnect:
            return _answer(_CUT_OFF)
        return await run_in_threadpool(take_in, app, call, request.headers, body)

    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [Route("/v1/{call}", receive, methods=every)]


def take_in(app: App, call: str, headers: Mapping[str, str], body: bytes) -> Response:
    """Decode and store one request; the answer is made only after the commit."""
    now = app.now()
    decoded = decode(call, headers, body, app.settings.write_key or "", now)
    if isinstance(decoded, Refusal):
        return _answer(decoded)
    for unusable in decoded.unusable:
        log.info("event set aside: %s", unusable.reason)
    try:
        _store(app, decoded.events, now)
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        log.warning("events not stored: %s", type(error).__name__)
        return _answer(_TRY_AGAIN, {"retry-after": "2"})
    except Exception:
        log.exception("events not stored")
        return _answer(_OUR_MISTAKE)
    return Response(b'{"success": true}', media_type="application/json", headers=_CORS)


def _store(app: App, events: Sequence[IncomingEvent], now: datetime) -> None:
    """Store events together; where one has a value that the database refuses, the others without it."""
    if not events:
        return
    try:
        ingest(app, events, now)
    except DataError:
        if len(events) == 1:
            log.warning("event set aside: the database refuses a value in it")
            return
        half = len(events) // 2
        _store(app, events[:half], now)
        _store(app, events[half:], now)


def _answer(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    said = {"success": False, "code": refusal.code, "message": refusal.message}
    return Response(
        orjson.dumps(said), refusal.status, media_type="application/json", headers={**_CORS, **(headers or {})}
    )
