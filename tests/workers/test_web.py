"""The web process as a platform runs it: in several processes, ended by one signal."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.local.server import free_port
from nurture.segment.event import IncomingEvent
from tests.flows import posting
from tests.flows.apps import add_lead, make_app
from tests.rules.lives import book_of
from tests.workers.processes import ROOT, write_workspace

READY_WITHIN = 90.0


@contextmanager
def web(db_url: str, redis_url: str, workspace: Path, processes: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """So many web processes on one port, and the address."""
    port = free_port()
    variables = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "PORT": str(port), "HOST": "127.0.0.1", "WRITE_KEY": "wk",
        "API_KEY": "ak",
        "SECRET_KEY": "a secret for tests that is long enough", "WEB_CONCURRENCY": str(processes),
        "NURTURE_WORKSPACE": str(workspace), "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "workers.web"], cwd=ROOT, env={**os.environ, **variables})
    try:
        until = time.monotonic() + READY_WITHIN
        while not _answers(port):
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < until
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)


def test_web_concurrency_is_that_many_processes_on_one_port(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    with web(db_url, redis_url, write_workspace(tmp_path / "workspace"), 2) as (address, process):
        below = psutil.Process(process.pid).children()
        assert sum("spawn_main" in " ".join(child.cmdline()) for child in below) == 2
        seen = 0.0
        for n in range(20):
            event = {"messageId": f"m{n}", "userId": "jo@buyer.example", "event": "Looked", "writeKey": "wk"}
            assert httpx.post(f"{address}/v1/track", json=event).status_code == 200
            asked = _asked(address, "nurture_events_stored_total ")
            assert seen <= asked <= n + 1, "whichever process answers, no number goes back"
            seen = asked
        until = time.monotonic() + 60
        while _asked(address, "nurture_events_stored_total ") < 20:
            assert time.monotonic() < until
        assert _asked(address, 'nurture_processes{kind="web"} ') == 2
    assert not psutil.wait_procs(below, timeout=10)[1]
    with transaction(clean_db) as db:
        assert db.execute(text("SELECT count(*) FROM event")).scalar_one() == 20


def _asked(address: str, name: str) -> float:
    """A number of one scrape, over a connection of its own."""
    told = httpx.get(f"{address}/metrics", headers={"authorization": "Bearer ak"}).text
    return next(float(line.removeprefix(name)) for line in told.splitlines() if line.startswith(name))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_sixteen_clients_of_two_web_processes_lose_nothing(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    app = make_app(clean_db, db_url, tmp_path, book_of(), NURTURE_WORKSPACE=str(ROOT))
    chance = random.Random(7)
    for lead in range(posting.LEADS):
        add_lead(app, posting.address(lead), app.now())
    told = posting.made(chance, posting.LEADS, 60)
    limits = httpx.Limits(max_connections=posting.WRITERS)
    with (
        web(db_url, redis_url, ROOT, 2) as (address, _),
        httpx.Client(base_url=address, auth=("wk", ""), timeout=60, limits=limits) as client,
    ):

        def post(batch: list[IncomingEvent]) -> None:
            client.post("/v1/batch", json={"batch": [_message(event) for event in batch]}).raise_for_status()

        jobs = [partial(post, batch) for batch in posting.batches(chance, told.events, 40)]
        assert posting.at_once(jobs) == []
    posting.check(app, told, channels=1)


def _message(event: IncomingEvent) -> dict[str, Any]:
    """As a client says it."""
    said = {"type": event.kind, "messageId": event.message_id, "properties": dict(event.properties)}
    said |= {"userId": event.user_id, "anonymousId": event.anonymous_id, "context": {"userAgent": "Mozilla/5.0 (X11)"}}
    if event.kind == "alias":
        said |= {"anonymousId": None, "previousId": event.anonymous_id}
    if event.email:
        said["context"]["traits"] = {"email": event.email}
    return said | ({"event": event.name} if event.kind == "track" else {"properties": {"path": event.path}})


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False
