"""Posts events over kept connections for some seconds, as fast as they are answered or at a steady rate, and counts.

    python -m bench.load PORT --key KEY [--connections 32] [--batch 1] [--seconds 3] [--rate N] [--leads N]

What is measured shares the machine with this, so this has to cost next to nothing: requests are written before the
time begins, sockets are watched by epoll, of an answer the status and its end are looked at. Each connection has one
request under way. Prints a line of JSON: events answered with 200, seconds, milliseconds to the answer, other answers
by status, how often a connection was made anew, and its own CPU while it posted.

Servers close connections that nothing came over for some seconds: those are made anew, and a request that was on its
way just then is sent again, as any client does.

What is sent: 82 % is done by known leads in their own browsers, of which 30 % also say who it is (`userId`); 15 % by
browsers of strangers; 2 % are a known lead's `identify` with traits; 0.4 % that of somebody nobody knows, which makes
a lead; of all, 1 % is sent again later in the run. Each event has a `messageId` of its own, which only those have
twice. A quarter of what is done is worth points.
"""

import argparse
import base64
import json
import random
import resource
import select
import socket
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1",
)
PAGES = ("/", "/", "/features", "/blog/robots-at-work", "/blog/why-now", "/customers", "/about", "/team")
SIGNALS = ("/pricing", "/docs/setup", "/docs/api", "/careers")
STRANGERS, IDENTIFIES, NEWCOMERS, AGAIN = 0.15, 0.02, 0.004, 0.01
NAMED = 0.3
"""Of what known leads do."""
OF_SIGNALS = 0.25
MOST_WRITTEN = {1: 4000, 100: 100}
"""Requests a second that are written beforehand; more are written when they are needed."""
MOST_AGAIN = 3
"""So often a request is sent again that no answer came to."""

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Events:
    """Make-believe events of known leads and some strangers, by seed."""

    def __init__(self, seed: int, leads: int) -> None:
        """Known leads have the numbers below `leads`, as has each one's browser."""
        self.chance, self.leads, self.n = random.Random(seed), leads, count()
        self.run = f"{seed:x}-{time.time_ns():x}"
        self.again: list[dict[str, Any]] = []

    def event(self) -> dict[str, Any]:
        """The next one."""
        if self.again and self.chance.random() < AGAIN:
            return self.again.pop(self.chance.randrange(len(self.again)))
        event = self._new()
        if self.chance.random() < 2 * AGAIN:
            self.again.append(event)
        return event

    def _new(self) -> dict[str, Any]:
        chance, n = self.chance, next(self.n)
        lead, kind = chance.randrange(self.leads), chance.random()
        context = {"userAgent": chance.choice(BROWSERS), "locale": "en-US", "library": {"name": "analytics.js"}}
        said = {"messageId": f"ajs-next-{self.run}-{n}", "type": "page", "context": context, "timestamp": _now()}
        if kind < IDENTIFIES:
            traits = {"email": f"lead{lead}@buyer.example", "title": chance.choice(("VP Operations", "COO"))}
            return said | {"type": "identify", "anonymousId": f"browser-{lead}", "traits": traits}
        if kind < IDENTIFIES + NEWCOMERS:
            traits = {"email": f"new-{self.run}-{n}@buyer.example", "title": "COO", "country": "US"}
            return said | {"type": "identify", "anonymousId": f"browser-{self.run}-{n}", "traits": traits}
        if kind < IDENTIFIES + NEWCOMERS + STRANGERS:
            said["anonymousId"] = f"stranger-{lead}"
        else:
            said["anonymousId"] = f"browser-{lead}"
            if chance.random() < NAMED:
                said["userId"] = f"lead{lead}@buyer.example"
        return said | self._deed()

    def _deed(self) -> dict[str, Any]:
        chance = self.chance
        if chance.random() < OF_SIGNALS:
            if chance.random() < 0.1:
                return {"type": "track", "event": "Whitepaper Downloaded", "properties": {"title": "Robots"}}
            path = chance.choice(SIGNALS)
        elif chance.random() < 0.1:
            return {"type": "track", "event": "Video Played", "properties": {"seconds": chance.randrange(300)}}
        else:
            path = chance.choice(PAGES)
        url = f"https://acme.example{path}"
        return {"properties": {"path": path, "url": url, "title": "Acme", "referrer": "", "search": ""}}

    def body(self, batch: int) -> tuple[str, bytes]:
        """The call, and what is posted to it."""
        if batch == 1:
            event = self.event()
            return event["type"], orjson.dumps(event)
        return "batch", orjson.dumps({"batch": [self.event() for _ in range(batch)], "sentAt": _now()})


