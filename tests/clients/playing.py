"""Puts the real server, the roads to it and the clients together, and reads from the database what became of it all."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine

from nurture.app import App, real_clock
from nurture.settings import Settings
from nurture.web.application import make_web
from nurture.workspace import Workspace
from tests.clients.fault_proxy import Request, Road, fault_proxy
from tests.clients.scenes import NODE, PYTHON, WRITE_KEYS, Scene
from tests.web.people import SECRET, rows
from workers.straight import StraightProtocol

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = HERE / "node_modules"
NODE_PROGRAM = shutil.which("node")
NO_NODE = "there is no node on this machine" if NODE_PROGRAM is None else (
    "the clients are not set up: `make set-up-node`" if not MODULES.exists() else ""
)  # fmt: skip
"""Why the clients for node cannot play, if they cannot."""


THERE = PYTHON if NO_NODE else (*PYTHON, *NODE)


@dataclass(frozen=True)
class Outcome:
    """What became of a scene: in the database, on the road, and what its client said."""

    scene: Scene
    lead: Mapping[str, Any] | None
    events: Sequence[Mapping[str, Any]]
    counted: int
    handoffs: int
    users: Sequence[str]
    requests: Sequence[Request]
    errors: Sequence[str]

    @property
    def stored(self) -> list[tuple[str, str | None]]:
        """Kind, and path or name, of each event in the order of when it happened."""
        return [(event["kind"], event["path"] or event["name"]) for event in self.events]


def make_app(
    engine: Engine, workspace: Workspace, data_dir: Path, clock: timedelta, base_url: str = "http://nurture.example"
) -> App:
    """The composition root of the shipped example, its clock ahead of the real one by `clock`."""
    settings = Settings(
        workspace=ROOT, data_dir=data_dir, base_url=base_url, given_secret_key=SECRET, write_key=WRITE_KEYS
    )
    return App(settings, engine, workspace, now=lambda: real_clock() + clock)


@contextmanager
def served(app: App) -> Iterator[str]:
    """The whole web application in a real server; gives its address."""
    config = uvicorn.Config(
        make_web(app),
        port=0,
        http=StraightProtocol,
        log_config=None,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def play(
    engine: Engine, workspace: Workspace, data_dir: Path, scenes: Sequence[Scene], patience: float = 60
) -> dict[tuple[str, str], Outcome]:
    """Play scenes, all at once; gives what became of each, by its name and its client.

    `patience`: seconds after which clients that are still at it have failed.
    """
    with ExitStack() as stack:
        clocks = {scene.clock for scene in scenes}
        servers = {clock: stack.enter_context(served(make_app(engine, workspace, data_dir, clock))) for clock in clocks}
        open_road = stack.enter_context(fault_proxy())
        roads = [open_road(servers[scene.clock], scene.script) for scene in scenes]
        try:
            errors = _speak(scenes, roads, patience)
        except subprocess.TimeoutExpired:
            heard = {
                str(scene): [post.status for post in road.posts][-5:] for scene, road in zip(scenes, roads, strict=True)
            }
            raise AssertionError(f"clients are still at it; the last answers were {heard}") from None
        time.sleep(0.3)  # for what a client no longer waits for: its slow answer
    found = zip(scenes, roads, errors, strict=True)
    return {(scene.name, scene.client): outcome(engine, scene, road, said) for scene, road, said in found}


def _speak(scenes: Sequence[Scene], roads: Sequence[Road], patience: float) -> list[Sequence[str]]:
    """Let each tongue play its own; gives what each scene's client said of errors."""
    parts = {tongue: [n for n, scene in enumerate(scenes) if scene.client in tongue] for tongue in (PYTHON, NODE)}
    commands = {PYTHON: [sys.executable, str(HERE / "speak.py")], NODE: [str(NODE_PROGRAM), str(HERE / "speak.mjs")]}
    said: list[Sequence[str]] = [()] * len(scenes)

    def run(tongue: tuple[str, ...]) -> None:
        numbers = parts[tongue]
        if numbers:
            spoken = [scenes[n].spoken(roads[n].address) for n in numbers]
            for n, played in zip(numbers, _run(commands[tongue], spoken, patience), strict=True):
                said[n] = played["errors"]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, parts))
    return said


def _run(command: Sequence[str], spoken: Sequence[Mapping[str, Any]], patience: float) -> list[dict[str, Any]]:
    """In a folder and an environment that say nothing of us: clients look for settings and proxies in both."""
    home = {name: os.environ[name] for name in ("PATH", "NURTURE_TEST_RUN") if name in os.environ}
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(
            command, input=json.dumps(spoken), capture_output=True, text=True, timeout=patience, cwd=nowhere, env=home
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def outcome(engine: Engine, scene: Scene, road: Road, errors: Sequence[str]) -> Outcome:
    """Read what became of a scene."""
    leads = rows(engine, "SELECT * FROM lead WHERE email = :email", email=scene.email)
    lead = leads[0] if leads else None
    of = {"id": lead["id"] if lead else None}
    events = rows(
        engine,
        "SELECT kind, name, path, source, occurred_at, received_at FROM event WHERE lead_id = :id ORDER BY occurred_at",
        **of,
    )
    counted = rows(engine, "SELECT coalesce(sum(count), 0) AS n FROM signal_day WHERE lead_id = :id", **of)
    handoffs = rows(engine, "SELECT count(*) AS n FROM handoff WHERE lead_id = :id", **of)
    users = rows(engine, "SELECT value FROM identity WHERE lead_id = :id AND kind = 'user' ORDER BY value", **of)
    return Outcome(
        scene, lead, events, int(counted[0]["n"]), handoffs[0]["n"], [row["value"] for row in users], road.posts, errors
    )
