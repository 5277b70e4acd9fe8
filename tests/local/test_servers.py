"""The embedded servers: started, shared, stopped, and brought back after every kind of crash."""

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from nurture.errors import LocalServerError
from nurture.local import leftovers
from nurture.local.keeper import LINGER
from nurture.local.place import Lock, Place, Ready
from nurture.local.servers import LocalServers, _see_them_stop, local_servers, running_servers
from tests.local.asking import ask, sql
from tests.local.command import ROOT, alive, all_gone, command, has_ended, keeper, server, start, told

QUICKLY = LINGER + 6
"""Seconds within which all must be over once the last user has gone."""


def test_servers_start_from_nothing_and_are_gone_when_a_hurried_user_leaves(fresh: Path) -> None:
    with local_servers(fresh, linger=False) as servers:
        ask(servers)
        assert running_servers(fresh) == servers
    assert alive(fresh) == []
    assert running_servers(fresh) is None


def test_what_was_written_is_there_at_the_next_start_at_the_same_address(data: Path) -> None:
    with local_servers(data, linger=False) as first:
        sql(first, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
    with local_servers(data, linger=False) as second:
        assert sql(second, "SELECT answer FROM kept") == 42
        assert second == first


def test_an_existing_data_directory_is_up_within_seconds(data: Path) -> None:
    began = time.monotonic()
    with local_servers(data, linger=False):
        assert time.monotonic() - began < 20


def test_a_second_command_joins_the_servers_of_the_first(data: Path) -> None:
    with command(data) as (_, first), command(data) as (_, second):
        assert first == second
        assert len([process for process in alive(data) if process.name() == "valkey-server"]) == 1


def test_servers_linger_for_the_next_command_and_then_stop_by_themselves(data: Path) -> None:
    with local_servers(data):
        before = server(data, "postgres")
    with local_servers(data):
        assert server(data, "postgres") == before
    assert all_gone(data, within=QUICKLY)


def test_a_hurried_user_does_not_stop_servers_under_another(data: Path) -> None:
    with command(data) as (_, servers):
        with local_servers(data, linger=False):
            pass
        ask(servers)


def test_four_commands_at_once_share_one_pair_of_servers_from_the_very_start(fresh: Path) -> None:
    commands = [start(fresh, "hurry") for _ in range(4)]
    try:
        assert len({told(process) for process in commands}) == 1
        assert len([process for process in alive(fresh) if process.name() == "valkey-server"]) == 1
    finally:
        for process in commands:
            process.communicate()
    assert [process.returncode for process in commands] == [0, 0, 0, 0]
    assert alive(fresh) == []


def test_servers_stop_after_their_last_user_was_killed(data: Path) -> None:
    with command(data) as (process, _):
        process.kill()
    assert all_gone(data, within=QUICKLY)


def test_no_server_outlives_a_killed_keeper_and_the_next_command_works(data: Path) -> None:
    with command(data) as (_, servers):
        sql(servers, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 43 AS answer")
        keeper(data).kill()
        if sys.platform == "linux":
            assert all_gone(data, within=QUICKLY)
        with local_servers(data, linger=False) as again:
            assert sql(again, "SELECT answer FROM kept") == 43


@pytest.mark.parametrize("name", ["postgres", "valkey-server"])
def test_a_killed_server_is_started_again_at_the_same_address(data: Path, name: str) -> None:
    with local_servers(data, linger=False) as servers:
        killed = server(data, name)
        killed.kill()
        until = time.monotonic() + 20
        while True:
            try:
                ask(servers)
                break
            except (psycopg.OperationalError, redis.ConnectionError):
                assert time.monotonic() < until
                time.sleep(0.05)
        assert server(data, name) != killed


def test_everything_killed_at_once_is_cleaned_up_by_the_next_command(data: Path) -> None:
    with command(data) as (process, servers):
        sql(servers, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 44 AS answer")
        victims = [psutil.Process(process.pid), *alive(data)]
        for what in (psutil.Process.suspend, psutil.Process.kill):
            for victim in victims:
                with contextlib.suppress(psutil.NoSuchProcess):  # the session of the statement above was just ending
                    what(victim)
        while not all(has_ended(victim) for victim in victims):  # they may be heard for a moment yet
            time.sleep(0.01)
    assert (data / "postgres/data/postmaster.pid").exists()
    assert (data / "servers.json").exists()
    with local_servers(data, linger=False) as again:
        assert sql(again, "SELECT answer FROM kept") == 44


def test_servers_that_nobody_keeps_are_ended_before_new_ones_start(data: Path) -> None:
    with command(data):
        old_keeper, orphans = keeper(data), [server(data, "postgres"), server(data, "valkey-server")]
        for orphan in orphans:
            orphan.suspend()  # they cannot end by themselves, as if the kernel had not told them
        old_keeper.kill()
        while not has_ended(old_keeper):
            time.sleep(0.01)
        assert not any(has_ended(orphan) for orphan in orphans)
        with local_servers(data, linger=False) as servers:
            ask(servers)
            assert all(has_ended(orphan) for orphan in orphans)


def test_a_stale_pid_file_that_names_a_stranger_harms_nobody(data: Path) -> None:
    account = (data / "postgres").stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], cwd="/", user=account) as stranger:
        (data / "postgres/data/postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n1\n\n127.0.0.1\n\nready\n")
        (data / "servers.json").write_text(json.dumps({"postgres_port": 1, "valkey_port": 1}))
        with local_servers(data, linger=False) as servers:
            ask(servers)
        assert stranger.poll() is None
        stranger.kill()


def test_a_port_that_somebody_took_is_given_up_for_another(data: Path) -> None:
    with socket.socket() as one, socket.socket() as other:
        taken = []
        for listening in (one, other):
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            taken.append(listening.getsockname()[1])
        (data / "ports.json").write_text(json.dumps({"postgres": taken[0], "valkey": taken[1]}))
        with local_servers(data, linger=False) as servers:
            ask(servers)
            ready = Ready.read(Place(data))
    assert ready
    assert ready.postgres_port != taken[0]
    assert ready.valkey_port != taken[1]


def test_blanks_quotes_and_long_names_in_the_path_are_no_trouble(tmp_path: Path) -> None:
    data = tmp_path / 'it\'s a "path"' / ("long" * 40) / "größe" / "data"
    with local_servers(data, linger=False) as servers:
        ask(servers)
    assert alive(data) == []


def test_who_is_in_a_hurry_does_not_take_a_keeper_that_is_stopping_for_somebody_else(tmp_path: Path) -> None:
    """Between its last look at the users and the end of its servers, the keeper has the users' lock to itself."""
    place = Place(tmp_path)
    place.prepare()
    Ready(1, 2).write(place)
    held = [Lock(place.keeper_lock), Lock(place.users_lock)]
    assert all(lock.take() for lock in held)
    stopped = threading.Timer(0.5, lambda: [place.ready.unlink(), *(lock.release() for lock in held)])
    stopped.start()
    assert _see_them_stop(place)
    assert not place.ready.exists()
    stopped.join()


def test_a_deleted_data_directory_takes_its_servers_along(fresh: Path) -> None:
    with command(fresh):
        shutil.rmtree(fresh, ignore_errors=True)  # files come and go under it
        until = time.monotonic() + 10
        while alive(fresh):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_unfinished_cluster_of_a_crash_is_made_anew(fresh: Path) -> None:
    (fresh / "postgres/draft/base").mkdir(parents=True)
    (fresh / "postgres/draft/PG_VERSION").write_text("18")
    with local_servers(fresh, linger=False) as servers:
        ask(servers)


def test_a_lost_password_is_replaced(data: Path) -> None:
    with local_servers(data, linger=False) as first:
        pass
    (data / "password").unlink()
    with local_servers(data, linger=False) as second:
        ask(second)
    assert first.database_url != second.database_url


def test_a_cluster_of_another_version_is_refused_in_one_line(fresh: Path) -> None:
    (fresh / "postgres/data").mkdir(parents=True)
    (fresh / "postgres/data/PG_VERSION").write_text("11\n")
    with (
        pytest.raises(LocalServerError, match=r"made by PostgreSQL 11, and \d+ is installed") as refused,
        local_servers(fresh),
    ):
        pass
    assert "\n" not in str(refused.value)


def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    settings = data / "postgres/data/postgresql.conf"
    before = settings.read_text()
    settings.write_text(f"{before}\nno_such_setting = 1\n")
    try:
        with (
            pytest.raises(LocalServerError, match=r"PostgreSQL: .*configuration file.*contains errors"),
            local_servers(data),
        ):
            pass
    finally:
        settings.write_text(before)


def test_a_directory_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalServerError, match="NURTURE_DATA"), local_servers(tmp_path / "file" / "data"):
        pass


