"""Faults of jobs, time and disks bite, and what they bite holds."""

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from chaos.disk import make_disk
from chaos.faults import jobs
from chaos.faults.time import next_change
from chaos.receivers.start import receiving
from chaos.servers import start_servers
from nurture.db import is_away, make_engine, transaction
from nurture.flows.deliver import deliver
from tests.flows.apps import make_app, rows
from tests.flows.due_mails import queue, saying
from tests.rules.examples import NOW
from tests.rules.lives import book_of
from tests.workers.processes import add_due_leads, bring_slots_forward, clock, wait_for, worker, write_workspace
from tests.workers.test_kills import by_state
from workers.kinds import KINDS

LEADS = 30
HOUR = timedelta(hours=1)


@pytest.mark.slow
def test_jobs_that_are_none_twice_or_thousands_do_nothing_twice(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    add_due_leads(clean_db, LEADS)
    with receiving("smtp", tmp_path / "smtp") as receiver, ExitStack() as stack:
        variables = {
            "DATABASE_URL": db_url, "REDIS_URL": redis_url, "NURTURE_TICK": "0.2", "LOG_LEVEL": "CRITICAL",
            "MAIL_URL": receiver.mail_url(connections=4), "SECRET_KEY": "a secret for tests that is long enough",
            "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
        }  # fmt: skip
        client = stack.enter_context(redis.Redis.from_url(redis_url))
        for fault in jobs.FAULTS:
            assert isinstance(fault, jobs.Jobs)
            fault.put(client, Random(1))
        waiting = client.llen(jobs.WAITS)
        assert waiting > jobs.STRAY
        stack.enter_context(clock(variables))
        stack.enter_context(worker(variables))
        wait_for(lambda: sum(map(len, by_state(clean_db).values())) == LEADS, of="deciding all leads")
        jobs.Twice().put(client, Random(2))
        jobs.Again().put(client, Random(2))
        bring_slots_forward(clean_db)
        wait_for(lambda: len(by_state(clean_db).get("sent", ())) == LEADS, of="sending all mails")
        wait_for(lambda: client.llen(jobs.WAITS) <= len(KINDS), of="working off all that is no work")
        assert Counter(mail.message_id for mail in receiver.mails()) == Counter(by_state(clean_db)["sent"])


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 4, 4, 14, tzinfo=UTC)),
    ],
)
def test_the_next_change_of_clocks_is_found(zone: str, at: datetime) -> None:
    assert next_change(zone, datetime(2026, 3, 1, tzinfo=UTC)) == at
    assert next_change(zone, at + HOUR) > at + 100 * timedelta(days=1)


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 2 * HOUR], ids=["back", "on", "beyond the window"])
def test_no_mail_leaves_outside_its_slot_where_time_jumps_while_it_is_held(
    clean_db: Engine, db_url: str, tmp_path: Path, jump: timedelta
) -> None:
    """Business time jumps after the mails were leased, before they are let go."""
    app = saying(make_app(clean_db, db_url, tmp_path, book_of()))
    queue(app, 10, hours=2)
    shown = iter([NOW] * 3)
    with receiving("smtp", tmp_path / "smtp") as receiver:
        app = replace(app, settings=replace(app.settings, mail_url=receiver.mail_url(connections=2)))
        done = deliver(app, lambda: next(shown, NOW + jump), seconds=10)
        taken = {mail.message_id for mail in receiver.mails()}
    found = rows(app, "SELECT message_id, state, sending_at, slot_at, slot_until FROM delivery")
    assert taken == {row.message_id for row in found if row.state == "sent"}
    assert all(row.slot_at <= row.sending_at < row.slot_until for row in found if row.state == "sent")
    assert done.unknown == 0
    assert {row.state for row in found} <= {"sent", "queued", "cancelled"}, "nothing is held for good"


def test_a_disk_that_is_slow_or_full_is_borne_by_the_real_postgresql(tmp_path: Path) -> None:
    """A commit waits for its sync; what needs room is refused in a way that says "later", and goes well afterwards."""
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(0o755)
    if make_disk(tmp_path / "tried").library is None:
        pytest.skip("there is no C compiler to build the library that stands before the disk")
    servers = start_servers(tmp_path / "servers")
    engine = make_engine(servers.database_url)
    try:
        with transaction(engine) as db:
            db.execute(text("CREATE TABLE much (words text)"))
        write(engine)
        servers.disk.be(milliseconds=300)
        began = time.monotonic()
        write(engine)
        assert time.monotonic() - began >= 0.3
        servers.disk.be(full=True)
        with pytest.raises(OperationalError, match="No space left") as refused:
            write(engine)
        assert is_away(refused.value)
        servers.end(servers.postgres, "kill")
        servers.start(servers.postgres)
        assert not servers.postgres.is_running(), "it needs room to start"
        servers.disk.be()
        servers.start(servers.postgres)
        write(engine)
        with transaction(engine) as db:
            assert db.execute(text("SELECT count(*) FROM much")).scalar() == 3 * 500
    finally:
        engine.dispose()
        servers.stop()


def write(engine: Engine) -> None:
    with transaction(engine) as db:
        db.execute(text("INSERT INTO much SELECT repeat('x', 1000) FROM generate_series(1, 500)"))
