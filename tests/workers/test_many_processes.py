"""Two clocks and four worker processes at once, Redis emptied in mid-run: each mail leaves once, none is lost."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.workers.processes import add_due_leads, bring_slots_forward, clock, wait_for, worker, write_workspace
from tests.workers.saboteur import Saboteur
from workers.broker import QUEUE

pytestmark = pytest.mark.slow
LEADS = 2_000
FEWER = 800


@pytest.fixture
def server() -> Iterator[Saboteur]:
    with Saboteur() as running:
        yield running


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path, server: Saboteur) -> dict[str, str]:
    return {
        "DATABASE_URL": db_url,
        "REDIS_URL": redis_url,
        "MAIL_URL": server.url,
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
        "NURTURE_TICK": "0.2",
        "SECRET_KEY": "a secret for tests that is long enough",
    }


def states(engine: Engine) -> Counter[str]:
    with transaction(engine) as db:
        return Counter(dict(db.execute(text("SELECT state, count(*) FROM delivery GROUP BY state")).all()))  # type: ignore[arg-type]


def sent_ids(engine: Engine) -> set[str]:
    with transaction(engine) as db:
        return set(db.execute(text("SELECT message_id FROM delivery WHERE state = 'sent'")).scalars())


def check_once_each(engine: Engine, server: Saboteur, count: int) -> None:
    assert states(engine) == {"sent": count}
    held = server.message_ids()
    assert len(held) == len(set(held)) == count
    assert set(held) == sent_ids(engine)
    assert len(set(server.recipients())) == count


def test_two_clocks_and_four_workers_send_each_mail_once(
    clean_db: Engine, environment: dict[str, str], server: Saboteur
) -> None:
    add_due_leads(clean_db, LEADS)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(clock(environment))
            stack.enter_context(worker(environment, processes=2))
        wait_for(lambda: states(clean_db).total() == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        wait_for(lambda: states(clean_db)["sent"] == LEADS, of="sending all mails")
    check_once_each(clean_db, server, LEADS)


def test_emptying_redis_in_mid_run_loses_nothing(
    clean_db: Engine, environment: dict[str, str], redis_url: str, server: Saboteur
) -> None:
    """Jobs wait in Redis while no worker runs (seen), Redis is emptied, then again and again while they run."""
    add_due_leads(clean_db, FEWER)
    with ExitStack() as stack, redis.Redis.from_url(redis_url) as courier:
        stack.enter_context(clock(environment))
        wait_for(lambda: courier.llen(f"nurture:{QUEUE}") > 0, of="a job being queued")
        assert courier.hlen(f"nurture:{QUEUE}.msgs") > 0
        courier.flushall()
        stack.enter_context(worker(environment, processes=2))
        wait_for(lambda: states(clean_db).total() == FEWER, of="deciding all leads")
        bring_slots_forward(clean_db)
        flushed = 0

        def done() -> bool:
            nonlocal flushed
            if 0 < states(clean_db)["sent"] < FEWER:
                courier.flushall()
                flushed += 1
            return states(clean_db)["sent"] == FEWER

        wait_for(done, of="sending all mails")
        assert flushed > 0
    check_once_each(clean_db, server, FEWER)
