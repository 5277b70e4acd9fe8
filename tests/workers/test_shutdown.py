"""SIGTERM twice to a whole group of processes, as platforms do: all gone within 25 seconds, nothing half done."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.cli.processes import FINISH_MS
from nurture.db import transaction
from tests.workers.processes import (
    add_due_leads,
    bring_slots_forward,
    clock,
    end_twice,
    wait_for,
    worker,
    write_workspace,
)
from tests.workers.saboteur import Saboteur
from workers.stopping import FINISH_SECONDS, GONE_SECONDS

pytestmark = pytest.mark.slow
GONE_WITHIN = 25.0
LEADS, CONNECTIONS = 12, 4


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> Callable[..., dict[str, str]]:
    workspace = write_workspace(tmp_path / "workspace")

    def make(server: Saboteur, **more: str) -> dict[str, str]:
        return {
            "DATABASE_URL": db_url,
            "REDIS_URL": redis_url,
            "MAIL_URL": server.url,
            "NURTURE_WORKSPACE": str(workspace),
            "NURTURE_TICK": "0.2",
            "SECRET_KEY": "a secret for tests that is long enough",
            **more,
        }

    return make


class Hanging:
    """A mail server that stops to answer, each connection at the next of these points."""

    def __init__(self, *points: str) -> None:
        self.points = list(points)
        self.hanging: list[str] = []
        self.over = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, point: str, held: int) -> bool:
        with self._lock:
            hangs = bool(self.points) and point == self.points[0]
            if hangs:
                self.hanging.append(self.points.pop(0))
        if hangs:
            self.over.wait(60)
        return hangs


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging("after the dot", "data", "after the dot", "mail")
    yield made
    made.over.set()


def counted(engine: Engine) -> dict[str, int]:
    with transaction(engine) as db:
        return dict(db.execute(text("SELECT state, count(*) FROM delivery GROUP BY 1")).all())  # type: ignore[arg-type]


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.soak), 2])
def test_a_mail_server_that_hangs_holds_nobody_up(
    clean_db: Engine, environment: Callable[..., dict[str, str]], hanging: Hanging, processes: int
) -> None:
    """What was handed over is unknown, what surely was not waits again; no mail is left under way."""
    add_due_leads(clean_db, LEADS)
    with Saboteur(hanging) as server, ExitStack() as stack:
        variables = environment(server)
        ticking = stack.enter_context(clock(variables))
        sending = stack.enter_context(worker(variables, processes=processes))
        wait_for(lambda: sum(counted(clean_db).values()) == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        wait_for(lambda: len(hanging.hanging) == CONNECTIONS, of="all connections hanging")
        end_twice(ticking)
        assert end_twice(sending) < GONE_WITHIN
        after = counted(clean_db)
        assert after.keys() <= {"queued", "sent", "unknown"}
        assert after["unknown"] == 2
        assert len(server.message_ids()) == after.get("sent", 0) + after["unknown"]


def test_the_times_of_an_end_fit_into_each_other() -> None:
    assert int(FINISH_MS) == FINISH_SECONDS * 1000
    assert FINISH_SECONDS + 2 < GONE_SECONDS < GONE_WITHIN - 2
