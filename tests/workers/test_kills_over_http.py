"""A worker is killed (SIGKILL) amid a request full of mails: these are unknown, no other is, none is doubled."""

import os
import signal
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.mailers.stub_api import Asked, Told, stub_api
from tests.workers.processes import add_due_leads, bring_slots_forward, clock, kill, wait_for, worker, write_workspace
from tests.workers.test_kills import by_state, let_leases_run_out

pytestmark = pytest.mark.slow
LEADS, BATCH = 40, 8


def test_a_killed_worker_leaves_one_requests_mails_unknown(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    victims: list[subprocess.Popen[bytes]] = []
    struck = threading.Event()
    taken: list[str] = []

    def reply(asked: Asked) -> Told:
        ids = [item["Metadata"]["nurture"] for item in asked.json]
        taken.extend(ids)
        if len(taken) > 2 * BATCH and victims and not struck.is_set():
            os.killpg(victims[0].pid, signal.SIGKILL)
            struck.set()
            return Told(drop=True)
        return Told(200, [{"ErrorCode": 0, "Message": "OK"} for _ in ids])

    add_due_leads(clean_db, LEADS)
    with stub_api(reply) as stub, ExitStack() as stack:
        variables = {
            "DATABASE_URL": db_url, "REDIS_URL": redis_url, "NURTURE_TICK": "0.2",
            "MAIL_URL": f"postmark://TOKEN?batch={BATCH}&api={stub.url}",
            "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
            "SECRET_KEY": "a secret for tests that is long enough",
        }  # fmt: skip
        stack.enter_context(clock(variables))
        victims.append(stack.enter_context(worker(variables)))
        wait_for(lambda: sum(map(len, by_state(clean_db).values())) == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        wait_for(struck.is_set, of="the kill")
        wait_for(lambda: victims[0].poll() is not None, of="the worker's death")
        after = by_state(clean_db)
        assert len(after["sending"]) == BATCH
        let_leases_run_out(clean_db)
        stack.enter_context(worker(variables))
        wait_for(lambda: not by_state(clean_db).keys() & {"queued", "leased", "sending"}, of="working off the rest")
        final = by_state(clean_db)
        assert {state: len(ids) for state, ids in final.items()} == {"sent": LEADS - BATCH, "unknown": BATCH}
        assert len(taken) == len(set(taken)) == LEADS, "a mail was sent twice, or not at all"
        kill(victims[0])
