"""`nurture db adopt`: asks a person, and says what it did."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from nurture.cli.main import app as commands
from nurture.db import transaction


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    CliRunner().invoke(commands, ["init", str(tmp_path / "company")])
    return {
        "DATABASE_URL": db_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret for tests that is long enough",
        "NURTURE_WORKSPACE": str(tmp_path / "company"),
    }


def adopt(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["db", "adopt", *arguments], env=environment)


def test_a_database_at_home_needs_no_adopting(environment: dict[str, str]):
    result = adopt(environment)
    assert (result.exit_code, result.stdout.strip()) == (0, "this database is at home here already")


def test_a_copy_is_adopted_only_if_somebody_says_so(environment: dict[str, str], clean_db: Engine):
    assert adopt(environment).exit_code == 0
    with transaction(clean_db) as db:
        db.execute(text("UPDATE installation SET database = 1"))
    assert adopt(environment).exit_code == 2
    result = adopt(environment, "--yes", "--by", "ada", "--json")
    assert orjson.loads(result.stdout) == {
        "adopted": True,
        "because": "it is a copy of another database on the same server",
    }
    with transaction(clean_db) as db:
        assert db.execute(text("SELECT adopted_by FROM installation")).scalar_one() == "ada"
    assert orjson.loads(adopt(environment, "--json").stdout) == {"adopted": False, "because": None}
