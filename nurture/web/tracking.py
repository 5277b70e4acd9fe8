"""`/c/{token}` and `/o/{token}.gif`: a tracked link and the open pixel. A GET or HEAD adds an event, nothing more.

Whoever clicked gets where the link leads, whatever becomes of our record of it: to the URL that we signed, and nowhere
else.
"""

import base64
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.mail.links import read_link, read_open
from nurture.segment.visitor import VISITOR
from nurture.web.noting import note
from nurture.web.pages import not_found

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""


def routes(app: App) -> list[BaseRoute]:
    """The two routes."""
    secret = app.settings.secret_key

    async def click(request: Request) -> Response:
        link = read_link(secret, request.path_params["token"])
        if link is None or urlsplit(link.url).scheme not in {"http", "https"}:
            return not_found("This link is not complete", "Please copy the whole link out of your mail and try again.")
        visitor = await note(app, request, "click", link.delivery_id, link=link.number, url=link.url)
        return RedirectResponse(with_visitor(link.url, visitor), 302)

    async def pixel(request: Request) -> Response:
        mail = read_open(secret, request.path_params["token"])
        if mail is not None:
            await note(app, request, "open", mail.delivery_id)
        return Response(GIF, 404 if mail is None else 200, media_type="image/gif")

    looks = ["GET", "HEAD"]
    return [Route("/c/{token}", click, methods=looks), Route("/o/{token}.gif", pixel, methods=looks)]


def with_visitor(url: str, visitor: str | None) -> str:
    """The URL with the visitor's token at the end of its query; the rest stays as it was signed."""
    if not visitor:
        return url
    before, hash_, fragment = url.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{VISITOR}={visitor}{hash_}{fragment}"
