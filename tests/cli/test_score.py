"""`nurture score`: one score explained, and all scores worked out anew."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from nurture.app import App
from nurture.cli.main import app as commands
from nurture.db import transaction
from nurture.errors import NotFound, UsageError
from nurture.flows.adopt import adopt
from nurture.flows.ingest import ingest
from nurture.flows.recompute import recompute
from nurture.flows.refuse import refuse
from nurture.flows.rescore import rescore
from nurture.workspace import load_workspace
from tests.flows.apps import add_lead, make_app, one, page, rows
from tests.rules.lives import book_of
from tests.workers.processes import write_workspace

Run = Callable[..., Result]
DAY = timedelta(days=1)
JO = "jo@buyer.example"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_workspace(tmp_path / "workspace")


@pytest.fixture
def app(clean_db: Engine, db_url: str, root: Path) -> App:
    return app_of(clean_db, db_url, root)


def app_of(engine: Engine, db_url: str, root: Path) -> App:
    made = make_app(engine, db_url, root, book_of())
    object.__setattr__(made, "workspace", load_workspace(root))
    return made


@pytest.fixture
def run(db_url: str, redis_url: str, root: Path) -> Run:
    environment = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "SECRET_KEY": "a secret for tests that is long enough",
        "BASE_URL": "https://nurture.example", "MAIL_URL": "smtp://127.0.0.1:1", "NURTURE_WORKSPACE": str(root),
        "NO_COLOR": "1", "COLUMNS": "200",
    }  # fmt: skip

    def run(*arguments: str, fails: int = 0) -> Result:
        done = CliRunner().invoke(commands, ("score", *arguments), env=environment, catch_exceptions=False)
        assert done.exit_code == fails, done.output
        return done

    return run


def explained(run: Run, *arguments: str) -> dict[str, Any]:
    return json.loads(run("explain", JO, "--json", *arguments).stdout)


@pytest.fixture
def now() -> datetime:
    """Noon of today, since commands read the clock."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)  # noqa: TID251


def test_a_score_names_its_rows_its_criteria_and_what_is_missing(run: Run, app: App, now: datetime) -> None:
    add_lead(app, now=now - 30 * DAY)
    ingest(app, [page("/pricing", now - 10 * DAY), page("/pricing", now - 10 * DAY)], now - 10 * DAY)
    refuse(app, JO, reason="not_ready", by="rep", note="", now=now - 5 * DAY)
    refuse(app, JO, reason="not_ready", by="rep", note="", now=now - 4 * DAY)
    ingest(app, [page("/pricing", now - DAY)], now - DAY)
    said = explained(run)
    assert (said["lead"], said["cycle"], said["day"]) == (JO, 2, now.date().isoformat())
    (row,) = said["rows"]
    assert row == {
        "signal": "pricing", "day": (now - DAY).date().isoformat(), "count": 1, "counted": 1, "points": 20,
        "age_days": 1, "worth": said["score"],
    }  # fmt: skip
    assert said["tomorrow"] < said["score"] < 20
    assert said["other_cycles"] == [{"cycle": 0, "count": 2}]
    assert {row["signal"] for row in said["no_rows"]} == set(app.agreement.signals) - {"pricing"}
    assert said["qualifies"] is False
    assert said["missing"]
    assert "points" in said["because"]
    assert said["recount"] is None
    for criterion in said["fit"]:
        assert {"name", "points", "holds", "because"} <= criterion.keys()
    shown = run("explain", JO).output
    for words in ("pricing", "worth", "2 in cycle 0", "tomorrow", "does not qualify"):
        assert words in shown


def test_another_day_is_told_as_if_nothing_else_happened(run: Run, app: App, now: datetime) -> None:
    add_lead(app, now=now - 30 * DAY)
    ingest(app, [page("/pricing", now - 10 * DAY)], now - 10 * DAY)
    ingest(app, [page("/pricing", now - 2 * DAY)], now - 2 * DAY)
    days = [(now + n * DAY).date().isoformat() for n in (-10, -9, 0, 400)]
    told = [explained(run, "--on", day) for day in days]
    assert [len(said["rows"]) for said in told] == [1, 1, 2, 0]
    assert told[0]["score"] == 20
    assert told[0]["tomorrow"] == told[1]["score"]
    assert told[3]["score"] == 0
    with pytest.raises(UsageError, match="cycle 1 began"):
        explained(run, "--on", "2001-01-01")
    with pytest.raises(UsageError, match="no date"):
        explained(run, "--on", "yesterday")


def test_signals_without_a_row_are_told_too(run: Run, app: App, now: datetime) -> None:
    add_lead(app, now=now)
    (signal,) = explained(run)["no_rows"]
    assert signal == {
        "signal": "pricing", "asks_for": "visited /pricing*", "points": 20, "at_most": None, "half_life_days": 14,
        "hand_raise": False,
    }  # fmt: skip
    shown = run("explain", JO).output
    assert "nothing that it did in cycle 1 counts today" in shown
    assert "no row from: pricing (+20)" in shown


