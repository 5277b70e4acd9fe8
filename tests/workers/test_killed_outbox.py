"""A worker is killed (SIGKILL) with a letter to a person in its hands, and a job fetched: another passes it on."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.workers.processes import clock, kill, wait_for, worker, write_workspace
from tests.workers.saboteur import Saboteur

pytestmark = pytest.mark.slow

CAME_IN = """
WITH came AS (
    INSERT INTO inbound_mail (digest, received_at, source, kind, raw)
    VALUES (sha256('1'), now(), 'imap', 'reply', :raw) RETURNING id)
INSERT INTO mail_forward (inbound_id, recipient, at, next_at) SELECT id, 'rep@acme.example', now(), now() FROM came
"""
RAW = b"From: Jo <jo@buyer.example>\r\nSubject: Please call me\r\n\r\nHello\r\n"


def forward(engine: Engine) -> str:
    with transaction(engine) as db:
        return str(db.execute(text("SELECT state FROM mail_forward")).scalar_one())


def test_what_a_killed_worker_was_passing_on_is_passed_on_by_another(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    hanging, over = threading.Event(), threading.Event()

    def hang_once(point: str, held: int) -> bool:
        if point == "data" and not hanging.is_set():
            hanging.set()
            over.wait(60)
            return True
        return False

    with transaction(clean_db) as db:
        db.execute(text(CAME_IN), {"raw": RAW})
    with Saboteur(hang_once) as server, ExitStack() as stack:
        stack.callback(over.set)
        variables = {
            "DATABASE_URL": db_url, "REDIS_URL": redis_url, "MAIL_URL": server.url, "NURTURE_TICK": "0.2",
            "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
            "SECRET_KEY": "a secret for tests that is long enough",
        }  # fmt: skip
        stack.enter_context(clock(variables))
        first = stack.enter_context(worker(variables))
        wait_for(hanging.is_set, of="passing on")
        kill(first)
        assert forward(clean_db) == "leased"
        with transaction(clean_db) as db:
            db.execute(text("UPDATE mail_forward SET leased_until = leased_until - interval '46 seconds'"))
        stack.enter_context(worker(variables))
        wait_for(lambda: forward(clean_db) == "sent", of="passing on by another")
        assert server.recipients() == ["rep@acme.example"]
