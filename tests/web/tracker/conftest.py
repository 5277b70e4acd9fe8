"""Chromium, a site of its own origin whose pages embed the tracker, and the application that the tracker speaks to."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from nurture.app import App
from nurture.web.application import make_web
from tests.web.conftest import Switch
from tests.web.people import NOW
from tests.web.tracker.visiting import Faults, Site, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = ("chromium", "chromium-browser")
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP *.acme.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium; without it the test is skipped. It finds no host but those of the tests.

    For one module: while it is there, an event loop runs in this thread, in which others could begin none.
    """
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        kept = ["--disable-back-forward-cache"]
        opened = playwright.chromium.launch(executable_path=program, args=list(SWITCHES), ignore_default_args=kept)
        yield opened
        opened.close()


@pytest.fixture
def app(app: App) -> App:
    """The application, whose business clock runs as fast as the browser's."""
    begun = time.monotonic()
    return replace(app, now=lambda: NOW + timedelta(seconds=time.monotonic() - begun))


@pytest.fixture
def faults(serving: tuple[Switch, str], app: App) -> Iterator[Faults]:
    """The application, which answers as a test wants before it answers itself; it notes what it was asked.

    What a closed browser still sends must not come into the next test, whose database is being emptied.
    """
    switch, address = serving
    switch.app = faults = Faults(make_web(app), address)
    yield faults
    faults.close()


@pytest.fixture
def company(faults: Faults) -> Iterator[Site]:
    """The company's site, at `http://*.acme.test`."""
    site = Site(faults.address)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = site.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser: "Browser", company: Site, app: App) -> Iterator[Callable[..., Visit]]:
    """Begins a visit in a browser of its own: `visit()` or `visit(script=…)`, run before any page's own.

    Afterwards nothing may have gone wrong in any page, and nobody else may have been asked for anything.
    """
    begun: list[Visit] = []

    def begin(script: str = "", **options: Any) -> Visit:
        context = browser.new_context(**{"user_agent": CHROME, **options})
        context.set_default_timeout(20_000)
        begun.append(Visit(context, company, app))
        if script:
            context.add_init_script(script)
        return begun[-1]

    yield begin
    for one in begun:
        one.context.close()
    for one in begun:
        assert one.strangers() == []
        assert one.errors == []
