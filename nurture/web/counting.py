"""Counts requests by method, by the pattern of their path and by status: never by a path itself, which has tokens."""

from collections.abc import Sequence

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nurture.meters import Meters

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "none"
"""The pattern of what no route answers."""
BROKEN, GONE = "500", "gone"
"""What is counted as the status where none was sent: something broke, or the client did not wait for it."""


class Counted:
    """ASGI middleware around all routes; what is sent to `/v1/` counts itself."""

    def __init__(self, app: ASGIApp, *, meters: Meters, routes: Sequence[BaseRoute]) -> None:
        """Wrap `app`, which has these routes."""
        self._app, self._meters = app, meters
        # a list of what answers: which route that belongs to, the framework tells for some kinds of route only
        self._patterns = {_answering(route): getattr(route, "path", NOWHERE) for route in reversed(routes)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = GONE

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            status = BROKEN if status == GONE else status
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._meters.add("http_requests", method, self._pattern(scope), status)

    def _pattern(self, scope: Scope) -> str:
        told = getattr(scope.get("route"), "path", None)
        return told or self._patterns.get(scope.get("endpoint"), NOWHERE)


def _answering(route: BaseRoute) -> object:
    return getattr(route, "endpoint", None) or getattr(route, "app", route)
