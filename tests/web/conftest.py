"""The web application in a real server, on a real database, its business clock standing still."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from nurture.app import App
from nurture.settings import Settings
from nurture.web.application import make_web
from nurture.workspace import Workspace, load_workspace
from tests.web.people import NOW, SECRET, browser
from workers.straight import StraightProtocol

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def workspace() -> Workspace:
    """The shipped example."""
    return load_workspace(ROOT)


@pytest.fixture
def nudges() -> list[str]:
    """What workers were told."""
    return []


@pytest.fixture
def app(clean_db: Engine, workspace: Workspace, nudges: list[str], tmp_path: Path) -> App:
    """The composition root, without channels."""
    settings = Settings(
        workspace=ROOT,
        data_dir=tmp_path,
        base_url="http://nurture.example",
        given_secret_key=SECRET,
        write_key="wk_test",
        api_key="ak_test",
    )
    return App(settings, clean_db, workspace, now=lambda: NOW, nudge=nudges.append)


class Switch:
    """One server for all tests, with the application of the test that runs."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def serving() -> Iterator[tuple[Switch, str]]:
    """A uvicorn on a free port of loopback."""
    switch = Switch()
    server = uvicorn.Server(
        uvicorn.Config(
            switch,
            port=0,
            http=StraightProtocol,
            log_config=None,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield switch, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def site(serving: tuple[Switch, str], app: App) -> str:
    """The address of this test's application."""
    switch, address = serving
    switch.app = make_web(app)
    return address


@pytest.fixture
def client(site: str) -> Iterator[httpx.Client]:
    """A browser that follows nothing by itself."""
    with browser(site) as client:
        yield client
