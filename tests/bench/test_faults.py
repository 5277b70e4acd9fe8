"""What goes wrong beside a measure takes no figure away: a database is not dropped, a connection is closed."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from bench.alone import run_alone
from bench.measure import Measured, Options, alone
from bench.port import HIGHEST, LOWEST, own_port
from bench.servers import drop

ROOT = Path(__file__).parents[2]
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Statements:
    """A connection that refuses as told, and remembers what it was asked."""

    def __init__(self, *refusals: Exception) -> None:
        self.refusals, self.asked = list(refusals), list[str]()

    def execute(self, statement: str) -> None:
        self.asked.append(statement)
        if self.refusals:
            raise self.refusals.pop(0)


def test_a_database_that_an_autovacuum_is_at_is_dropped_without_force() -> None:
    db = Statements(psycopg.errors.InsufficientPrivilege("permission denied to terminate process"))
    drop(db, "a")  # type: ignore[arg-type]
    assert db.asked == ['DROP DATABASE IF EXISTS "a" WITH (FORCE)', 'DROP DATABASE IF EXISTS "a"']


def test_a_database_that_cannot_be_dropped_is_left_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.servers.DROPS_WITHIN", 0.0)
    drop(Statements(psycopg.errors.InsufficientPrivilege("permission denied")), "a")  # type: ignore[arg-type]
    drop(Statements(psycopg.OperationalError("the connection is closed")), "b")  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert "a is left" in said
    assert "b is left: the connection is closed" in said


def test_figures_of_before_a_failure_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def measure(_: Options) -> Iterable[Measured]:
        yield alone("first", [1.0], "MB")
        raise RuntimeError("planted")

    monkeypatch.setattr(sys, "argv", ["bench", "--out", str(tmp_path / "out.json")])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(RuntimeError, match="planted"):
        run_alone(measure, "")
    assert json.loads((tmp_path / "out.json").read_text())["first"]["ours"] == 1.0


def test_ports_are_none_that_a_connection_may_be_given() -> None:
    assert LOWEST <= own_port() <= HIGHEST < 32_768


def _serve(listener: socket.socket, answers: int) -> None:
    """Answer so many requests on each connection, then close it, sometimes on a request that has come already."""
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            for _ in range(answers):
                if not peer.recv(65536):
                    break
                peer.sendall(ANSWER)


def _load(answers: int, *more: str) -> subprocess.CompletedProcess[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, answers), daemon=True).start()
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "bench.load", str(port), "--connections", "1", "--seconds", "0.5", *more]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        listener.shutdown(socket.SHUT_RDWR)
    return done


def test_a_connection_that_the_server_closed_is_made_anew_and_every_request_answered() -> None:
    done = _load(3, "--rate", "100")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["events"] > 3
    assert said["anew"] >= said["events"] // 3 - 1
    assert said["others"] == {}


def test_a_server_that_only_closes_is_a_failure() -> None:
    done = _load(0)
    assert done.returncode == 1
    assert "answered nothing" in done.stderr
