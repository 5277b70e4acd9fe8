"""`nurture report`: tables for people, JSON and CSV for programs, the rows behind each number."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from nurture.cli.main import app as commands
from nurture.db import transaction
from nurture.errors import UsageError
from tests.reports.histories import insert
from tests.workers.processes import write_workspace

Run = Callable[..., Result]
MIDNIGHT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""In Chicago, in winter."""
TOLD = ("report", "since", "until", "rows")


@pytest.fixture
def run(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> Run:
    root = write_workspace(tmp_path / "workspace")
    agreement = root / "campaigns/agreement.yaml"
    agreement.write_text(agreement.read_text().replace("  timezone: UTC", "  timezone: America/Chicago"))
    with agreement.open("a") as file:
        file.write("sources: {website: active}\ntargets: {sla_met: 90%}\n")
    environment = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "SECRET_KEY": "a secret for tests that is long enough",
        "MAIL_URL": "postmark://TOKEN", "NURTURE_WORKSPACE": str(root), "NO_COLOR": "1",
    }  # fmt: skip

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(commands, ("report", *arguments), env=environment, catch_exceptions=False)

    return run


def document(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def add_handoff(engine: Engine, offered: datetime, *, email: str, source: str | None = "website", **more: Any) -> int:
    with transaction(engine) as db:
        times = {"cycle_started_at": offered, "created_at": offered, "updated_at": offered}
        lead = insert(db, "lead", email=email, key=email, source=source, **times)
        insert(db, "cycle", lead_id=lead, n=1, started_at=offered)
        given = {"grade": "A", "state": "won", "closed_at": offered + timedelta(days=1), "owner": "ann@acme.example"}
        return insert(
            db, "handoff", lead_id=lead, cycle=1, score_micro=1, because="", offered_at=offered, **(given | more)
        )


@pytest.mark.parametrize("name", ["funnel", "sla", "campaigns"])
def test_an_empty_database_gives_headers_and_no_rows(run: Run, name: str) -> None:
    told = document(run(name, "--json"))
    assert tuple(told)[:4] == TOLD
    assert (told["report"], told["since"], told["until"], told["rows"]) == (name, None, None, [])
    result = run(name, "--format", "csv")
    assert (result.exit_code, result.stdout_bytes.count(b"\r\n")) == (0, 1)
    assert result.stdout_bytes.decode().startswith(told["by"][0])
    assert run(name).exit_code == 0


def test_days_begin_in_the_companys_zone_and_the_last_one_is_not_included(run: Run, clean_db: Engine) -> None:
    add_handoff(clean_db, MIDNIGHT - timedelta(seconds=1), email="before@buyer.example")
    add_handoff(clean_db, MIDNIGHT, email="first@buyer.example")
    add_handoff(clean_db, MIDNIGHT + timedelta(days=1), email="after@buyer.example")
    told = document(run("grades", "--since", "2026-03-02", "--until", "2026-03-03", "--json"))
    assert (told["since"], told["until"]) == ("2026-03-02T00:00:00-06:00", "2026-03-03T00:00:00-06:00")
    assert told["total"]["handed_over"] == 1
    told = document(run("grades", "--since", "2026-03-02T06:00:00+00:00", "--json"))
    assert told["total"]["handed_over"] == 2


def test_a_number_is_followed_to_its_rows(run: Run, clean_db: Engine) -> None:
    won = add_handoff(clean_db, MIDNIGHT, email="jo@buyer.example")
    add_handoff(clean_db, MIDNIGHT, email="al@buyer.example", state="lost", reason="not_ready")
    bare = add_handoff(clean_db, MIDNIGHT, email="bo@buyer.example", source=None)
    told = document(run("funnel", "--rows", "won", "--by", "source", "--value", "website", "--json"))
    assert [(row["id"], row["lead"]) for row in told["rows"]] == [(won, "jo@buyer.example")]
    assert (told["column"], told["where"]) == ("won", {"source": "website"})
    told = document(run("funnel", "--rows", "won", "--by", "source", "--where", "source=", "--json"))
    assert [row["id"] for row in told["rows"]] == [bare]
    shown = run("grades", "--rows", "win_rate", "--where", "grade=A").stdout.splitlines()
    assert shown[0] == "grades, win_rate where grade=A: 3 rows"
    assert run("funnel", "--rows", "won").stdout.splitlines()[0].endswith(": 2 rows")
    alone = run("funnel", "--rows", "won", "--by", "source", "--value", "website").stdout
    assert alone.splitlines()[0] == "funnel, won where source=website: 1 row"
    assert [line.split()[-1] for line in shown[2:5]] == ["True", "False", "True"]
    assert document(run("funnel", "--rows", "won", "--where", "source=nowhere", "--json"))["rows"] == []


def test_what_leads_wrote_is_no_formula_and_csv_is_read_back_as_it_was(run: Run, clean_db: Engine) -> None:
    sources = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\ttab", 'say "hi", you\r\nthere', "Düsseldorf", "a=b"]
    for number, source in enumerate(sources):
        add_handoff(clean_db, MIDNIGHT, email=f"l{number}@buyer.example", source=source)
    printed = run("funnel", "--by", "source", "--format", "csv").stdout_bytes.decode()
    rows = list(csv.DictReader(io.StringIO(printed, newline="")))
    told = {row["source"] for row in rows}
    assert told == {f"'{source}" if source[0] in "=+-@\t" else source for source in sources}
    assert printed.count("\r\n") == len(rows) + 2, "one of them within a cell"
    assert {row["mql_to_sal"] for row in rows} == {"1.0"}


def test_csv_goes_to_a_file(run: Run, clean_db: Engine, tmp_path: Path) -> None:
    add_handoff(clean_db, MIDNIGHT, email="jo@buyer.example", source="Düsseldorf")
    result = run("funnel", "--csv", str(tmp_path / "funnel.csv"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "funnel.csv").read_bytes() == run("funnel", "--format", "csv").stdout_bytes
    with pytest.raises(UsageError, match="cannot be written"):
        run("funnel", "--csv", str(tmp_path / "nowhere/funnel.csv"))


def test_a_table_has_numbers_to_the_right_and_shares_with_their_counts(run: Run, clean_db: Engine) -> None:
    add_handoff(clean_db, MIDNIGHT, email="jo@buyer.example")
    add_handoff(clean_db, MIDNIGHT, email="al@buyer.example", state="lost", reason="not_ready", grade="B")
    add_handoff(clean_db, MIDNIGHT, email="bo@buyer.example", state="lost", reason="not_ready")
    first, second = run("grades").stdout.split("\n\n")[:2]
    assert first.splitlines()[1:] == [
        "grade  handed over  share  accepted  rejected  won  lost  accept rate",
        "A                2  66.7%         1         0    1     1  50.0% (1/2)",
        "B                1  33.3%         0         0    0     1   0.0% (0/1)",
        "all              3                1         0    1     2  33.3% (1/3)",
    ]
    assert second.splitlines()[1:] == ["A      50.0% (1/2)", "B       0.0% (0/1)", "all    33.3% (1/3)"]


def test_targets_stand_beside_what_was_reached(run: Run, clean_db: Engine) -> None:
    due = MIDNIGHT + timedelta(hours=12)
    add_handoff(clean_db, MIDNIGHT, email="jo@buyer.example", accept_due_at=due, accepted_at=due)
    add_handoff(clean_db, MIDNIGHT, email="al@buyer.example", accept_due_at=due, accepted_at=due + timedelta(seconds=1))
    told = document(run("sla", "--json"))
    assert (told["target"], told["total"]["sla_met"]) == ({"sla_met": 0.9}, 0.5)
    assert "target: sla met 90%, reached 50.0% (1/2)" in run("sla").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("funel",), "did you mean `funnel`"),
        (("sla", "--by", "weak"), "did you mean `week`"),
        (("funnel", "--rows", "wun"), "did you mean `won`"),
        (("funnel", "--rows", "won", "--where", "cicle=1"), "did you mean `cycle`"),
        (("funnel", "--rows", "won", "--where", "cycle"), "KEY=VALUE"),
        (("funnel", "--rows", "won", "--value", "1"), "one key in --by"),
        (("funnel", "--where", "cycle=1"), "--rows is missing"),
        (("funnel", "--since", "tuesday"), "--since takes a date"),
        (("funnel", "--until", "tuesday"), "--until takes a date"),
        (("funnel", "--since", "2026-03-02", "--until", "2026-03-02"), "is not after"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(*arguments)
