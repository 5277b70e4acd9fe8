"""A workspace, a desk over it, and the browser."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.authoring.preview.desk import Desk
from nurture.authoring.preview.server import address, listen, serve
from tests.authoring.preview.making import desk_of, workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = ("chromium", "chromium-browser")
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small workspace."""
    return workspace(tmp_path / "ws")


@pytest.fixture
def desk(root: Path) -> Desk:
    """A desk over it; nothing is checked unless a test does it."""
    return desk_of(root)


@pytest.fixture
def serving() -> Iterator[Callable[[Desk], str]]:
    """Serves a desk for as long as the test runs; gives the address."""
    running: list[tuple[Desk, threading.Thread]] = []

    def begin(desk: Desk) -> str:
        listening, ready = listen("127.0.0.1", 0), threading.Event()
        url = address(listening)
        thread = threading.Thread(target=serve, args=(desk, listening, ready.set))
        thread.start()
        running.append((desk, thread))
        assert ready.wait(20)
        return url

    yield begin
    for desk, thread in running:
        desk.closing.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium; without it the test is skipped.

    For one module: while it is there, an event loop runs in this thread, in which others could begin none.
    """
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield browser
        browser.close()