def test_a_lead_that_is_not_there_is_said_to_be(run: Run, clean_db: Engine) -> None:
    with pytest.raises(NotFound, match="no lead with the address"):
        run("explain", "nobody@buyer.example")


def test_what_rules_is_told_while_a_changed_signal_is_counted(
    run: Run, app: App, root: Path, db_url: str, now: datetime
) -> None:
    adopt(app, now)
    add_lead(app, now=now)
    ingest(app, [page("/pricing", now), page("/prices", now)], now)
    file = root / "campaigns/agreement.yaml"
    file.write_text(file.read_text().replace("/pricing", "/prices"))
    changed = app_of(app.engine, db_url, root)
    adopt(changed, now)
    said = explained(run)
    assert said["score"] == 20
    (signal,) = said["recount"]["signals"]
    assert signal == {"signal": "pricing", "rules_now": "visited /pricing*", "will_rule": "visited /prices*"}
    assert "until then what rules is: visited /pricing*" in run("explain", JO).output
    while rescore(changed, now).more:
        pass
    assert explained(run)["recount"] is None


def test_it_is_said_where_the_file_here_is_not_what_decides(run: Run, app: App, root: Path, now: datetime) -> None:
    add_lead(app, now=now)
    ingest(app, [page("/pricing", now)], now)
    assert explained(run)["adopted"], "nothing was ever adopted: there is no other file to decide by"
    adopt(app, now)
    assert explained(run)["adopted"]
    assert "not what was adopted" not in run("explain", JO).output
    file = root / "campaigns/agreement.yaml"
    file.write_text(file.read_text().replace("/pricing", "/prices"))
    assert not explained(run)["adopted"]
    headline, warning = run("explain", JO).output.splitlines()[:2]
    assert headline.startswith(JO)
    assert warning.startswith("worked out by campaigns/agreement.yaml as it is here, which is not what was adopted")


def test_all_scores_are_worked_out_anew(run: Run, app: App, now: datetime) -> None:
    for name in ("jo", "bo", "cy"):
        add_lead(app, f"{name}@buyer.example", now=now - 20 * DAY)
        ingest(app, [page("/pricing", now - 10 * DAY, email=f"{name}@buyer.example")], now - 10 * DAY)
    assert {row.day for row in rows(app, "SELECT day FROM lead_score")} == {(now - 10 * DAY).date()}
    said = json.loads(run("recompute", "--json").stdout)
    assert (said["leads"], said["before"], said["parts"]) == (3, 0, ["scores"])
    assert explained(run)["score"] == one(app, "SELECT max(micro) FROM lead_score") / 1_000_000
    assert {row.day for row in rows(app, "SELECT day FROM lead_score")} == {now.date()}
    with transaction(app.engine) as db:
        db.execute(text("UPDATE lead SET grade = 'A'; UPDATE signal_day SET count = 9"))
    assert "3 leads counted and scored" in run("recompute", "--from-events", "--grades").output
    assert rows(app, "SELECT FROM signal_day WHERE count <> 1") == []
    assert rows(app, "SELECT FROM lead WHERE grade <> 'D'") == []


def test_what_was_interrupted_is_gone_on_with(run: Run, app: App, now: datetime) -> None:
    for name in ("jo", "bo", "cy"):
        add_lead(app, f"{name}@buyer.example", now=now)

    def interrupt(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recompute(app, datetime.now(UTC), tell=interrupt, most=2)  # noqa: TID251
    done = run("recompute")
    assert "going on from 2 of 3 leads" in done.stderr
    assert "3 leads scored" in done.stdout
    assert "going on" not in run("recompute").output


def test_who_interrupts_is_told_how_far_it_came(run: Run, app: App, now: datetime, monkeypatch: Any) -> None:
    def interrupted(*_: object, tell: Callable[[int, int], None], **__: object) -> None:
        tell(0, 3)
        tell(2, 3)
        raise KeyboardInterrupt

    monkeypatch.setattr("nurture.cli.score.recompute_all", interrupted)
    assert "stopped at 2 of 3 leads; the same command goes on from there" in run("recompute", fails=130).stderr


def test_another_question_begins_anew(app: App, now: datetime) -> None:
    for name in ("jo", "bo"):
        add_lead(app, f"{name}@buyer.example", now=now)

    def interrupt(done: int, _: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    for later, parts in ((now + DAY, ()), (now, ("grades",))):
        with pytest.raises(KeyboardInterrupt):
            recompute(app, now, tell=interrupt, most=1)
        assert recompute(app, later, parts=parts, tell=lambda *_: None).before == 0
