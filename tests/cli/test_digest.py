"""`nurture digest`: what the week's letters would say."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from nurture.app import real_clock
from nurture.cli.main import app as commands
from nurture.errors import NurtureError
from nurture.flows.ingest import ingest
from tests.flows.apps import add_lead, make_app, track
from tests.rules.lives import book_of
from tests.workers.processes import write_workspace

Run = Callable[..., Result]
DIGEST = '\ndigest: {day: mon, at: "08:00", sales: [boss@acme.example]}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_workspace(tmp_path / "workspace")
    agreement = root / "campaigns/agreement.yaml"
    agreement.write_text(agreement.read_text() + DIGEST)
    return root


@pytest.fixture
def run(clean_db: Engine, db_url: str, redis_url: str, root: Path) -> Run:
    environment = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "SECRET_KEY": "a secret for tests that is long enough",
        "BASE_URL": "https://nurture.example", "MAIL_URL": "smtp://127.0.0.1:1", "NURTURE_WORKSPACE": str(root),
        "NO_COLOR": "1", "COLUMNS": "80",
    }  # fmt: skip

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, ("digest", *arguments), env=environment)

    return run


def test_it_shows_the_letter_and_its_figures(run: Run, clean_db: Engine, db_url: str, root: Path) -> None:
    app, now = make_app(clean_db, db_url, root, book_of()), real_clock()
    lately = now - timedelta(days=now.weekday() + 11)
    add_lead(app, now=lately - timedelta(days=2), first_name="Jo")
    ingest(app, [track("Demo Requested", lately)], lately)
    shown = run("--to", "sales")
    assert shown.exit_code == 0, shown.output
    assert "the week for sales" in shown.output
    assert "the next one, " in shown.output
    told = json.loads(run("--json").output)
    assert set(told) == {"sales", "marketing"}
    assert {row["name"]: row["long"] for row in told["sales"]["volumes"]}["mql"] == 1
    assert json.loads(run("--to", "marketing", "--json").output)["audience"] == "marketing"


def test_what_cannot_be_is_said_in_a_line(run: Run, root: Path) -> None:
    assert "--send: " in str(run("--send", "nobody").exception)
    assert isinstance(run("--send", "boss@acme.example").exception, NurtureError)  # there is no mail server
    agreement = root / "campaigns/agreement.yaml"
    agreement.write_text(agreement.read_text().replace(DIGEST, "\n"))
    assert "the agreement has no digest" in str(run().exception)
