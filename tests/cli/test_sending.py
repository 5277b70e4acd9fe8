"""`nurture deliveries sending`: what an operator sees and does."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from nurture.cli.main import app as commands
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.rules.breaker import Breaker, stopped
from nurture.store import sending
from tests.workers.processes import add_due_leads, write_workspace

Run = Callable[..., Result]


@pytest.fixture
def run(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> Run:
    root = write_workspace(tmp_path / "workspace")
    with (root / "campaigns/agreement.yaml").open("a") as agreement:
        today = time.strftime("%Y-%m-%d", time.gmtime())
        agreement.write(f"sending: {{per_second: 14, warm_up: {{from: {today}, first_day: 50, grow: 2% a day}}}}\n")
    environment = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "SECRET_KEY": "a secret for tests that is long enough",
        "MAIL_URL": "postmark://TOKEN", "NURTURE_WORKSPACE": str(root), "NO_COLOR": "1", "COLUMNS": "200",
    }  # fmt: skip

    def run(*arguments: str) -> Result:
        sent = ("deliveries", "sending", *arguments)
        if arguments[:1] == ("--resolve",):
            sent = ("deliveries", "resolve", *arguments[1:], "--as", "sent")
        return CliRunner().invoke(commands, sent, env=environment, catch_exceptions=False)

    return run


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_it_says_that_all_is_well_before_anything_was_sent(run: Run) -> None:
    told = document(run("--json"))
    assert (told["state"], told["why"], told["since"], told["until"]) == ("sending", "", None, None)
    assert (told["waiting"], told["queued"], told["unknown"]) == (0, 0, 0)
    assert (told["provider"], told["per_second"]) == ("postmark", 14)


def test_a_mailer_that_rests_says_why_and_until_when_and_what_waits(run: Run, clean_db: Engine) -> None:
    add_due_leads(clean_db, 3)
    with transaction(clean_db) as db:
        db.exec_driver_sql(
            "INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, slot_at, slot_until, "
            "local_on, zone, queued_at) SELECT lead_id, id, 'always', 'one', 1, 't/one', now() - interval '1 minute', "
            "now() + interval '1 hour', now()::date, 'UTC', now() FROM enrollment"
        )
        standing = sending.locked(db, "default")
        sending.save(db, "default", stopped(Breaker(), "Postmark answered 401: wrong token", standing.machine_now))
    told = document(run("--json"))
    assert (told["state"], told["why"]) == ("resting", "Postmark answered 401: wrong token")
    assert told["since"] < told["until"]
    assert (told["waiting"], told["queued"]) == (3, 3)
    shown = run().stdout
    assert shown.startswith("resting: nothing leaves")
    assert "wrong token" in shown
    resumed = document(run("--resume", "--json"))
    assert (resumed["state"], resumed["why"], resumed["until"]) == ("sending", "", None)


def test_several_unknown_mails_are_settled_at_once(run: Run, clean_db: Engine) -> None:
    add_due_leads(clean_db, 3)
    with transaction(clean_db) as db:
        ids = db.exec_driver_sql(
            "INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, "
            "slot_until, local_on, zone, queued_at) SELECT lead_id, id, 'always', 'one', 1, 't/one', 'unknown', now(), "
            "now() + interval '1 hour', now()::date, 'UTC', now() FROM enrollment RETURNING id"
        ).scalars()
        numbers = [str(number) for number in ids]
    assert document(run("--json"))["unknown"] == 3
    said = run("--resolve", *numbers).stdout
    assert said.splitlines() == [f"delivery {number} is sent" for number in numbers]
    assert document(run("--json"))["unknown"] == 0


def test_an_operator_pauses_and_resumes(run: Run) -> None:
    paused = document(run("--pause", "asked  by jo@acme.example", "--json"))
    assert (paused["state"], paused["why"], paused["until"]) == ("paused", "asked by …@…", None)
    assert paused["since"]
    assert document(run("--json"))["state"] == "paused"
    assert document(run("--resume", "--json"))["state"] == "sending"


@pytest.mark.parametrize("arguments", [("--pause", " "), ("--pause", "x" * 400), ("--pause", "x", "--resume")])
def test_what_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run(*arguments)


def test_the_warm_up_is_told(run: Run) -> None:
    warm_up = document(run("--json"))["warm_up"]
    assert warm_up["most"] in (50, 51), "the day may have changed meanwhile"
    assert warm_up["sent"] == 0
    assert "0 of 5" in run().stdout
