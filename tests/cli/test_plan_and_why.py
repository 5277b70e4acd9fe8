"""`nurture plan` and `nurture why` as people, programs and CI call them."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from nurture.app import App
from nurture.cli.main import app as commands
from nurture.flows.adopt import adopt
from nurture.flows.advance import advance
from nurture.workspace import load_workspace
from tests.flows.apps import add_lead, make_app, one
from tests.rules.lives import book_of
from tests.workers.processes import write_workspace

Run = Callable[..., Result]


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": db_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret for tests that is long enough",
        "BASE_URL": "https://nurture.example",
        "MAIL_URL": "smtp://127.0.0.1:1",
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


@pytest.fixture
def root(environment: dict[str, str]) -> Path:
    return Path(environment["NURTURE_WORKSPACE"])


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    def run(*arguments: str, **changed: str) -> Result:
        given = {name: value or None for name, value in {**environment, **changed}.items()}
        return CliRunner().invoke(commands, arguments, env=given, catch_exceptions=True)

    return run


@pytest.fixture
def app(environment: dict[str, str], clean_db: Engine, db_url: str, root: Path) -> App:
    """The same workspace and database, adopted, with one lead inside."""
    made = make_app(clean_db, db_url, root, book_of(), SECRET_KEY=environment["SECRET_KEY"])
    object.__setattr__(made, "workspace", load_workspace(root))
    adopt(made, now(made))
    add_lead(made, now=now(made))
    return made


def now(app: App) -> datetime:
    return one(app, "SELECT now()")


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def edit(root: Path, old: str, new: str) -> None:
    path = root / "campaigns/always.yaml"
    said = path.read_text()
    assert old in said
    path.write_text(said.replace(old, new))


def test_a_plan_says_plainly_that_nothing_changes_or_what_does(run: Run, app: App, root: Path) -> None:
    assert "nothing changes for any lead" in run("plan").output
    assert document(run("plan", "--json"))["changes"] == []
    edit(root, "{id: one,", "{id: first,")
    (another, *_) = [row for row in document(run("plan", "--json"))["changes"] if row["change"] == "another_step"]
    assert {"campaign": "always", "step": "first", "was": "one", "leads": 1}.items() <= another.items()
    said = run("plan").output
    assert "get `first` next, not `one`" in said
    assert "jo@buyer.example" in said
    shown = run("plan", "--format", "github").output
    assert "| `first` | 1 | 100% | get `first` next, not `one` |" in shown
    assert "jo@" not in shown


def test_every_change_of_every_lead_can_be_had_as_a_file(run: Run, app: App, root: Path, tmp_path: Path) -> None:
    edit(root, "{id: one,", "{id: first,")
    file = tmp_path / "changes.csv"
    assert run("plan", "--list", str(file)).exit_code == 0
    with file.open(newline="") as lines:
        listed = {row["change"]: row for row in csv.DictReader(lines)}
    assert listed.keys() == {"another_step", "gets", "loses"}
    assert {"lead": "jo@buyer.example", "step": "first", "was": "one"}.items() <= listed["another_step"].items()


def test_nothing_adopted_is_said_plainly(run: Run, clean_db: Engine) -> None:
    assert "no files have been adopted yet" in run("plan").output
    assert document(run("plan", "--json"))["changes"] == []


def test_a_snapshot_needs_no_database(run: Run, app: App, root: Path, tmp_path: Path) -> None:
    file = tmp_path / "inside.jsonl.gz"
    assert document(run("plan", "--write-snapshot", str(file), "--json"))["leads"] == 1
    edit(root, "{id: one,", "{id: first,")
    nowhere = {"DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": ""}
    said = document(run("plan", "--snapshot", str(file), "--format", "json", **nowhere))
    assert {row["change"] for row in said["changes"]} == {"another_step", "gets", "loses"}
    assert "jo@" not in run("plan", "--snapshot", str(file), **nowhere).output
    assert not (root / ".nurture").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "--snapshot", "a", "--write-snapshot", "b"), "say one of them"),
        (("plan", "--snapshot", "a", "--list", "b"), "needs the database"),
        (("plan", "--list", "no/such/folder/x"), "cannot be written"),
        (("plan", "--keep", "country"), "goes with --write-snapshot"),
        (("plan", "--snapshot", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (("plan", "--write-snapshot", "x", "--keep", "cuntry"), "did you mean `country`?"),
        (("plan", "--write-snapshot", "no/such/folder/x"), "cannot be written"),
        (("why", "jo@buyer.example", "--step", "always/onne"), "did you mean `always/one`?"),
        (("why", "jo@buyer.example", "--step", "tow"), "did you mean `two`?"),
    ],
)
def test_what_is_wrong_is_one_clear_line(run: Run, app: App, arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert words in str(result.exception)


def test_why_a_step_was_or_was_not_received(run: Run, app: App) -> None:
    said = document(run("why", "jo@buyer.example", "--step", "two", "--json"))["step"]
    assert {"campaign": "always", "step": "two", "verdict": "later", "mails": []}.items() <= said.items()
    assert datetime.fromisoformat(said["at"]).tzinfo is not None
    advance(app, one(app, "SELECT due_at FROM enrollment"))
    with app.engine.begin() as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'cancelled', reason = 'window over'")
    said = document(run("why", "jo@buyer.example", "--step", "always/one", "--json"))["step"]
    assert "the hours of its day were over" in said["mails"][0]
    with app.engine.begin() as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'failed', for_good = true, reason = '550 no such user'")
    shown = run("why", "JO@buyer.example", "--step", "one").output
    assert "could not be sent (550 no such user); it is not tried again in this cycle" in shown
    assert document(run("why", "jo@buyer.example", "--step", "one", "--json"))["step"]["verdict"] == "failed"


def test_why_tells_the_leads_own_time_and_warns_of_files_not_adopted(run: Run, app: App, root: Path) -> None:
    said = document(run("why", "jo@buyer.example", "--json"))
    assert said["zone"] == "America/Chicago"
    assert datetime.fromisoformat(said["next"]["at"]).utcoffset() in (timedelta(hours=-5), timedelta(hours=-6))
    shown = run("why", "jo@buyer.example")
    assert "(America/Chicago)" in shown.stdout
    assert "have changed since they were adopted" not in shown.stderr
    edit(root, "{id: one,", "{id: first,")
    after = run("why", "jo@buyer.example", "--json")
    assert "have changed since they were adopted" in after.stderr
    assert json.loads(after.stdout)["next"]["step"] == "first"
