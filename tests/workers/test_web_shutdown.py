"""SIGTERM twice to a web process and all below it: who was being served is answered, and all are gone in time."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.local.server import free_port
from tests.workers.processes import add_due_leads, end_twice, running, wait_for, write_workspace

pytestmark = pytest.mark.slow
GONE_WITHIN = 25.0
BODY = b'{"messageId": "slow", "userId": "jo@buyer.example", "event": "Looked", "writeKey": "wk"}'
HELD = {"messageId": "held", "userId": "lead1@buyer.example", "event": "Looked", "writeKey": "wk",
        "context": {"traits": {"email": "lead1@buyer.example"}}}  # fmt: skip


@pytest.fixture
def environment(clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "PORT": str(free_port()), "HOST": "127.0.0.1",
        "WRITE_KEY": "wk", "SECRET_KEY": "a secret for tests that is long enough",
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
    }  # fmt: skip


@pytest.fixture(params=[1, pytest.param(2, marks=pytest.mark.soak)])
def web(environment: dict[str, str], request: pytest.FixtureRequest) -> Iterator[tuple[str, int, object]]:
    """So many web processes on one port: the address, the port, the group."""
    port = int(environment["PORT"])
    with running(environment | {"WEB_CONCURRENCY": str(request.param)}, "workers.web") as group:
        wait_for(lambda: _answers(port), seconds=90, of="serving")
        yield f"http://127.0.0.1:{port}", port, group


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _half_asked(port: int) -> socket.socket:
    """A client that has sent half of its request, and takes its time."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = f"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n\r\n"
    client.sendall(head.encode() + BODY[:10])
    return client


def _status(client: socket.socket) -> str:
    return client.recv(1000).decode(errors="replace").split("\r\n")[0]


def test_who_is_being_served_is_answered(clean_db: Engine, web: tuple[str, int, object]) -> None:
    """A slow client, a group of events that waits for a lead, and somebody who keeps a connection for later."""
    address, port, group = web
    add_due_leads(clean_db, 1)
    answers: list[int] = []
    with httpx.Client(base_url=address) as keeping, clean_db.connect() as holder:
        assert keeping.get("/healthz").status_code == 200
        slow = _half_asked(port)
        holder.execute(text("SELECT FROM lead FOR UPDATE"))
        held = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{address}/v1/track", json=HELD, timeout=60).status_code)
        )
        held.start()
        wait_for(lambda: _waits_for_a_lead(clean_db), of="waiting for the lead")

        def let_go() -> None:
            time.sleep(1.0)
            slow.sendall(BODY[10:])
            holder.rollback()

        letting_go = threading.Thread(target=let_go)
        letting_go.start()
        assert end_twice(group) < GONE_WITHIN  # type: ignore[arg-type]
        letting_go.join()
        held.join()
        assert _status(slow) == "HTTP/1.1 200 OK"
        slow.close()
    assert answers == [200]
    with transaction(clean_db) as db:
        assert set(db.execute(text("SELECT message_id FROM event")).scalars()) == {"slow", "held"}


@pytest.mark.soak
def test_who_never_ends_is_cut_in_time(clean_db: Engine, web: tuple[str, int, object]) -> None:
    """A client that sends no more, and a lead that is never let go: neither hears 200, nothing of them is stored."""
    address, port, group = web
    add_due_leads(clean_db, 1)
    with clean_db.connect() as holder:
        slow = _half_asked(port)
        holder.execute(text("SELECT FROM lead FOR UPDATE"))
        answers: list[int] = []
        held = threading.Thread(target=lambda: answers.append(_status_of(address)))
        held.start()
        wait_for(lambda: _waits_for_a_lead(clean_db), of="waiting for the lead")
        assert end_twice(group) < GONE_WITHIN  # type: ignore[arg-type]
        held.join()
        assert "200" not in _status(slow)
        slow.close()
    assert answers[0] in (0, 500)
    with transaction(clean_db) as db:
        assert db.execute(text("SELECT count(*) FROM event")).scalar_one() == 0


def _status_of(address: str) -> int:
    """What the client hears; 0: nothing."""
    try:
        return httpx.post(f"{address}/v1/track", json=HELD, timeout=60).status_code
    except httpx.TransportError:
        return 0


def _waits_for_a_lead(engine: Engine) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
    with transaction(engine) as db:
        return bool(db.execute(query).scalar())
