"""Segment's client for browsers in a real one: a website that is not ours, and its visitors, who all come at once."""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine

from nurture.workspace import Workspace
from tests.clients.fault_proxy import Request, Road, fault_proxy
from tests.clients.playing import MODULES, Outcome, make_app, outcome, served
from tests.clients.scenes import Scene
from tests.web.people import browser, rows

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CLIENT = MODULES / "@segment/analytics-next/dist/umd/index.js"
NO_BROWSER = "Chromium is not installed" if CHROMIUM is None else (
    "" if CLIENT.exists() else "the client is not set up: `make set-up-node`"
)  # fmt: skip
"""Why the client for browsers cannot play, if it cannot."""
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
HUMAN = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
"""A browser without a window calls itself headless, and is taken for the program that it is."""
PAGE = b"<!doctype html><meta charset=utf-8><title>Acme Robotics</title><script src=/client.js></script>"
START = """([load, options]) => {
  window.failed = [];
  window.analytics = AnalyticsNext.AnalyticsBrowser.load(load, options);
  window.analytics.on("error", (error) => window.failed.push(error.code));
}"""
PATIENCE = 20


@dataclass(frozen=True)
class Visit:
    """What a visitor's page does: JavaScript that may use `analytics` and `email`.

    Attributes:
        scene: whom it is about, and what happens on the way.
        steps: the page's script.
        events: how many of its events are to arrive at the latest, before we look.
        delivery: the client's setting `deliveryStrategy`.
        leaves: whether the visitor goes on to another page as soon as the script has run.
        inline: whether the page brings the client's settings along, instead of asking us.
        user: a user id that the product has told us before, with the address.
    """

    scene: Scene
    steps: str
    events: int
    delivery: Mapping[str, Any] | None = None
    leaves: bool = False
    inline: bool = False
    user: str = ""


@dataclass(frozen=True)
class Visited:
    """What became of a visit. `hosts`: every host that the page spoke to; `asked`: what it sent but posts."""

    of: Outcome
    hosts: set[str]
    asked: Sequence[Request]


class _Website(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        script = self.path == "/client.js"
        body = CLIENT.read_bytes() if script else PAGE
        self.send_response(200)
        self.send_header("content-type", "text/javascript; charset=utf-8" if script else "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def website() -> Iterator[str]:
    """A site at an origin of its own; each of its paths has the same page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Website)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def browse(engine: Engine, workspace: Workspace, data_dir: Path, visits: Sequence[Visit]) -> dict[str, Visited]:
    """Let all visits happen; gives what became of each, by its scene's name."""
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        site = stack.enter_context(website())
        open_road = stack.enter_context(fault_proxy())
        roads = []
        for visit in visits:
            roads.append(road := open_road("", visit.scene.script))
            app = make_app(engine, workspace, data_dir, visit.scene.clock, base_url=road.address)
            road.server = stack.enter_context(served(app))
            if visit.user:
                _introduce(road.server, visit)
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        stack.callback(chromium.close)
        open_pages = [_begin(chromium, site, visit, road) for visit, road in zip(visits, roads, strict=True)]
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not all(_arrived(engine, visit) for visit in visits):
            open_pages[0].page.wait_for_timeout(50)  # the browser's requests are answered meanwhile
        open_pages[0].page.wait_for_timeout(700)  # for what should not come
        found = {}
        for visit, opened, road in zip(visits, open_pages, roads, strict=True):
            failed = opened.page.evaluate("window.failed ?? []")
            of = outcome(engine, visit.scene, road, failed)
            asked = [request for request in road.requests if request.method != "POST"]
            found[visit.scene.name] = Visited(of, opened.hosts, asked)
    return found


def _introduce(server: str, visit: Visit) -> None:
    with browser(server) as product:
        said = {"userId": visit.user, "traits": {"email": visit.scene.email}}
        product.post("/v1/identify", json=said, auth=(visit.scene.key, "")).raise_for_status()


@dataclass
class _Opened:
    page: Any
    hosts: set[str] = field(default_factory=set)


def _begin(chromium: Any, site: str, visit: Visit, road: Road) -> _Opened:
    context = chromium.new_context(user_agent=HUMAN)
    opened = _Opened(context.new_page())
    context.on("request", lambda request: opened.hosts.add(urlsplit(request.url).hostname or ""))
    opened.page.goto(f"{site}/pricing?utm_source=letter&utm_medium=email&utm_campaign=spring")
    opened.page.evaluate(START, [_load(visit, road), _options(visit)])
    opened.page.evaluate(f"async (email) => {{ {visit.steps} }}", visit.scene.email)
    if visit.leaves:
        opened.page.goto(f"{site}/about")
    return opened


def _load(visit: Visit, road: Road) -> dict[str, Any]:
    key = visit.scene.key
    if not visit.inline:
        return {"writeKey": key, "cdnURL": road.address}
    ours = {"apiKey": key, "apiHost": f"{urlsplit(road.address).netloc}/v1", "protocol": "http"}
    return {"writeKey": key, "cdnSettings": {"integrations": {"Segment.io": ours}}}


def _options(visit: Visit) -> dict[str, Any]:
    return {"integrations": {"Segment.io": {"deliveryStrategy": dict(visit.delivery)}}} if visit.delivery else {}


def _arrived(engine: Engine, visit: Visit) -> bool:
    [found] = rows(
        engine,
        "SELECT count(*) AS n FROM event JOIN lead ON lead.id = event.lead_id WHERE email = :email",
        email=visit.scene.email,
    )
    return int(found["n"]) >= visit.events
