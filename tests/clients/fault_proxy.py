"""A road between a client and the real server on which accidents happen, by a script. On loopback only.

What is not named in the script goes through. The road notes what the client sent and what it heard.
"""

import asyncio
import gzip
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from nurture.web.segment import Refusal
from nurture.web.v1_answers import refused

GZIP = b"\x1f\x8b"
HEAD = b"\r\n\r\n"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass(frozen=True)
class Says:
    """Answered in the server's place, in its manner: it hears nothing of the request."""

    status: int
    retry_after: int | None = None

    @property
    def answer(self) -> httpx.Response:
        """As the server says no."""
        said = refused(Refusal(self.status, "fault", "An accident on the way."), retry_after=self.retry_after)
        return httpx.Response(self.status, headers=said.start["headers"], content=said.body["body"])


@dataclass(frozen=True)
class Cut:
    """The connection breaks: before the server hears anything, or after it has stored what was sent."""

    after: bool


@dataclass(frozen=True)
class Slow:
    """The server's answer takes so many seconds to arrive."""

    seconds: float


@dataclass(frozen=True)
class Damaged:
    """Half of the body gets lost; the server's own answer comes back."""


Fault = Says | Cut | Slow | Damaged


@dataclass
class Request:
    """One that a client sent. `status` is what it heard, None where the connection was cut.

    `stored`: the server said 200, whatever the client heard.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    began: float
    ended: float = 0
    status: int | None = None
    stored: bool = False

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return orjson.loads(gzip.decompress(self.body) if self.body.startswith(GZIP) else self.body)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The events in it, alone or in a batch."""
        said = self.json
        return list(said.get("batch", [said]))


@dataclass
class Road:
    """One client's way to the server: where it begins, what is to happen to its next posts, what was sent."""

    server: str
    script: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    address: str = ""

    @property
    def posts(self) -> list[Request]:
        """What was posted; a browser also asks whether it may."""
        return [request for request in self.requests if request.method == "POST"]

    def fault(self, request: Request) -> Fault | None:
        """What happens to this request."""
        return self.script.pop(0) if request.method == "POST" and self.script else None


Open = Callable[[str, Sequence[Fault]], Road]


@contextmanager
def fault_proxy() -> Iterator[Open]:
    """A loop in a thread; gives what opens a road to the server at an address. Clients begin at `road.address`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, loop).result(20)

    proxy = _Proxy()
    try:
        yield lambda server, script: run(proxy.open(Road(server, list(script))))
    finally:
        run(proxy.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


class _Proxy:
    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._upstream = httpx.AsyncClient(
            trust_env=False, verify=False, timeout=20, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def open(self, road: Road) -> Road:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            self._busy.add(task)
            try:
                # A client may hang up at any time, and the last ones are sent away by `close`.
                with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    while await self._pass_on(road, reader, writer):
                        pass
            finally:
                self._busy.discard(task)
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**20)
        self._servers.append(server)
        road.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return road

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        await self._upstream.aclose()

    async def _pass_on(self, road: Road, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection is still good."""
        request = await _read(reader)
        road.requests.append(request)
        fault = road.fault(request)
        if isinstance(fault, Cut) and not fault.after:
            writer.transport.abort()
            return False
        if isinstance(fault, Says):
            answer = fault.answer
        else:
            answer = await self._ask(road, request, damaged=isinstance(fault, Damaged))
            request.stored = answer.status_code == 200
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, Cut):
            writer.transport.abort()
            return False
        request.status, request.ended = answer.status_code, time.monotonic()
        writer.write(_written(answer))
        await writer.drain()
        return True

    async def _ask(self, road: Road, request: Request, *, damaged: bool) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
        body = request.body[: len(request.body) // 2] if damaged else request.body
        return await self._upstream.request(request.method, road.server + request.path, headers=headers, content=body)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(HEAD)).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    assert "transfer-encoding" not in headers
    return Request(method, path, headers, body, time.monotonic())


def _written(answer: httpx.Response) -> bytes:
    kept = [(name, value) for name, value in answer.headers.items() if name not in HOP_BY_HOP]
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, f"content-length: {len(answer.content)}", "", ""]).encode("latin-1") + answer.content