def test_the_role_is_no_superuser_but_may_make_databases_and_nothing_is_traded_for_speed(data: Path) -> None:
    with local_servers(data, linger=False) as servers:
        assert sql(servers, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        sql(servers, "DROP DATABASE IF EXISTS another")
        sql(servers, "CREATE DATABASE another")
        assert sql(servers, "SHOW fsync") == "on"
        assert sql(servers, "SHOW synchronous_commit") == "on"
        assert sql(servers, "SELECT lower('ÄÖ')") == "äö"


def test_servers_listen_on_the_loopback_only_and_ask_for_the_password(data: Path) -> None:
    with local_servers(data, linger=False) as servers:
        for name in ("postgres", "valkey-server"):
            listening = [c for c in server(data, name).net_connections("all") if c.status == psutil.CONN_LISTEN]
            assert {found.laddr.ip for found in listening} == {"127.0.0.1"}
        wrong = LocalServers(*(url.replace((data / "password").read_text(), "guess") for url in _urls(servers)))
        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(wrong)
        with pytest.raises(psycopg.OperationalError, match="pg_hba"):
            psycopg.connect(servers.database_url.replace("+psycopg", "").replace("//nurture:", "//postgres:"))
        with redis.Redis.from_url(wrong.redis_url) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def _urls(servers: LocalServers) -> tuple[str, str]:
    return servers.database_url, servers.redis_url


def test_the_password_stands_in_no_command_line_and_no_readable_file(data: Path) -> None:
    with local_servers(data, linger=False):
        password = (data / "password").read_text()
        assert not any(password in " ".join(process.cmdline()) for process in alive(data))
        holders = [path for path in data.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
    assert {path.name for path in holders} == {"password", "valkey.conf"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in holders)


def test_a_lingering_keeper_holds_nothing_of_the_command_that_started_it(data: Path) -> None:
    read, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.local.command", data],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=[write],
        cwd=ROOT,
    ) as process:
        os.close(write)
        process.communicate()  # returns at the end of stdout, which a keeper with our pipe would hold open
    began = time.monotonic()
    assert os.read(read, 1) == b""
    os.close(read)
    assert time.monotonic() - began < LINGER / 2
    assert alive(data)


def test_a_keeper_told_to_stop_stops_its_servers(data: Path) -> None:
    with command(data):
        os.kill(keeper(data).pid, signal.SIGTERM)
        assert all_gone(data, within=QUICKLY)


def test_only_servers_that_work_in_the_directory_are_found(data: Path, tmp_path: Path) -> None:
    program = tmp_path / "postgres"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"], cwd=tmp_path) as elsewhere:
        assert leftovers.processes_in(data / "postgres/data") == []
        assert [found.pid for found in leftovers.processes_in(tmp_path)] == [elsewhere.pid]
        assert leftovers.end(tmp_path, signal.SIGTERM, patience=5) == 1
        assert elsewhere.wait() == -signal.SIGTERM


def test_a_command_whose_parent_ignores_its_children_works_as_well(data: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from nurture.local.servers import local_servers\n"
        "with local_servers(Path(sys.argv[1]), linger=False): print('up')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, data],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )
    assert (done.stdout, done.returncode) == ("up\n", 0), done.stderr
    assert alive(data) == []


def test_what_happened_in_the_block_is_what_is_told_even_if_the_directory_is_gone(fresh: Path) -> None:
    with pytest.raises(ZeroDivisionError), local_servers(fresh, linger=False):
        _delete_and_fail(fresh)


def _delete_and_fail(data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    raise ZeroDivisionError
