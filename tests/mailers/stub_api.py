"""A small HTTP server that answers as a test says, and misbehaves on the level of the socket where it is told to."""

import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Told:
    """One answer. `cut`: only so many octets of the body go out. `after`: seconds before it. `drop`: none at all."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    after: float = 0.0
    drop: bool = False

    def octets(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} X", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        return head + (body if self.cut is None else body[: self.cut])


class Stub:
    """The server; `asked` is what came in. Answers by `reply`, which may be replaced at any time."""

    def __init__(self, reply: Callable[[Asked], Told]) -> None:
        self.reply, self.asked = reply, list[Asked]()
        self.at: list[float] = []
        self.url = ""


@contextmanager
def stub_api(reply: Callable[[Asked], Told]) -> Iterator[Stub]:
    """A stub in threads of its own, closed at the end."""
    stub = Stub(reply)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                while self._one():
                    pass
            except ConnectionError:
                pass

        def _one(self) -> bool:
            line = self.rfile.readline().decode()
            if not line.strip():
                return False
            headers = {}
            while (header := self.rfile.readline().decode().strip()) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            asked = Asked(line.split(" ")[1], headers, self.rfile.read(int(headers.get("content-length", 0))))
            stub.asked.append(asked)
            stub.at.append(time.monotonic())
            told = stub.reply(asked)
            time.sleep(told.after)
            if told.drop:
                return False
            self.wfile.write(told.octets())
            return told.cut is None

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads, block_on_close = True, True, False

    with Server(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
