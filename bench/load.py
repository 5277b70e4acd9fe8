"""Posts events over kept connections for some seconds, as fast as they are answered or at a steady rate, and counts.

    python -m bench.load PORT --key KEY [--connections 32] [--batch 1] [--seconds 3] [--rate N] [--leads N]

Its own small HTTP client: a general one costs more than what is measured. Prints one line of JSON: events that were
answered with 200, seconds, milliseconds to the answer, other answers by status, and its own CPU.
"""

import argparse
import asyncio
import base64
import json
import random
import resource
import time
from collections import Counter
from itertools import count

import orjson

try:
    from uvloop import run
except ImportError:
    from asyncio import run

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1",
)
PAGES = ("/", "/", "/features", "/blog/robots-at-work", "/blog/why-now", "/customers", "/about", "/team")
SIGNALS = ("/pricing", "/docs/setup", "/docs/api", "/careers")
STRANGERS = 0.15
OF_SIGNALS = 0.25


class Events:
    """Make-believe events of known leads and some strangers, by seed."""

    def __init__(self, seed: int, leads: int) -> None:
        self.chance, self.leads, self.n = random.Random(seed), leads, count()
        self.run = f"{seed:x}-{time.time_ns():x}"

    def event(self) -> dict:
        chance, message = self.chance, f"ajs-next-{self.run}-{next(self.n)}"
        lead = chance.randrange(self.leads)
        who = {"anonymousId": f"browser-{lead}"}
        if chance.random() < STRANGERS:
            who = {"anonymousId": f"stranger-{chance.randrange(self.leads)}"}
        elif chance.random() < 0.3:
            who["userId"] = f"lead{lead}@buyer.example"
        context = {"userAgent": chance.choice(BROWSERS), "locale": "en-US", "library": {"name": "analytics.js"}}
        said = {"messageId": message, "type": "page", **who, "context": context, "timestamp": _now()}
        if chance.random() < OF_SIGNALS:
            if chance.random() < 0.1:
                return said | {"type": "track", "event": "Whitepaper Downloaded", "properties": {"title": "Robots"}}
            path = chance.choice(SIGNALS)
        elif chance.random() < 0.1:
            return said | {"type": "track", "event": "Video Played", "properties": {"seconds": chance.randrange(300)}}
        else:
            path = chance.choice(PAGES)
        url = f"https://acme.example{path}"
        return said | {"properties": {"path": path, "url": url, "title": "Acme", "referrer": "", "search": ""}}

    def body(self, batch: int) -> tuple[str, bytes]:
        if batch == 1:
            event = self.event()
            return event["type"], orjson.dumps(event)
        return "batch", orjson.dumps({"batch": [self.event() for _ in range(batch)], "sentAt": _now()})


class Client(asyncio.Protocol):
    """One connection: the next request when the last one is answered."""

    def __init__(self, load: "Load") -> None:
        self.load, self.buffer, self.done = load, b"", asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.next()

    def next(self) -> None:
        wait = self.load.wait()
        if wait is None:
            self.transport.close()
        elif wait > 0:
            asyncio.get_running_loop().call_later(wait, self.send)
        else:
            self.send()

    def send(self) -> None:
        self.sent_at = time.perf_counter()
        self.transport.write(self.load.request())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.buffer = b""
        self.load.answered(int(head[9:12]), time.perf_counter() - self.sent_at)
        self.next()

    def connection_lost(self, error) -> None:
        self.done.set_result(None)


class Load:
    """What is sent, and what came back."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.events = given, Events(given.seed, given.leads)
        key = base64.b64encode(f"{given.key}:".encode()).decode()
        self.head = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {key}\r\nContent-Type: application/json\r\n"
        self.times: list[float] = []
        self.others: Counter[int] = Counter()
        self.asked = 0
        self.began = time.perf_counter()

    def request(self) -> bytes:
        call, body = self.events.body(self.given.batch)
        return f"POST /v1/{call} {self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def wait(self) -> float | None:
        """Seconds until the next request; None when the time is up."""
        past = time.perf_counter() - self.began
        if past >= self.given.seconds:
            return None
        if not self.given.rate:
            return 0.0
        self.asked += 1
        return max(0.0, (self.asked - 1) * self.given.batch / self.given.rate - past)

    def answered(self, status: int, seconds: float) -> None:
        if status == 200:
            self.times.append(seconds)
        else:
            self.others[status] += 1

    async def post(self) -> dict:
        loop = asyncio.get_running_loop()
        made = [
            loop.create_connection(lambda: Client(self), "127.0.0.1", self.given.port)
            for _ in range(self.given.connections)
        ]
        await asyncio.gather(*[client.done for _, client in await asyncio.gather(*made)])
        seconds = time.perf_counter() - self.began
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "events": len(self.times) * self.given.batch, "seconds": seconds, "ms": shares(self.times),
            "others": dict(self.others), "cpu": used.ru_utime + used.ru_stime,
        }  # fmt: skip


def shares(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: the median, the 95th and 99th hundredth, the most."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in
          (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))}  # fmt: skip
    return {name: round(1e3 * value, 1) for name, value in at.items()}


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length: ")
    return int(rest.partition(b"\r\n")[0]) if found else 0


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
    print(json.dumps(run(Load(parser.parse_args()).post())))
