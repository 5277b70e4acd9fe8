"""An HTTP server that keeps what it is asked, and answers as a provider would, or as a test tells it to."""

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True)
class Asked:
    """One request, read whole. Names of headers are lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Said:
    """One answer. A `body` that is not bytes is written as JSON."""

    status: int
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


HANG, HANG_UP, BREAK_OFF = "hang", "hang up", "break off"
"""Instead of an answer, when the request has been read whole: say nothing; close; close in the middle of the answer."""
Act = Said | str | Callable[[Asked], Said]


class Stub:
    """Answers requests by `plan`, one act after the other, and then by `answer`."""

    def __init__(self, answer: Callable[[Asked], Said]) -> None:
        self.answer = answer
        self.plan: deque[Act] = deque()
        self.asked: list[Asked] = []
        self.let_go = threading.Event()
        self.url = ""
        self.connections = 0

    def act(self, asked: Asked) -> Act:
        self.asked.append(asked)
        act = self.plan.popleft() if self.plan else self.answer
        return act(asked) if callable(act) else act


@contextmanager
def serving(answer: Callable[[Asked], Said]) -> Iterator[Stub]:
    """Run a stub on a free port of this machine."""
    stub = Stub(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def setup(self) -> None:
            super().setup()
            stub.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            act = stub.act(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if isinstance(act, Said):
                self.say(act)
                return
            if act == HANG:
                stub.let_go.wait(20)
            elif act == BREAK_OFF:
                self.wfile.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\nbut")
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def say(self, said: Said) -> None:
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.octets)))
            self.end_headers()
            self.wfile.write(said.octets)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        stub.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
