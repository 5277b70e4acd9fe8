"""How pages are put together and sent: the frame around, what a browser may do with each, who may ask at all."""

import re
from ipaddress import ip_address
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nurture.authoring.preview import words

PAGE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Our own pages: nothing from anywhere else, nothing inline."""
MAIL = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; font-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""A mail is anybody's HTML, also where it is opened without its frame: no script, no form, an origin of its own."""
_SAFE = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_TICKED = re.compile("`([^`]+)`")

_pages = Environment(
    loader=PackageLoader("nurture.authoring.preview", "pages"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals["words"] = words
_pages.filters["ticks"] = lambda text: Markup(_TICKED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def page(template: str, status: int = 200, **names: Any) -> Response:
    """One of our pages."""
    return _html(_pages.get_template(template).render(**names), PAGE, status)


def mail(text: str) -> Response:
    """A mail for a frame."""
    return _html(text, MAIL, 200)


def note(template: str, **names: Any) -> Response:
    """A page that stands where the mail stood."""
    return _html(_pages.get_template(template).render(**names), MAIL, 200)


def _html(text: str, policy: str, status: int) -> Response:
    # A lead's data or a file may hold half of a surrogate pair, which no answer can.
    data = text.encode("utf-8", "replace")
    return HTMLResponse(data, status, {**_SAFE, "Content-Security-Policy": policy})


class ThisMachineOnly:
    """Answers only to names of this machine: a page elsewhere cannot have its own name lead here and read along."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not is_this_machine(Headers(scope=scope).get("host", "")):
            refusal = PlainTextResponse("The preview answers to localhost alone.\n", 421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_this_machine(host: str) -> bool:
    """Whether a `Host` header, or the host of `--host`, names this machine: `localhost`, or a loopback address."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            return False
    else:
        name = host if host.count(":") > 1 else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
