"""Commands as people and programs call them: JSON shapes, exit statuses, one clear line for what is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from nurture.app import App
from nurture.cli.main import app as commands
from nurture.errors import UsageError
from nurture.flows.advance import advance
from nurture.flows.ingest import ingest
from nurture.flows.take_reports import take_reports
from nurture.segment.rejected import Rejected
from nurture.store.rejected_events import keep_apart
from nurture.workspace import load_workspace
from tests.flows.apps import add_lead, make_app, one, page, track
from tests.flows.reports import add_mail, report
from tests.rules.lives import book_of
from tests.workers.processes import ROOT, write_workspace

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
def run(environment: dict[str, str]) -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, arguments, env=environment, catch_exceptions=False)

    return run


@pytest.fixture
def app(environment: dict[str, str], clean_db: Engine, db_url: str) -> App:
    """The same workspace and database, to prepare what commands look at, now."""
    root = Path(environment["NURTURE_WORKSPACE"])
    workspace = load_workspace(root)
    made = make_app(clean_db, db_url, root, book_of(), SECRET_KEY=environment["SECRET_KEY"])
    object.__setattr__(made, "workspace", workspace)
    return made


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def now(app: App) -> datetime:
    return one(app, "SELECT now()")


def test_why_says_what_is_next_and_every_rule(run: Run, app: App) -> None:
    add_lead(app, now=now(app))
    said = document(run("why", "JO@buyer.example", "--json"))
    assert said["lead"] == "jo@buyer.example"
    assert said["next"].keys() == {"action", "campaign", "step", "at", "because"}
    assert (said["next"]["action"], said["next"]["campaign"], said["next"]["step"]) == ("send", "always", "one")
    assert datetime.fromisoformat(said["next"]["at"]).tzinfo is not None
    assert all(rule.keys() == {"rule", "holds", "because"} and rule["because"] for rule in said["rules"])
    assert "always/one" in run("why", "jo@buyer.example").output


def test_score_explain_prints_the_rows_and_what_is_missing(run: Run, app: App) -> None:
    at = now(app)
    add_lead(app, now=at)
    ingest(app, [page("/pricing", at), page("/pricing/teams", at)], at)
    said = document(run("score", "explain", "jo@buyer.example", "--json"))
    assert said["score"] == 40
    (row,) = said["rows"]
    assert {
        "signal": "pricing",
        "count": 2,
        "counted": 2,
        "points": 20,
        "age_days": 0,
        "worth": 40,
    }.items() <= row.items()
    assert said["qualifies"] is False
    assert "960" in said["because"]
    assert "pricing" in run("score", "explain", "jo@buyer.example").output


def test_rejected_events_are_counted_and_listed(run: Run, app: App) -> None:
    assert "no event was rejected" in run("events", "rejected").output
    at = now(app)
    bad = [Rejected("website", "it is no object", 17), Rejected("website", "its type is none", {"messageId": "m"})]
    keep_apart(app.engine, [*bad, *bad[:1]], at)
    keep_apart(app.engine, [Rejected("app", "it is no object", ["x" * 9000] * 90)], at - timedelta(days=10))
    said = document(run("events", "rejected", "--json"))
    assert [(one["source"], one["reason"], one["count"]) for one in said["reasons"]] == [
        ("website", "it is no object", 2),
        ("website", "its type is none", 1),
    ]
    assert [one["event"] for one in said["events"]] == [17, {"messageId": "m"}, 17]
    assert datetime.fromisoformat(said["events"][0]["at"]) == at
    assert len(document(run("events", "rejected", "--limit", "2", "--json"))["events"]) == 2
    since = f"{at - timedelta(days=11):%Y-%m-%d}"
    assert len(document(run("events", "rejected", "--since", since, "--json"))["reasons"]) == 3
    assert "its type is none" in run("events", "rejected", "--since", "30 days").output
    with pytest.raises(UsageError, match="'yesterday' is none"):
        run("events", "rejected", "--since", "yesterday")


def test_handoffs_are_listed_shown_and_answered(run: Run, app: App, environment: dict[str, str]) -> None:
    campaign = Path(environment["NURTURE_WORKSPACE"]) / "campaigns/agreement.yaml"
    campaign.write_text(
        campaign.read_text().replace("half_life", "  demo: {when: {track: Demo}, hand_raise: true}\nhalf_life")
    )
    object.__setattr__(app, "workspace", load_workspace(Path(environment["NURTURE_WORKSPACE"])))
    app.__dict__.pop("book", None)
    add_lead(app, now=now(app))
    ingest(app, [track("Demo", now(app))], now(app))
    (listed,) = document(run("handoffs", "list", "--json"))
    named = {"id", "lead", "state", "cycle", "grade", "score", "owner", "offered_at", "accept_due_at", "attempt_due_at"}
    assert named | {"attempts", "url"} <= listed.keys()
    assert listed["state"] == "offered"
    number = str(listed["id"])
    assert "why now" in run("handoffs", "show", number).output
    assert run("handoffs", "accept", number, "--by", "rep@acme.example").exit_code == 0
    logged = run("handoffs", "attempt", number, "--kind", "call", "--outcome", "reached", "--by", "rep@acme.example")
    assert logged.exit_code == 0
    assert run("handoffs", "close", number, "lost", "--reason", "not_ready", "--by", "rep@acme.example").exit_code == 0
    (after,) = document(run("handoffs", "list", "--json"))
    assert (after["state"], after["attempts"], after["reason"]) == ("lost", 1, "not_ready")


def test_deliveries_are_listed_and_an_unknown_one_is_settled(run: Run, app: App) -> None:
    add_lead(app, now=now(app))
    advance(app, one(app, "SELECT due_at FROM enrollment"))
    (listed,) = document(run("deliveries", "list", "--json"))
    named = {"id", "lead", "campaign", "step", "cycle", "state", "message_id", "queued_at", "sent_at", "reason"}
    assert named <= listed.keys()
    with app.engine.begin() as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'unknown', sending_at = now()")
    assert run("deliveries", "resolve", str(listed["id"]), "--as", "sent").exit_code == 0
    assert document(run("deliveries", "list", "--state", "sent", "--json"))[0]["id"] == listed["id"]


def test_a_delivery_is_shown_with_all_that_was_reported_on_it(run: Run, app: App) -> None:
    mail = add_mail(app, add_lead(app, now=now(app)), now(app))
    bounced = report(app, "bounced", mail, now(app), severity="soft", said="452 4.2.2 mailbox full")
    take_reports(app, [bounced, report(app, "queued", mail, now(app))], now(app))
    shown = document(run("deliveries", "show", str(mail), "--json"))
    assert shown["became"]["type"] == "bounced"
    assert {one["type"] for one in shown["reports"]} == {"bounced", "queued"}
    for command in (("deliveries", "show", str(mail)), ("leads", "show", "jo@buyer.example")):
        assert "bounced (soft): 452 4.2.2 mailbox full" in run(*command).output
    assert document(run("deliveries", "sending", "--json"))["reported"] == {"bounced, soft": 1, "queued": 1}


def test_check_says_every_problem_at_its_place(run: Run, environment: dict[str, str]) -> None:
    assert run("check").exit_code == 0
    campaign = Path(environment["NURTURE_WORKSPACE"]) / "campaigns/always.yaml"
    campaign.write_text(campaign.read_text().replace("status: live", "status: alive"))
    result = run("check")
    assert result.exit_code == 1
    assert "campaigns/always.yaml:2:9: error: `status` must be `draft`, `live` or `paused`" in result.output
    said = json.loads(run("check", "--json").stdout)
    assert said["errors"] == 1
    (error,) = [problem for problem in said["problems"] if problem["severity"] == "error"]
    assert (error["file"], error["line"], error["column"]) == ("campaigns/always.yaml", 2, 9)


def command(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-m", "nurture.cli.main", *arguments],
        env={**inherited, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "changed", "status", "words"),
    [
        (("why", "nobody@buyer.example"), {}, 1, "no lead with the address nobody@buyer.example"),
        (("why",), {}, 2, "Missing argument"),
        (("why", "x@y.example"), {"DATABASE_URL": "mysql://x"}, 2, "DATABASE_URL"),
        (("leads", "reject", "x@y.example", "--reason", "not_redy"), {}, 2, "did you mean `not_ready`"),
        (("why", "x@y.example"), {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, 1, "cannot be reached"),
    ],
    ids=["no such lead", "no argument", "bad variable", "bad reason", "no database"],
)
def test_what_is_wrong_is_one_clear_line(
    environment: dict[str, str], arguments: tuple[str, ...], changed: dict[str, str], status: int, words: str
) -> None:
    result = command(environment | changed, *arguments)
    assert result.returncode == status, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
