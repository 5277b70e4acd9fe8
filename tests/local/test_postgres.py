"""What is said where a program of PostgreSQL's fails."""

import dataclasses
import os
from pathlib import Path

import pytest

from nurture.errors import LocalServerError
from nurture.local.account import Account
from nurture.local.binaries import find_binaries
from nurture.local.postgres import Postgres

CHATTER = "echo 'creating configuration files ... ok'; echo 'no error so far'"


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("echo 'initdb: out of luck' >&2; exit 1", "initdb: out of luck"),
        ("printf 'initdb: error: it is full\\ninitdb: removing it\\n' >&2; exit 1", "initdb: error: it is full"),
        ("kill -9 $$", "initdb was killed by signal 9"),
        ("exit 3", "initdb ended with status 3"),
    ],
)
def test_the_error_is_said_and_not_what_went_well_before(tmp_path: Path, ending: str, said: str) -> None:
    failing = tmp_path / "initdb"
    failing.write_text(f"#!/bin/sh\n{CHATTER}\n{ending}\n")
    failing.chmod(0o755)
    binaries = dataclasses.replace(find_binaries(), initdb=failing)
    (tmp_path / "home").mkdir()
    postgres = Postgres(tmp_path / "home", Account(os.geteuid(), os.getegid()), binaries, "secret")
    with pytest.raises(LocalServerError) as caught:
        postgres.prepare()
    assert str(caught.value) == f"PostgreSQL: {said}"
