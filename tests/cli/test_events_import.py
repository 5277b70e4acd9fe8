"""`nurture events import` as a person or a program calls it."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from nurture.app import real_clock
from nurture.db import transaction
from tests.cli.test_leads import ROOT, Nurture, nurture
from tests.store.months import own_months

__all__ = ["nurture"]

NOW = real_clock()
PERSON = {"title": "VP Operations", "country": "US", "employees": 900}


@pytest.fixture(autouse=True)
def no_months(clean_db: Engine) -> Iterator[None]:
    with own_months(clean_db):
        yield


def event(number: int, ago: timedelta, **more: Any) -> str:
    said = {"messageId": f"m{number}", "type": "track", "event": "Read", "timestamp": (NOW - ago).isoformat()}
    return json.dumps(said | {"userId": "jo@buyer.example"} | more)


def history() -> list[str]:
    """A lead that qualifies by what it did last week."""
    lines = [event(0, timedelta(days=9), type="identify", traits=PERSON)]
    for number in range(1, 9):
        lines.append(event(number, timedelta(days=4 + number % 3), type="page", properties={"path": "/pricing"}))
    return [*lines, event(9, timedelta(days=4), event="Whitepaper Downloaded"), event(10, timedelta(days=4000))]


def one(engine: Engine, query: str) -> Any:
    with transaction(engine) as db:
        return db.execute(text(query)).scalar_one()


def test_a_person_is_told_what_became_of_it_and_how_to_go_on(nurture: Nurture, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join([*history(), "nonsense"]))
    ran = nurture("events", "import", path)
    assert (ran.status, ran.err) == (0, "")
    first, left_out, why, ready = ran.out.splitlines()
    assert first == "12 events read: 10 stored, 0 known already, 1 rejected; 1 leads created"
    assert left_out.startswith("1 events happened before 01 ")
    assert left_out.endswith(", from when on events are kept (`retention`), and were left out")
    assert why == f"why lines were rejected: {tmp_path / 'history.rejects.jsonl'}"
    assert ready == "1 lead qualifies now; `nurture qualify --limit N` offers them to sales"
    assert nurture("qualify", "--limit", "9", "--yes").out == "1 leads offered\n"
    again = nurture("events", "import", path)
    assert again.out.splitlines()[1] == "12 lines were taken in before (--again reads them again)"


def test_a_program_gets_the_counts(nurture: Nurture, tmp_path: Path) -> None:
    for name, lines in {"a.jsonl": history()[:3], "b.jsonl": [*history(), "{"]}.items():
        (tmp_path / name).write_text("\n".join(lines))
    ran = nurture("events", "import", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--source", "archive", "--json")
    rejects = str(tmp_path / "b.rejects.jsonl")
    counts = {"read": 15, "stored": 10, "duplicates": 3, "aliases": 0, "rejected": 1, "too_old": 1, "created": 1}
    more = {"skipped": 0, "ready": 1, "source": "archive", "rejects_file": rejects, "rejects_files": [rejects]}
    assert ran.json == counts | more


def test_what_comes_through_a_pipe_goes_in(nurture: Nurture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for stored in (10, 0):
        piped = io.BufferedReader(io.BytesIO("\n".join(history()).encode()))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=piped))
        assert nurture("events", "import", "-", "--json").json["stored"] == stored


def test_events_are_known_by_the_only_write_key(
    nurture: Nurture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(history()[1])
    for keys, source in (("secret", "segment"), ("web:secret", "web"), ("web:one,app:two", "segment")):
        monkeypatch.setenv("WRITE_KEY", keys)
        assert nurture("events", "import", path, "--again", "--json").json["source"] == source


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.jsonl"], "none.jsonl: there is no such file"),
        (["."], ".: is a folder; name the files in it"),
        (["a.jsonl", "--rejects", "a.jsonl"], "--rejects: a.jsonl is the file that is imported; say another"),
        (["a.jsonl", "--rejects", "no/where"], "--rejects: there is no folder no"),
        (["a.jsonl", "b.jsonl", "--rejects", "c"], "--rejects: several files have rejects of their own, each beside"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    nurture: Nurture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("")
    ran = nurture("events", "import", *arguments)
    assert ran.status in (1, 2)
    assert ran.err.startswith(f"nurture: {said}")
    assert ran.err.count("\n") == 1


def test_killed_in_the_middle_and_started_again_every_event_is_there_once(
    clean_db: Engine, db_url: str, tmp_path: Path
) -> None:
    """SIGKILL when the first batch is in, then once to the end."""
    path, count = tmp_path / "history.jsonl", 5_000
    hour = timedelta(minutes=20)
    path.write_text(
        "\n".join(
            event(n, timedelta(days=3) + (count - n) * hour, userId=f"u{n % 50}@buyer.example") for n in range(count)
        )
    )
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")},
        "DATABASE_URL": db_url, "REDIS_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": "k" * 32,
        "NURTURE_WORKSPACE": str(ROOT), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "nurture.cli.main", "events", "import", str(path), "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while process.poll() is None and not one(clean_db, "SELECT count(*) FROM event"):
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert 0 < one(clean_db, "SELECT count(*) FROM event") < count
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, timeout=120)
    told = json.loads(ended.stdout)
    assert told["skipped"] + told["read"] == count
    assert told["stored"] < count
    assert one(clean_db, "SELECT count(*) FROM event") == count
    assert one(clean_db, "SELECT count(DISTINCT message_id) FROM event") == count
    assert one(clean_db, "SELECT count(*) FROM lead") == 50
