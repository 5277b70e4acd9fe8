"""Whom the servers run as: never root, and reachable also where root's directories are closed to others."""

import ctypes
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from nurture.errors import LocalServerError
from nurture.local import account as module
from nurture.local.account import Account, server_account
from nurture.local.binaries import find_binaries
from nurture.local.servers import local_servers
from nurture.private import make_data_directory
from tests.local.asking import ask
from tests.local.command import alive, all_gone, command, server

ORDINARY = pwd.getpwnam("daemon").pw_uid
NAMELESS = 54321
CAP_DAC_READ_SEARCH = 2

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")


def _ordinary_user() -> Callable[[], None]:
    """Become an ordinary user. It may read what root has installed, since this Python may lie there; nothing more."""
    libc = ctypes.CDLL(None, use_errno=True)

    def become() -> None:
        libc.prctl(module.PR_SET_KEEPCAPS, 1, 0, 0, 0)
        libc.prctl(module.PR_SET_SECUREBITS, module.SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        os.setgroups([])
        os.setgid(ORDINARY)
        os.setuid(ORDINARY)
        module._keep_capability(libc, CAP_DAC_READ_SEARCH)

    return become


def _owners(directory: Path) -> set[int]:
    return {path.lstat().st_uid for path in [directory, *directory.rglob("*")]}


def test_servers_never_run_as_root(data: Path) -> None:
    with local_servers(data, linger=False):
        for name in ("postgres", "valkey-server"):
            assert 0 not in server(data, name).uids()
            assert 0 not in server(data, name).gids()


@as_root
@on_linux
def test_an_ordinary_user_needs_no_other_account_and_owns_every_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, ORDINARY, ORDINARY)
    data = home / "data"
    with command(data, "hurry", become=_ordinary_user()) as (process, _):
        owners = {found.uids().effective for found in [psutil.Process(process.pid), *alive(data)]}
    assert owners == {ORDINARY}
    assert _owners(data) == {ORDINARY}
    assert alive(data) == []


@as_root
@on_linux
def test_root_in_a_users_directory_leaves_that_user_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, ORDINARY, ORDINARY)
    data = home / "data"
    data.mkdir(mode=0o700)
    os.chown(data, ORDINARY, ORDINARY)
    with local_servers(data, linger=False):
        assert server(data, "postgres").uids().effective == ORDINARY
    assert _owners(data) == {ORDINARY}
    with command(data, "hurry", become=_ordinary_user()) as (_, servers):
        ask(servers)
    assert alive(data) == []


@as_root
@on_linux
def test_a_directory_whose_owner_has_no_name_is_served_under_another_account(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, NAMELESS, NAMELESS)
    with local_servers(data, linger=False) as servers:
        ask(servers)
        assert server(data, "postgres").uids().effective not in (0, NAMELESS)


def test_a_user_without_a_name_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NAMELESS)
    with pytest.raises(LocalServerError, match="user id 54321, which has no name on this machine; run as another"):
        server_account(tmp_path, ())


@as_root
@on_linux
def test_another_users_data_directory_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    make_data_directory(data)
    with pytest.raises(AssertionError, match="status 1"), command(data, become=_ordinary_user()):
        pass
    assert "the data directory belongs to another user; set NURTURE_DATA" in capfd.readouterr().err


@as_root
@on_linux
def test_root_needs_no_open_door_to_the_data(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    make_data_directory(data)
    account = server_account(data, (find_binaries().postgres,))
    assert account.passes_closed_doors
    assert account.uid != 0
    with local_servers(data, linger=False) as servers:
        ask(servers)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert all_gone(data, within=5)


@as_root
@on_linux
def test_a_program_behind_a_closed_door_is_found_by_access_too(tmp_path: Path) -> None:
    """`initdb` asks access(2) for `postgres`, and access(2) forgets capabilities unless it is told not to."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "postgres"
    program.touch(mode=0o755)
    assert server_account(tmp_path, (program,)).passes_closed_doors
    pid = os.fork()
    if pid == 0:
        Account(65534, 65534, passes_closed_doors=True).become(15)()
        os._exit(0 if os.access(program, os.R_OK | os.X_OK) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@as_root
@on_linux
def test_no_more_rights_are_kept_than_needed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    account = Account(65534, 65534, passes_closed_doors=True)
    pid = os.fork()
    if pid == 0:
        account.become(15)()
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        kept = {name: int(lines[name], 16) for name in ("CapPrm", "CapEff", "CapAmb")}
        os._exit(0 if set(kept.values()) == {1 << module.CAP_DAC_OVERRIDE} and os.getuid() == 65534 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@as_root
def test_root_without_the_capability_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(module, "_may_keep", lambda _: False)
    with pytest.raises(LocalServerError, match=r"may not enter here; run as an ordinary user, chmod o\+x it, or set"):
        server_account(closed, ())


def test_an_ordinary_user_runs_the_servers_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: ORDINARY)
    assert server_account(tmp_path, ()).uid == ORDINARY
