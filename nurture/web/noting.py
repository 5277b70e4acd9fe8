"""Notes that a link, the pixel or a page of a mail was asked for. Whoever asked is answered whatever becomes of it."""

import logging
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from nurture.app import App
from nurture.flows.hit import record_hit

log = logging.getLogger(__name__)

_FETCHED_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")
_LONGEST_AGENT = 500


async def note(
    app: App,
    request: Request,
    kind: Literal["click", "open", "look"],
    delivery_id: int,
    *,
    link: int | None = None,
    url: str | None = None,
    page: str | None = None,
) -> str | None:
    """Keep a GET or HEAD as a hit on this mail; gives the visitor's token, None where nothing could be kept."""
    return await run_in_threadpool(_note, app, request, kind, delivery_id, link, url, page)


def fetched_ahead(request: Request) -> bool:
    """Whether the request says of itself that nobody has clicked yet."""
    said = " ".join(request.headers.get(name, "") for name in _FETCHED_AHEAD).lower()
    return any(word in said for word in _AHEAD)


def _note(
    app: App,
    request: Request,
    kind: Literal["click", "open", "look"],
    delivery_id: int,
    link: int | None,
    url: str | None,
    page: str | None,
) -> str | None:
    try:
        return record_hit(
            app,
            kind=kind,
            delivery_id=delivery_id,
            link=link,
            url=url,
            page=page,
            method=request.method,
            agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT].replace("\x00", "") or None,
            address=request.client.host if request.client else None,
            prefetch=fetched_ahead(request),
            now=app.now(),
        )
    except Exception:
        log.exception("a hit on delivery %s could not be recorded", delivery_id)
        return None
