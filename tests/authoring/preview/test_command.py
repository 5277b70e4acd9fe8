"""`nurture preview` as a process: how it starts, what it says, how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nurture.authoring.preview.server import listen
from nurture.cli.main import main
from nurture.errors import NurtureError, UsageError


def _start(root: Path, *arguments: str) -> "subprocess.Popen[str]":
    unwanted = ("DATABASE_URL", "REDIS_URL", "NURTURE_DATA", "PORT")
    environ = {name: value for name, value in os.environ.items() if name not in unwanted}
    command = [sys.executable, "-m", "nurture.cli.main", "preview", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environ, "NURTURE_WORKSPACE": str(root), "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture
def process(root: Path) -> Iterator["subprocess.Popen[str]"]:
    with _start(root, "--port", "0", "--json") as process:
        yield process
        process.kill()


@pytest.mark.parametrize("ending", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.soak)])
def test_it_says_where_it_is_and_stops_cleanly_while_a_page_waits(
    process: "subprocess.Popen[str]", ending: signal.Signals
) -> None:
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    assert url.startswith("http://127.0.0.1:")
    assert "Not ready yet" in httpx.get(url).text
    with httpx.stream("GET", f"{url}events") as news:
        assert next(news.iter_lines()).startswith("data: ")
        process.send_signal(ending)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_no_workspace_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["nurture", "preview", str(tmp_path), "--port", "0"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "no workspace here" in said.err


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(NurtureError, match=f"port {port}: address already in use; --port N names another"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_only_this_machine_is_listened_on(host: str) -> None:
    with pytest.raises(UsageError, match="listens on this machine alone"):
        listen(host, 0)
