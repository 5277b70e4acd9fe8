"""The short way of small events through the web process: what goes it, what does not, and that it is HTTP as before."""

import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from nurture.web.gathering import Gathering
from nurture.web.ingest import Intake
from tests.web.people import rows
from workers.straight import StraightProtocol

EVENT = {"userId": "u1", "properties": {"path": "/pricing"}}
AUTH = "Authorization: Basic d2tfdGVzdDo=\r\n"


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """URLs of what went the short way."""
    urls: list[bytes] = []
    usual = Intake.take

    def noting(self: Intake, url: bytes, *rest: object) -> None:
        urls.append(url)
        usual(self, url, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "take", noting)
    return urls


@pytest.fixture
def line(site: str) -> Iterator[socket.socket]:
    """A connection to the server, as bare as can be."""
    host, port = site.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connected:
        yield connected


def begin_by(monkeypatch: pytest.MonkeyPatch, act: Callable[[StraightProtocol], object]) -> None:
    """Do this with each connection that is made from now on."""
    usual = StraightProtocol.connection_made

    def made(self: StraightProtocol, transport: object) -> None:
        usual(self, transport)
        act(self)

    monkeypatch.setattr(StraightProtocol, "connection_made", made)


def post(n: int, more: str = AUTH, *, path: str = "/v1/page", version: str = "1.1", body: bytes | None = None) -> bytes:
    body = json.dumps({**EVENT, "messageId": f"p{n}"}).encode() if body is None else body
    return f"POST {path} HTTP/{version}\r\nHost: x\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answers(line: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    """So many answers, read to their ends."""
    heard, found = b"", []
    while len(found) < count:
        data = line.recv(65536)
        assert data, f"closed after {heard!r}"
        heard += data
        while b"\r\n\r\n" in heard:
            head, _, rest = heard.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                break
            found.append((int(first.split()[1]), headers, rest[:length]))
            heard = rest[length:]
    return found


def ids(app) -> list[str]:
    return sorted(row["message_id"] for row in rows(app.engine, "SELECT message_id FROM event"))


def test_a_small_event_goes_it_and_the_answer_is_the_same(line, app, taken) -> None:
    line.sendall(post(1))
    ((status, short, body),) = answers(line, 1)
    line.sendall(post(2, path="/v1/page/"))
    ((_, usual, same),) = answers(line, 1)
    assert (status, body) == (200, b'{"success": true}')
    assert body == same
    assert {**short, "date": ""} == {**usual, "date": ""}
    assert taken == [b"/v1/page"]
    assert ids(app) == ["p1", "p2"]


def test_requests_in_one_packet_are_answered_in_order(line, app, taken) -> None:
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    line.sendall(post(1) + health + post(2) + post(3, "") + health)
    assert [status for status, _, _ in answers(line, 5)] == [200, 200, 200, 401, 200]
    assert ids(app) == ["p1", "p2"]
    assert taken[0] == b"/v1/page"


def test_a_request_may_come_in_pieces(line, app, taken) -> None:
    whole = post(1)
    for at in range(0, len(whole), 40):
        line.sendall(whole[at : at + 40])
    assert answers(line, 1)[0][0] == 200
    assert ids(app) == ["p1"]
    assert len(taken) == 1


@pytest.mark.parametrize(
    "request_",
    [
        post(1, f"{AUTH}Connection: close\r\n"),
        post(1, version="1.0"),
    ],
)
def test_who_wants_no_kept_connection_has_it_closed(line, app, taken, request_: bytes) -> None:
    line.sendall(request_)
    ((status, headers, _),) = answers(line, 1)
    assert (status, headers["connection"]) == (200, "close")
    assert line.recv(100) == b""
    assert (ids(app), len(taken)) == (["p1"], 1)


def test_what_is_not_small_and_plain_goes_the_usual_way(line, app, taken) -> None:
    long = json.dumps({**EVENT, "messageId": "long", "properties": {"text": "x" * 9000}}).encode()
    chunked = b"POST /v1/page HTTP/1.1\r\nHost: x\r\n" + AUTH.encode() + b"Transfer-Encoding: chunked\r\n\r\n"
    body = json.dumps({**EVENT, "messageId": "chunked"}).encode()
    line.sendall(post(0, body=long))
    assert answers(line, 1)[0][0] == 200
    line.sendall(chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert answers(line, 1)[0][0] == 200
    line.sendall(post(3, path="/v1/page?a=b"))
    assert answers(line, 1)[0][0] == 200
    assert taken == []
    assert ids(app) == ["chunked", "long", "p3"]


def test_a_refusal_says_why_and_the_connection_goes_on(line, app, taken) -> None:
    for sent, status, code in (
        (post(1, body=b"{"), 400, "bad_json"),
        (post(1, "Authorization: Basic eDo=\r\n"), 401, "bad_write_key"),
    ):
        line.sendall(sent)
        ((said, headers, body),) = answers(line, 1)
        assert (said, json.loads(body)["code"]) == (status, code)
        assert headers["access-control-allow-origin"] == "*"
    line.sendall(post(2, body=b'{"messageId": "nobody"}'))
    assert answers(line, 1)[0][0] == 200
    assert rows(app.engine, "SELECT reason FROM rejected_event") != []
    assert len(taken) == 3


def test_whoever_hangs_up_before_the_answer_has_the_event_stored(line, app, taken) -> None:
    line.sendall(post(1))
    line.shutdown(socket.SHUT_WR)
    assert line.recv(65536).startswith((b"HTTP/1.1 200", b""))
    for _ in range(500):
        if ids(app):
            break
    assert len(taken) == 1


def test_answers_that_nobody_reads_do_not_pile_up(monkeypatch, site, app, taken, request) -> None:
    def full(protocol: StraightProtocol) -> None:
        protocol.pause_writing()  # as the transport does whose buffer is full
        protocol.loop.call_later(0.2, protocol.resume_writing)

    begin_by(monkeypatch, full)
    line = request.getfixturevalue("line")
    line.sendall(post(1, "") + post(2))
    assert [status for status, _, _ in answers(line, 2)] == [401, 200]
    assert taken == []


def test_a_refusal_starts_no_clock_for_the_request_behind_it(monkeypatch, site, app, taken, request) -> None:
    begin_by(monkeypatch, lambda protocol: setattr(protocol, "timeout_keep_alive", 0.05))
    usual = Gathering._ingest

    def slow(*args: object) -> None:
        time.sleep(0.5)
        usual(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Gathering, "_ingest", slow)
    line = request.getfixturevalue("line")
    line.sendall(post(1, "") + post(2))
    assert [status for status, _, _ in answers(line, 2)] == [401, 200]
    assert len(taken) == 2
