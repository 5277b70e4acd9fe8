"""The parts of a visit: a site whose pages embed the tracker, a browser, and a server that fails when it is told to."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nurture.app import App
from tests.web.people import rows

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

PATIENCE = 20.0
"""Seconds after which what should have happened has not."""


class Faults:
    """An application that first gives the answers in `next`, and keeps what it was asked under `/v1/`."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._app = app
        self._open = 0
        self._closed = False
        self.address = address
        self.next: list[Response] = []
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._open += 1
        try:
            await (
                Response(status_code=410)(scope, receive, send) if self._closed else self._answer(scope, receive, send)
            )
        finally:
            self._open -= 1

    def close(self) -> None:
        """Take in nothing more, and let end what is under way: browsers speak on when their windows are closed."""
        self._closed = True
        until(lambda: self._open == 0, lambda: f"{self._open} requests under way still")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((f"{scope['method']} {scope['path']}", headers, json.loads(body) if body else None))

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await (self.next.pop(0) if self.next else self._app)(scope, again, send)

    def sent(self) -> list[dict[str, Any]]:
        """Every event that came, in order, also those that came twice."""
        return [event for _, _, body in self.asked if body for event in body["batch"]]


class Site:
    """Pages with the tracker in them. `pages` has what else stands on a page, `attributes` those of the script."""

    def __init__(self, nurture: str) -> None:
        self.nurture = nurture
        self.port = 0
        self.key = "wk_test"
        self.attributes = ""
        self.before = ""
        self.pages: dict[str, str] = {}

    def url(self, path: str = "/", host: str = "www.acme.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def answer(self, target: str) -> tuple[int, dict[str, str], bytes]:
        path = urlsplit(target).path
        headers = {"content-type": "text/html; charset=utf-8", "cache-control": "max-age=60"}
        if path.endswith(".pdf"):
            return 200, {"content-type": "application/pdf", "content-disposition": "attachment"}, b"%PDF-1.4"
        script = f'<script async src="{self.nurture}/nurture.js" data-key="{self.key}" {self.attributes}></script>'
        body = f"<!doctype html><title>About {path}</title>{self.before}{script}{self.pages.get(path, '')}"
        return 200, headers, body.encode()


class Visit:
    """One browser with its own cookies and storage, and what the database says of its events."""

    def __init__(self, context: "BrowserContext", site: Site, app: App) -> None:
        self.context = context
        self._site = site
        self._app = app
        self._asked: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self._asked.append(request.url))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def url(self, path: str = "/") -> str:
        """Where a page of the site is."""
        return self._site.url(path)

    def open(self, path: str = "/", host: str = "www.acme.test", page: "Page | None" = None) -> "Page":
        """A page of the site, with the tracker running in it."""
        page = page or self.context.new_page()
        page.goto(self._site.url(path, host))
        page.wait_for_function("!!(window.nurture && nurture.anonymousId)")
        return page

    def id(self, page: "Page") -> str | None:
        """By what the visitor is known."""
        return page.evaluate("nurture.anonymousId()")

    def strangers(self) -> list[str]:
        """What was asked of others than the site and the application."""
        ours = {str(self._site.port), str(urlsplit(self._site.nurture).port)}
        return [url for url in self._asked if url.startswith("http") and str(urlsplit(url).port) not in ours]

    def events(self, kind: str = "%") -> list[dict[str, Any]]:
        """The events stored so far, in the order in which they happened, without times on pages: these are `read`."""
        wanted = "IS NOT DISTINCT FROM" if kind == "read" else "IS DISTINCT FROM"
        query = f"""
            SELECT kind, name, path, properties, anonymous_id, verdict,
                   (SELECT email FROM lead WHERE lead.id = lead_id) AS lead
            FROM event
            WHERE source <> 'mail' AND kind LIKE :kind AND name {wanted} :read
            ORDER BY occurred_at, id
        """
        return rows(self._app.engine, query, kind="track" if kind == "read" else kind, read="Page Read")

    def wait_for(self, count: int, kind: str = "%") -> list[dict[str, Any]]:
        """So many events, as soon as they are stored."""
        until(lambda: len(self.events(kind)) >= count, lambda: f"{count} events, not {self.events(kind)}")
        return self.events(kind)

    def times(self, count: int) -> list[tuple[str, int]]:
        """How many tens of seconds each page was in sight, once so many have been told.

        The browser's own clock goes on beside the one that a test moves, so single seconds say nothing.
        """
        told = [event["properties"] for event in self.wait_for(count, "read")]
        return sorted((one["path"], one["seconds"] // 10 * 10) for one in told)


def until(holds: Callable[[], bool], wanted: Callable[[], str]) -> None:
    """Wait for what has to become true."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, wanted()
        time.sleep(0.02)
