"""`nurture status`: what an operator sees at a glance, and what a script hears."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from nurture.cli.main import app as commands
from nurture.db import transaction
from nurture.store import leases, processes, sending
from nurture.store.processes import Running
from tests.workers.processes import add_due_leads, write_workspace

Run = Callable[..., Result]


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "SECRET_KEY": "a secret for tests that is long enough",
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
    }  # fmt: skip


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, ["status", *arguments], env={**environment, "NO_COLOR": "1"})

    return run


@pytest.fixture
def at_work(clean_db: Engine) -> Engine:
    """A database at which a clock and two workers are at work."""
    with transaction(clean_db) as db:
        leases.take(db, "clock", "host-a/1/x", 60)
        processes.first_beat(db, Running("a", "worker", "host-b", 90 * 2**20), {})
        processes.first_beat(db, Running("b", "worker", "host-c", 80 * 2**20), {})
    return clean_db


def levels(told: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["level"] for one in told["findings"]}


@pytest.mark.usefixtures("at_work")
def test_where_all_is_well_it_says_so_and_ends_with_nought(run: Run) -> None:
    said = run()
    assert (said.exit_code, said.stdout.splitlines()[0]) == (0, "All is well.")
    assert "2 worker" in said.stdout
    assert "on host-a" in said.stdout
    told = json.loads(run("--json").stdout)
    assert told["well"] is True
    assert set(levels(told).values()) == {"ok"}


def test_without_clock_and_workers_it_says_what_to_do(run: Run) -> None:
    said = run()
    assert said.exit_code == 1
    assert said.stdout.splitlines()[0] == "2 things have to be mended."
    assert "→ scale `clock` to one" in said.stdout
    assert "→ scale `worker` to one or more" in said.stdout


def test_what_is_late_or_stuck_is_seen(run: Run, at_work: Engine) -> None:
    add_due_leads(at_work, 3)
    with transaction(at_work) as db:
        db.execute(text("UPDATE enrollment SET due_at = now() - interval '1 hour'"))
        sending.pause(db, "default", "the list is wrong")
    told = json.loads(run("--json").stdout)
    assert (told["well"], levels(told)["overdue"], levels(told)["sending"]) == (False, "warning", "warning")
    assert (told["due"]["count"], told["due"]["oldest"] >= 3600) == (3, True)
    said = run()
    assert (said.exit_code, said.stdout.splitlines()[0]) == (1, "It goes; 2 things to look at.")
    assert "paused since" in said.stdout
    assert "the list is wrong" in said.stdout
    assert "3 leads wait to be decided, the oldest for 60 minutes" in said.stdout


def test_a_database_that_is_away_is_one_line(environment: dict[str, str]) -> None:
    elsewhere = {**os.environ, **environment, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    done = subprocess.run(
        [sys.executable, "-m", "nurture.cli.main", "status"], env=elsewhere, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert done.stderr.startswith("nurture: DATABASE_URL: the database cannot be reached")
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("at_work")
def test_a_screen_of_80_columns_holds_it(environment: dict[str, str], at_work: Engine) -> None:
    with transaction(at_work) as db:
        sending.pause(
            db, "default", "many words that say why and go on and on until the line is full and another begins"
        )
        db.execute(text("UPDATE lease SET beat_at = now() - interval '1 hour'"))
    screen = _on_a_terminal([sys.executable, "-m", "nurture.cli.main", "status"], environment)
    lines = screen.splitlines()
    assert lines[0] == "1 thing has to be mended, 1 to look at."
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def _on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """What a terminal of 80 columns shows, without colours."""
    ours, theirs = pty.openpty()
    given = {**os.environ, **environment, "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1", "TERM": "dumb"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=given) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                more = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            shown += more
        assert process.wait(60) in (0, 1)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")
