"""A CRM on loopback: keeps every request, has accidents as it is told, and answers as its `answer` says."""

import json
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode(), strict_parsing=True))


@dataclass(frozen=True)
class Reply:
    status: int
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """What a CRM answers to a request that is not as its documentation asks."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


LOST = object()
"""An accident: what is asked is done, and the answer never arrives."""


class Stub(ABC):
    """Runs while it is entered. `accidents` are used up by requests, first to first: a `Reply`, `LOST` or None."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.accidents: list[Reply | object | None] = []
        self.before: Callable[[Asked], None] = lambda _: None
        self.lock = threading.RLock()

    @abstractmethod
    def answer(self, asked: Asked) -> Reply:
        """What this CRM answers; `Refused` where its documentation says so."""

    def respond(self, asked: Asked) -> Reply | None:
        self.before(asked)
        with self.lock:
            self.asked.append(asked)
            accident = self.accidents.pop(0) if self.accidents else None
            if isinstance(accident, Reply):
                return accident
            try:
                reply = self.answer(asked)
            except Refused as refused:
                reply = refused.reply
            return None if accident is LOST else reply

    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def start(self, context: ssl.SSLContext | None = None) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme, host = ("https", "localhost") if context else ("http", "127.0.0.1")
        self.url = f"{scheme}://{host}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            address = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            reply = stub.respond(Asked(self.command, address.path, query, headers, raw))
            if reply is None:
                self.close_connection = True
                return
            body = b"" if reply.data is None else json.dumps(reply.data).encode()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json;charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, *_: object) -> None:
            pass

    return Handler
