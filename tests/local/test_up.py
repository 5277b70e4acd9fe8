"""`nurture up`: everything starts, answers, and is gone afterwards, whatever happens."""

import json
import os
import signal
import smtplib
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
import redis

from nurture.cli.opening import opened_settings
from tests.local.nurture import marked, nothing_left, nurture

pytestmark = pytest.mark.slow
READY_WITHIN = 110


def addresses(process: "subprocess.Popen[str]") -> dict[str, str]:
    """The one line that it prints when ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        _, words = process.communicate()
        pytest.fail(f"it did not come up: {words}")
    found: dict[str, str] = json.loads(line)
    return found


def test_everything_answers_and_ends_with_sigterm(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with nurture("up", "--port", "0", "--data", str(data), "--json") as (process, mark):
        where = addresses(process)
        assert {"web", "mailbox", "smtp", "database", "redis", "write_key"} <= where.keys()
        assert httpx.get(f"{where['web']}readyz").text == "ok\n"
        assert httpx.get(where["mailbox"]).status_code == 200
        smtp = urlsplit(where["smtp"])
        with smtplib.SMTP(smtp.hostname or "", smtp.port or 0) as client:
            assert client.ehlo()[0] == 250
        with psycopg.connect(where["database"]) as database:
            assert database.execute("SELECT count(*) FROM lead").fetchone() == (0,)
        with redis.Redis.from_url(where["redis"]) as courier:
            assert courier.ping()
        page = {"anonymousId": "visitor", "properties": {"path": "/pricing"}}
        assert httpx.post(f"{where['web']}v1/page", json=page, auth=(where["write_key"], "")).status_code == 200
        for name in ("ann", "bea"):
            told = {"userId": f"user {name}", "traits": {"email": f"{name}@buyer.example"}}
            httpx.post(f"{where['web']}v1/identify", json=told, auth=(where["write_key"], "")).raise_for_status()
        alias = {"previousId": "user bea", "userId": "user ann"}
        httpx.post(f"{where['web']}v1/alias", json=alias, auth=(where["write_key"], "")).raise_for_status()
        with psycopg.connect(where["database"]) as database:
            leads = database.execute("SELECT count(*) FROM lead").fetchone()
            assert leads == (1,), "the key is this machine's own, so an alias merges"
        for name in ("DATABASE_URL", "REDIS_URL", "BASE_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NURTURE_DATA", str(data))
        with opened_settings() as settings:
            assert settings.base_url == where["web"].rstrip("/"), "links that commands print lead there"
        assert len(marked(mark)) >= 6
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=30)
        assert (process.returncode, words) == (0, "")
    assert nothing_left(mark, data, within=1)


def test_nothing_is_left_behind_when_it_is_killed(data: Path) -> None:
    with nurture("up", "--port", "0", "--data", str(data), "--json") as (process, mark):
        addresses(process)
        process.kill()
    assert nothing_left(mark, data), marked(mark)


@pytest.mark.soak
def test_ctrl_c_in_a_terminal_leaves_nothing_behind(data: Path) -> None:
    """A terminal tells the whole group at once, and people press twice."""
    with nurture("up", "--port", "0", "--data", str(data), "--json") as (process, mark):
        addresses(process)
        for _ in range(2):
            for member in marked(mark):
                with suppress(ProcessLookupError):
                    os.kill(int(member.split(" ", 1)[0]), signal.SIGINT)
        _, words = process.communicate(timeout=60)
        assert "Traceback" not in words
    assert nothing_left(mark, data, within=1), marked(mark)


def test_a_child_that_dies_is_named_and_ends_it(data: Path) -> None:
    with nurture("up", "--port", "0", "--data", str(data), "--json") as (process, mark):
        addresses(process)
        (clock,) = [
            child for child in psutil.Process(process.pid).children() if child.cmdline()[-2:] == ["-m", "workers.clock"]
        ]
        clock.kill()
        _, words = process.communicate(timeout=60)
    assert process.returncode == 1
    assert words.startswith("nurture: clock: was killed by signal 9")
    assert len(words.splitlines()) == 1
    assert nothing_left(mark, data, within=1)


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with nurture("up", "--port", str(port), "--data", str(tmp_path / "data")) as (process, _):
            said, words = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "")
    assert words == f"nurture: --port: {port} cannot be had (Address already in use); 0 takes any free one\n"


def test_a_workspace_with_a_mistake_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns/agreement.yaml").write_text("company: {nme: Acme}\n")
    data = tmp_path / "data"
    with nurture("up", "--port", "0", "--data", str(data), NURTURE_WORKSPACE=str(tmp_path)) as (process, mark):
        _, words = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "campaigns/agreement.yaml:1:" in words
    assert "Traceback" not in words
    assert not data.exists()
    assert nothing_left(mark, data, within=1)
