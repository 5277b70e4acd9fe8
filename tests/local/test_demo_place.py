"""A place of the demo's own: nothing real is told or touched, nothing is left."""

from pathlib import Path

import psycopg
import pytest

from nurture.errors import DatabaseNotReady
from nurture.local.demo_place import demo_place
from nurture.local.servers import LocalServers


@pytest.fixture(autouse=True)
def _own_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_nobody_outside_hears_of_make_believe_leads() -> None:
    real = {
        "SLACK_WEBHOOK_URL": "https://hooks.example/1",
        "HANDOFF_WEBHOOK_URL_FILE": "/run/secrets/hook",
        "SENTRY_DSN": "https://sentry.example/1",
        "NURTURE_DATA": "/var/lib/nurture",
    }
    with demo_place({**real, "NURTURE_WORKSPACE": "/w"}, keep=False) as environ:
        assert set(environ) == {"NURTURE_WORKSPACE", "NURTURE_DATA"}
        assert environ["NURTURE_DATA"] != real["NURTURE_DATA"]


@pytest.mark.parametrize("keep", [False, True])
def test_the_directory_is_new_and_removed_unless_kept(tmp_path: Path, *, keep: bool) -> None:
    with demo_place({}, keep=keep) as environ:
        data = Path(environ["NURTURE_DATA"])
        assert data.parent == tmp_path
        assert list(data.iterdir()) == []
    assert data.exists() is keep


def test_where_something_went_wrong_the_logs_stay() -> None:
    with pytest.raises(DatabaseNotReady), demo_place({}, keep=False) as environ:
        raise DatabaseNotReady("gone")
    assert Path(environ["NURTURE_DATA"]).exists()


def databases(server: str) -> set[str]:
    with psycopg.connect(server.replace("+psycopg", "")) as connection:
        return {
            row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'nurture_demo%'")
        }


def test_on_a_server_that_is_named_it_makes_and_drops_a_database(servers: LocalServers) -> None:
    named = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    before = databases(servers.database_url)
    with demo_place(named, keep=False) as environ:
        (made,) = databases(servers.database_url) - before
        assert environ["DATABASE_URL"].partition("?")[0].endswith(f"/{made}")
        assert environ["SECRET_KEY"]
    assert made not in databases(servers.database_url)


def test_a_server_that_is_not_there_is_one_clear_line() -> None:
    named = {"DATABASE_URL": "postgresql://nurture:x@127.0.0.1:1/nurture", "REDIS_URL": "redis://127.0.0.1:1/0"}
    with (
        pytest.raises(DatabaseNotReady, match=r"DATABASE_URL: the demo wants a database of its own"),
        demo_place(named, keep=False),
    ):
        pass
