"""Processes start before their servers do, and outlive them: nobody starts anything anew by hand."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from nurture.db import make_engine, transaction
from tests.workers.gate import Gate
from tests.workers.processes import (
    ROOT,
    add_due_leads,
    bring_slots_forward,
    clock,
    end_twice,
    kill,
    wait_for,
    worker,
    write_workspace,
)
from tests.workers.saboteur import Saboteur
from tests.workers.test_shutdown import GONE_WITHIN, counted

pytestmark = pytest.mark.slow
LEADS = 12


@pytest.fixture
def server() -> Iterator[Saboteur]:
    with Saboteur() as running:
        yield running


@pytest.fixture
def database(db_url: str) -> Iterator[Gate]:
    with Gate(db_url) as gate:
        yield gate


@pytest.fixture
def courier(redis_url: str) -> Iterator[Gate]:
    with Gate(redis_url) as gate:
        yield gate


@pytest.fixture
def environment(database: Gate, courier: Gate, server: Saboteur, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database.url,
        "REDIS_URL": courier.url,
        "MAIL_URL": server.url,
        "BASE_URL": "https://nurture.example.com",
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
        "NURTURE_TICK": "0.2",
        "SECRET_KEY": "a secret for tests that is long enough",
    }


def test_a_worker_and_a_clock_outlive_an_outage_of_both_servers(
    clean_db: Engine, environment: dict[str, str], database: Gate, courier: Gate
) -> None:
    with ExitStack() as stack:
        courier.shut()
        stack.enter_context(clock(environment))
        stack.enter_context(worker(environment))
        add_due_leads(clean_db, LEADS)
        courier.open()
        wait_for(lambda: sum(counted(clean_db).values()) == LEADS, of="deciding after Redis came up")
        database.shut()
        courier.shut()
        bring_slots_forward(clean_db)
        database.open()
        courier.open()
        wait_for(lambda: counted(clean_db) == {"sent": LEADS}, of="sending after both came back")


@pytest.fixture
def bare_database(clean_db: Engine, db_url: str) -> Iterator[str]:
    """The address of a database with nothing in it."""
    name = f"{make_url(db_url).database}_bare"
    with clean_db.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        db.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        yield make_url(db_url).set(database=name).render_as_string(hide_password=False)
        db.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def test_a_clock_that_is_started_first_waits_for_the_database_and_its_upgrade(
    bare_database: str, environment: dict[str, str], tmp_path: Path
) -> None:
    said = tmp_path / "said"
    with Gate(bare_database) as gate, said.open("wb") as stderr:
        gate.shut()
        command = (sys.executable, "-m", "nurture.cli.main")
        variables = {**os.environ, **environment, "DATABASE_URL": gate.url}
        waiting = subprocess.Popen((*command, "clock"), cwd=ROOT, env=variables, stderr=stderr, start_new_session=True)
        try:
            wait_for(lambda: "(waiting)" in said.read_text(), of="saying that there is no database")
            gate.open()
            wait_for(lambda: "run `nurture db upgrade`" in said.read_text(), of="saying that it is not upgraded")
            subprocess.run((*command, "db", "upgrade"), cwd=ROOT, env=variables, check=True, capture_output=True)
            engine = make_engine(bare_database, pool_size=1)
            wait_for(lambda: _is_led(engine), of="leading")
            engine.dispose()
            assert end_twice(waiting) < GONE_WITHIN
        finally:
            kill(waiting)
    lines = [line for line in said.read_text().splitlines() if "(waiting)" in line]
    assert [re.sub(r"reached: .*", "reached", line).split("; run")[0] for line in lines] == [
        "nurture: DATABASE_URL: the database cannot be reached",
        lines[1].split("; run")[0],
    ]
    assert lines[1].startswith("nurture: the database is at revision none")


def _is_led(engine: Engine) -> bool:
    with transaction(engine) as db:
        return db.execute(text("SELECT count(*) FROM lease WHERE name = 'clock'")).scalar_one() == 1


@pytest.mark.soak
@pytest.mark.parametrize("process", [clock, worker], ids=["clock", "worker"])
def test_a_database_that_stands_still_and_no_courier_hold_nobody_up(
    clean_db: Engine,
    environment: dict[str, str],
    database: Gate,
    courier: Gate,
    process: Callable[[dict[str, str]], ExitStack],
) -> None:
    with ExitStack() as stack:
        running = stack.enter_context(process(environment))
        kind = "clock" if process is clock else "worker"
        wait_for(lambda: _beats(clean_db, kind), of="the first beat")
        add_due_leads(clean_db, LEADS)
        database.freeze()
        courier.shut()
        assert end_twice(running) < GONE_WITHIN


def _beats(engine: Engine, kind: str) -> bool:
    with transaction(engine) as db:
        return bool(db.execute(text("SELECT count(*) FROM process WHERE kind = :kind"), {"kind": kind}).scalar())
