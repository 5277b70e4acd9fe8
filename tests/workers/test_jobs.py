"""A job stands for seconds of work; where nothing is due there is next to none."""

from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, event

from nurture.app import App
from tests.flows.apps import add_lead, make_app
from tests.rules.lives import book_of
from tests.workers.processes import add_due_leads, bring_slots_forward, clock, wait_for, worker, write_workspace
from tests.workers.saboteur import Saboteur
from tests.workers.test_shutdown import counted
from workers.clock import Clock

LEADS = 1_000


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of())


def test_a_tick_with_nothing_due_asks_twice(app: App) -> None:
    """Who leads, and what there is to do; the second may be the seldom look at letters."""
    add_lead(app)
    ticking = Clock(app)
    ticking.tick()
    said: list[str] = []

    def note(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(app.engine, "before_cursor_execute", note)
    try:
        ticking.tick()
    finally:
        event.remove(app.engine, "before_cursor_execute", note)
    assert len(said) == 2, said


@pytest.mark.slow
def test_jobs_are_few_while_mails_go_out(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> None:
    """Each takes under a millisecond of a CPU that has half a millisecond for each mail."""
    add_due_leads(clean_db, LEADS)
    with Saboteur() as server, ExitStack() as stack, redis.Redis.from_url(redis_url) as courier:
        variables = {
            "DATABASE_URL": db_url, "REDIS_URL": redis_url, "MAIL_URL": server.url,
            "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
            "SECRET_KEY": "a secret for tests that is long enough",
        }  # fmt: skip
        stack.enter_context(clock(variables))
        stack.enter_context(worker(variables))
        wait_for(lambda: sum(counted(clean_db).values()) == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        before = _enqueued(courier)
        wait_for(lambda: counted(clean_db) == {"sent": LEADS}, of="sending all mails")
        assert _enqueued(courier) - before < LEADS // 20  # the clock asks every second, however slow the machine is


def _enqueued(courier: redis.Redis) -> int:
    """How many jobs were ever put into a queue of this server."""
    found = courier.info("commandstats").get("cmdstat_rpush")
    return int(found["calls"]) if found else 0
