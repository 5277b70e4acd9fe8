"""`nurture inbound`: a mail from a pipe, with the exit status that mail servers go by."""

import json
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine

from tests.flows.apps import ENVIRONMENT, add_lead, make_app, one
from tests.flows.arriving import answer_to, token_address
from tests.flows.reports import add_mail
from tests.rules.lives import book_of

ROOT = Path(__file__).parents[2]


def piped(raw: bytes, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    variables = {**os.environ, **ENVIRONMENT, "NURTURE_WORKSPACE": str(ROOT), **environment}
    command = [sys.executable, "-m", "nurture.cli.main", "inbound", *arguments]
    return subprocess.run(command, input=raw, capture_output=True, env=variables, cwd=ROOT, timeout=120, check=False)


def test_a_mail_from_a_pipe_is_taken_and_one_that_cannot_be_is_to_come_again(
    clean_db: Engine, db_url: str, tmp_path: Path
) -> None:
    app = make_app(clean_db, db_url, tmp_path, book_of())
    mail = add_mail(app, add_lead(app))
    raw = answer_to(app, None, From="jo@elsewhere.example")
    done = piped(raw, "--recipient", token_address(app, mail), DATABASE_URL=db_url)
    assert (done.returncode, done.stdout.strip()) == (0, b"reply"), done.stderr
    assert one(app, "SELECT count(*) FROM handoff") == 1
    away = piped(raw, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert away.returncode == 75
    assert b"cannot be reached" in away.stderr
    missing = piped(b"", "--from-file", str(tmp_path / "none"), DATABASE_URL=db_url)
    assert missing.returncode == 75


def test_how_a_mail_is_read_can_be_asked_without_anything_happening() -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    away = b"From: jo@b.example\nDate: Mon, 4 Jan 2027 09:00:00 +0000\nSubject: Out of office\n\nBack on 8 January.\n"
    asked = piped(away, "--dry-run", **nowhere)
    assert asked.returncode == 0, asked.stderr
    said = json.loads(asked.stdout)
    assert (said["kind"], said["program"], said["away_until"]) == ("automatic", "away", "2027-01-08")
    answer = (
        b"From: jo@b.example\nSubject: Re: Roi\n\nYes, call me.\n\nOn 3 Jan 2027, at 16:19, Bob wrote:\n> Unsubscribe\n"
    )
    said = json.loads(piped(answer, "--dry-run", **nowhere).stdout)
    assert (said["kind"], said["visible_text"], said["asks_to_stop"]) == ("reply", "Yes, call me.", False)
