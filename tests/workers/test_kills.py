"""Workers are killed (SIGKILL) at each point of sending a mail: nothing is doubled or lost, little is unknown."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.workers.processes import (
    add_due_leads,
    bring_slots_forward,
    clock,
    kill,
    wait_for,
    worker,
    write_workspace,
)
from tests.workers.saboteur import Saboteur

pytestmark = pytest.mark.slow
LEADS, CONNECTIONS = 40, 4

STRIKES = {
    "before the intent is written": ("connected", 0),
    "before the body": ("mail", 7),
    "in mid-body": ("mid-body", 7),
    "after the dot": ("after the dot", 7),
    "after the reply, before it is recorded": ("after the reply", 7),
}


class Killer:
    """Kills the worker's whole process group, once, at one point."""

    def __init__(self, point: str, held: int) -> None:
        self.point, self.held = point, held
        self.process: subprocess.Popen[bytes] | None = None
        self.struck = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, point: str, held: int) -> bool:
        if self.process is None or point != self.point or held < self.held or self.struck.is_set():
            return False
        with self._lock:
            if self.struck.is_set():
                return False
            if self.point == "after the reply":
                # The reply goes out to a worker that is stopped: it has it, and can record nothing.
                os.killpg(self.process.pid, signal.SIGSTOP)
                threading.Timer(0.3, kill, [self.process]).start()
            else:
                kill(self.process)
            self.struck.set()
        return False


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> Callable[[Saboteur], dict[str, str]]:
    workspace = write_workspace(tmp_path / "workspace", filler=200_000)

    def make(server: Saboteur) -> dict[str, str]:
        return {
            "DATABASE_URL": db_url,
            "REDIS_URL": redis_url,
            "MAIL_URL": server.url,
            "NURTURE_WORKSPACE": str(workspace),
            "NURTURE_TICK": "0.2",
            "SECRET_KEY": "a secret for tests that is long enough",
        }

    return make


def by_state(engine: Engine) -> dict[str, set[str]]:
    """Message-IDs of the deliveries in each state."""
    with transaction(engine) as db:
        rows = db.execute(text("SELECT state, coalesce(message_id, id::text) AS message_id FROM delivery")).all()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.state, set()).add(row.message_id)
    return found


def let_leases_run_out(engine: Engine) -> None:
    """Forty seconds of machine time pass at once."""
    with transaction(engine) as db:
        db.execute(text("UPDATE delivery SET leased_until = leased_until - interval '1 minute'"))


@pytest.mark.parametrize("strike", STRIKES.values(), ids=STRIKES.keys())
def test_a_killed_worker_doubles_nothing_and_loses_nothing(
    clean_db: Engine, environment: Callable[[Saboteur], dict[str, str]], strike: tuple[str, int]
) -> None:
    killer = Killer(*strike)
    add_due_leads(clean_db, LEADS)
    with Saboteur(killer) as server, ExitStack() as stack:
        variables = environment(server)
        stack.enter_context(clock(variables))
        killer.process = stack.enter_context(worker(variables))
        wait_for(lambda: sum(map(len, by_state(clean_db).values())) == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        wait_for(killer.struck.is_set, of="the kill")
        wait_for(lambda: killer.process is not None and killer.process.poll() is not None, of="the worker's death")

        after, held = by_state(clean_db), set(server.message_ids())
        assert len(held) == len(server.message_ids()), "a mail was sent twice before the crash"
        assert not held & (after.get("queued", set()) | after.get("leased", set())), "the server holds a queued mail"
        assert len(after.get("sending", set())) <= CONNECTIONS

        let_leases_run_out(clean_db)
        stack.enter_context(worker(variables))
        wait_for(lambda: not by_state(clean_db).keys() & {"queued", "leased", "sending"}, of="working off the rest")

        final, held_in_the_end = by_state(clean_db), server.message_ids()
        assert len(held_in_the_end) == len(set(held_in_the_end)), "a mail was sent twice"
        assert set(held_in_the_end) <= final.get("sent", set()) | final.get("unknown", set())
        assert final.get("sent", set()) <= set(held_in_the_end), "a mail counts as sent that the server has not"
        assert len(final.get("unknown", set())) <= CONNECTIONS
        assert sum(map(len, final.values())) == LEADS
        assert final.keys() <= {"sent", "unknown"}


def test_a_second_sigterm_does_not_kill_a_running_job(
    clean_db: Engine, environment: Callable[[Saboteur], dict[str, str]]
) -> None:
    """A PaaS sends SIGTERM to the whole process group, and dramatiq's master forwards another."""
    struck = threading.Event()
    process: list[subprocess.Popen[bytes]] = []

    def terminate_twice(point: str, held: int) -> bool:
        if point == "mid-body" and held >= 5 and process and not struck.is_set():
            struck.set()
            kill(process[0], signal.SIGTERM)
            kill(process[0], signal.SIGTERM)
        return False

    add_due_leads(clean_db, LEADS)
    with Saboteur(terminate_twice) as server, ExitStack() as stack:
        variables = environment(server)
        stack.enter_context(clock(variables))
        process.append(stack.enter_context(worker(variables)))
        wait_for(lambda: sum(map(len, by_state(clean_db).values())) == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        wait_for(struck.is_set, of="the SIGTERM")
        wait_for(lambda: process[0].poll() is not None, seconds=30, of="the worker's end")
        assert process[0].returncode == 0
        after = by_state(clean_db)
        assert after.keys() <= {"sent", "queued"}
        assert set(server.message_ids()) == after["sent"]
