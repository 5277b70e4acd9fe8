"""The web process as a platform runs it: in several processes, ended by one signal."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.local.server import free_port
from tests.workers.processes import ROOT, write_workspace

READY_WITHIN = 30.0


def test_web_concurrency_is_that_many_processes_on_one_port(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    variables = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "PORT": str(port), "HOST": "127.0.0.1", "WRITE_KEY": "wk",
        "SECRET_KEY": "a secret for tests that is long enough", "WEB_CONCURRENCY": "2",
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
    }  # fmt: skip
    web = subprocess.Popen([sys.executable, "-m", "workers.web"], cwd=ROOT, env={**os.environ, **variables})
    try:
        until = time.monotonic() + READY_WITHIN
        while not _answers(port):
            assert web.poll() is None, "it ended by itself"
            assert time.monotonic() < until
            time.sleep(0.05)
        below = psutil.Process(web.pid).children()
        assert sum("spawn_main" in " ".join(child.cmdline()) for child in below) == 2
        for n in range(20):
            event = {"messageId": f"m{n}", "userId": "jo@buyer.example", "event": "Looked", "writeKey": "wk"}
            assert httpx.post(f"http://127.0.0.1:{port}/v1/track", json=event).status_code == 200
    finally:
        web.send_signal(signal.SIGTERM)
        assert web.wait(30) in (0, -signal.SIGTERM)
    assert not psutil.wait_procs(below, timeout=10)[1]
    with transaction(clean_db) as db:
        assert db.execute(text("SELECT count(*) FROM event")).scalar_one() == 20


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False