@dataclass(slots=True)
class Connection:
    """One kept connection, the request that is under way on it, and how often that was sent again."""

    socket: socket.socket
    sent_at: float = 0.0
    heard: bytes = b""
    asked: bytes = b""
    again: int = 0


@dataclass
class Load:
    """What is sent, and what came back."""

    given: argparse.Namespace
    times: list[float] = field(default_factory=list)
    others: Counter[int] = field(default_factory=Counter)
    anew: int = 0
    written: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write what will be sent."""
        given = self.given
        self._events = Events(given.seed, given.leads)
        key = base64.b64encode(f"{given.key}:".encode()).decode()
        self._head = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {key}\r\nContent-Type: application/json\r\n"
        many = given.rate / given.batch if given.rate else MOST_WRITTEN.get(given.batch, 100)
        self.written = [self._request() for _ in range(int(many * given.seconds) + given.connections)]
        self.written.reverse()

    def post(self) -> dict[str, Any]:
        """Post until the time is up and all is answered; gives what the line of JSON says."""
        given = self.given
        idle = [Connection(self._connect()) for _ in range(given.connections)]
        used, began = _cpu(), time.perf_counter()
        self._exchange(idle, began)
        seconds, used = time.perf_counter() - began, _cpu() - used
        for one in idle:
            one.socket.close()
        return {
            "events": len(self.times) * given.batch, "seconds": seconds, "ms": shares(self.times),
            "others": dict(self.others), "anew": self.anew, "cpu": used,
        }  # fmt: skip

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.given.port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _exchange(self, idle: list[Connection], began: float) -> None:
        watch, given, sent = select.epoll(), self.given, 0
        of = {one.socket.fileno(): one for one in idle}
        for number in of:
            watch.register(number, select.EPOLLIN)
        busy, until = 0, began + given.seconds
        while True:
            now = time.perf_counter()
            due = len(idle) if not given.rate else int((now - began) * given.rate / given.batch) + 1 - sent
            while idle and due > 0 and now < until:
                self._send(idle.pop())
                sent, due, busy = sent + 1, due - 1, busy + 1
            if not busy and now >= until:
                return
            for number, _ in watch.poll(0.001 if given.rate and now < until else 1.0):
                one = of[number]
                data = _received(one.socket)
                if not data:
                    del of[number]
                    self._renew(one)
                    of[one.socket.fileno()] = one
                    watch.register(one.socket.fileno(), select.EPOLLIN)
                elif self._hear(one, data):
                    busy -= 1
                    idle.append(one)

    def _send(self, one: Connection) -> None:
        one.asked = self.written.pop() if self.written else self._request()
        one.again, one.sent_at = 0, time.perf_counter()
        _sent(one)

    def _renew(self, one: Connection) -> None:
        """Connect again where the server closed, and ask again what it has not answered."""
        one.socket.close()
        one.socket, one.heard, self.anew = self._connect(), b"", self.anew + 1
        if one.asked:
            one.again += 1
            if one.again > MOST_AGAIN:
                raise ConnectionError(f"the server closed the connection {one.again} times, and answered nothing")
            _sent(one)

    def _hear(self, one: Connection, data: bytes) -> bool:
        """Whether the answer is whole now."""
        one.heard = data = one.heard + data if one.heard else data
        end = data.find(_END)
        if end < 0 or len(data) < end + 4 + _length(data[:end]):
            return False
        one.heard = one.asked = b""
        if data[9:12] == b"200":
            self.times.append(time.perf_counter() - one.sent_at)
        else:
            self.others[int(data[9:12])] += 1
        return True

    def _request(self) -> bytes:
        call, body = self._events.body(self.given.batch)
        return f"POST /v1/{call} {self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _received(peer: socket.socket) -> bytes:
    """What came; nothing where the connection is closed, in whatever way."""
    try:
        return peer.recv(65536)
    except ConnectionError:
        return b""


def _sent(one: Connection) -> None:
    """Send the request; where the connection is closed already, that will be seen when it is read from."""
    with suppress(ConnectionError):
        one.socket.sendall(one.asked)


def shares(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: the median, the 95th and 99th hundredth, the most."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in
          (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))}  # fmt: skip
    return {name: round(1e3 * value, 1) for name, value in at.items()}


def _length(head: bytes) -> int:
    at = head.lower().find(_LENGTH)
    return int(head[at + len(_LENGTH) :].partition(b"\r\n")[0]) if at >= 0 else 0


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--key", default="wk")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--leads", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(Load(parser.parse_args()).post()))
