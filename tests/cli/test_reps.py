"""`nurture reps …` and `nurture handoffs reassign`: what they say, to people and to programs."""

import json
from pathlib import Path

from sqlalchemy import Engine

from nurture.flows.ingest import ingest
from tests.cli.test_commands import Run, environment, run  # noqa: F401 - fixtures
from tests.flows.apps import add_lead, make_app, one, track
from tests.rules.examples import NOW
from tests.rules.lives import book_of

ANN, BEN = "rep.one@acme.example", "rep.two@acme.example"


def test_reps_are_listed_sent_away_and_back(run: Run) -> None:  # noqa: F811
    listed = json.loads(run("reps", "list", "--json").stdout)
    assert {row["rep"] for row in listed} >= {"boss@acme.example"}
    keys = {"rep", "name", "open", "at_most", "given", "last_given_at", "takes_turns", "is_in", "away"}
    assert all(row.keys() == keys for row in listed)
    done = run("reps", "away", ANN, "--from", "2030-12-21", "--until", "2031-01-02")
    assert "is away from 2030-12-21 to 2031-01-02" in done.stdout
    assert "as was known" in run("reps", "away", ANN, "--from", "2030-12-21", "--until", "2031-01-02").stdout
    (row,) = (row for row in json.loads(run("reps", "list", "--json").stdout) if row["rep"] == ANN)
    assert row["away"] == {"from": "2030-12-21", "until": "2031-01-02"}
    assert row["is_in"] is True
    assert "from 2030-12-21 to 2031-01-02" in run("reps", "list").stdout
    assert "was away from 2030-12-21 to 2031-01-02" in run("reps", "back", ANN, "--from", "2030-12-21").stdout


def test_somebody_unknown_is_said_to_be_so(run: Run) -> None:  # noqa: F811
    done = run("reps", "away", "left@acme.example")
    assert done.exit_code == 0
    assert "the agreement does not name left@acme.example" in done.stderr
    assert "until" not in done.stdout


def test_a_handoff_is_given_to_somebody_else_and_stays_there(
    clean_db: Engine,
    db_url: str,
    tmp_path: Path,
    run: Run,  # noqa: F811
) -> None:
    app = make_app(clean_db, db_url, tmp_path, book_of())
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    number = str(one(app, "SELECT id FROM handoff"))
    done = run("handoffs", "reassign", number, "--to", BEN, "--by", "kim", "--because", "knows them")
    assert f"handoff {number} is {BEN}'s now" in done.stdout
    again = run("handoffs", "reassign", number, "--to", BEN, "--by", "kim")
    assert f"is {BEN}'s already" in again.stdout
    assert one(app, "SELECT owner FROM handoff") == BEN
    near = run("handoffs", "reassign", number, "--to", "bos@acme.example", "--by", "kim")
    assert "did you mean boss@acme.example?" in near.stderr
