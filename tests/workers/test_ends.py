"""Ends of processes that others have to make good: a provider that never answers, a clock that is killed."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.mailers.stub_api import Asked, Told, stub_api
from tests.workers.processes import (
    add_due_leads,
    bring_slots_forward,
    clock,
    end_twice,
    kill,
    wait_for,
    worker,
    write_workspace,
)
from tests.workers.test_shutdown import GONE_WITHIN, counted

pytestmark = pytest.mark.slow
LEADS, BATCH = 10, 2


def environment(db_url: str, redis_url: str, tmp_path: Path, mail_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "NURTURE_TICK": "0.2", "MAIL_URL": mail_url,
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
        "SECRET_KEY": "a secret for tests that is long enough",
    }  # fmt: skip


@pytest.mark.soak
def test_a_provider_that_never_answers_holds_nobody_up(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    """What it was asked is unknown, for it may have been taken; all else waits again, and nothing is under way."""
    over = threading.Event()
    ids: list[str] = []

    def reply(asked: Asked) -> Told:
        ids.extend(item["Metadata"]["nurture"] for item in asked.json)
        over.wait(60)
        return Told(drop=True)

    add_due_leads(clean_db, LEADS)
    with stub_api(reply) as stub, ExitStack() as stack:
        stack.callback(over.set)
        mail_url = f"postmark://TOKEN?batch={BATCH}&connections=2&api={stub.url}"
        variables = environment(db_url, redis_url, tmp_path, mail_url)
        ticking = stack.enter_context(clock(variables))
        sending = stack.enter_context(worker(variables))
        wait_for(lambda: sum(counted(clean_db).values()) == LEADS, of="deciding all leads")
        bring_slots_forward(clean_db)
        wait_for(lambda: bool(ids), of="a request that hangs")
        kill(ticking)
        assert end_twice(sending) < GONE_WITHIN
        after = counted(clean_db)
        assert after == {"unknown": len(ids), "queued": LEADS - len(ids)}
        assert len(ids) == len(set(ids))


def test_a_clock_that_is_killed_is_followed_by_another(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    """At the latest when its lease is over, which the test does not wait for; then all goes on."""

    def holder() -> str | None:
        with transaction(clean_db) as db:
            found: str | None = db.execute(text("SELECT holder FROM lease WHERE name = 'clock'")).scalar()
        return found

    with ExitStack() as stack:
        variables = environment(db_url, redis_url, tmp_path, "smtp://127.0.0.1:1")
        first = stack.enter_context(clock(variables))
        wait_for(lambda: holder() is not None, of="a clock that leads")
        leads = holder()
        stack.enter_context(clock(variables))
        kill(first)
        with transaction(clean_db) as db:
            db.execute(text("UPDATE lease SET until = clock_timestamp() WHERE name = 'clock'"))
        wait_for(lambda: holder() != leads, of="another clock")
        add_due_leads(clean_db, LEADS)
        stack.enter_context(worker(variables))
        wait_for(lambda: sum(counted(clean_db).values()) == LEADS, of="deciding all leads")
