"""`/c/{token}` and `/o/{token}.gif`: a tracked link and the open pixel. A GET adds an event, nothing more.

Whoever clicked gets where the link leads, whatever becomes of our record of it: to the URL that we signed, and nowhere
else.
"""

import base64
import logging
from typing import Literal
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.flows.hit import record_hit
from nurture.mail.links import read_link, read_open
from nurture.segment.visitor import VISITOR
from nurture.web.pages import not_found

log = logging.getLogger(__name__)

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

_FETCHED_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")
_LONGEST_AGENT = 500


def routes(app: App) -> list[BaseRoute]:
    """The two routes."""
    secret = app.settings.secret_key

    async def click(request: Request) -> Response:
        link = read_link(secret, request.path_params["token"])
        if link is None or urlsplit(link.url).scheme not in {"http", "https"}:
            return not_found("This link is not complete", "Please copy the whole link out of your mail and try again.")
        visitor = await run_in_threadpool(_hit, app, request, "click", link.delivery_id, link.number, link.url)
        return RedirectResponse(with_visitor(link.url, visitor), 302)

    async def pixel(request: Request) -> Response:
        mail = read_open(secret, request.path_params["token"])
        if mail is not None:
            await run_in_threadpool(_hit, app, request, "open", mail.delivery_id, None, None)
        return Response(GIF, 404 if mail is None else 200, media_type="image/gif")

    return [Route("/c/{token}", click, methods=["GET"]), Route("/o/{token}.gif", pixel, methods=["GET"])]


def with_visitor(url: str, visitor: str | None) -> str:
    """The URL with the visitor's token at the end of its query; the rest stays as it was signed."""
    if not visitor:
        return url
    before, hash_, fragment = url.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{VISITOR}={visitor}{hash_}{fragment}"


def fetched_ahead(request: Request) -> bool:
    """Whether the request says of itself that nobody has clicked yet."""
    said = " ".join(request.headers.get(name, "") for name in _FETCHED_AHEAD).lower()
    return any(word in said for word in _AHEAD)


def _hit(
    app: App, request: Request, kind: Literal["click", "open"], delivery_id: int, link: int | None, url: str | None
) -> str | None:
    try:
        return record_hit(
            app,
            kind=kind,
            delivery_id=delivery_id,
            link=link,
            url=url,
            method=request.method,
            agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT] or None,
            address=request.client.host if request.client else None,
            prefetch=fetched_ahead(request),
            now=app.now(),
        )
    except Exception:
        log.exception("a hit on delivery %s could not be recorded", delivery_id)
        return None
