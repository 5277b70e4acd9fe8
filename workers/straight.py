"""The short way of an event from the socket to its group, past ASGI: most requests are one small event each.

Making a task, a scope and messages for each of them, and handing these through the layers of a framework, takes longer
than reading and storing the event. So a small plain POST to one of the calls below `/v1/` is taken where its last octet
comes in, and answered where its group has been committed. Everything else goes the usual way. It is uvicorn's protocol
in all other things: kept connections, several requests in one packet, limits of time, a stop that waits for answers.
"""

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nurture.web.ingest import Intake, of_url
from nurture.web.v1_answers import SUCCESS, Answer

LONGEST = 8 * 1024
"""Octets of a body that is read here."""
_READ = {b"authorization": "authorization", b"x-write-key": "x-write-key", b"user-agent": "user-agent"}
_UNUSUAL = frozenset({b"expect", b"upgrade", b"transfer-encoding", b"content-encoding"})
_PHRASES = {200: b"OK", 400: b"Bad Request", 401: b"Unauthorized", 429: b"Too Many Requests",
            500: b"Internal Server Error", 503: b"Service Unavailable"}  # fmt: skip


class _Nobody:
    """Nobody waits in a task for more of the request."""

    def set(self) -> None:
        """As of an event of asyncio."""


class _Request:
    """What the protocol looks at of the request that is under way."""

    __slots__ = ("body", "disconnected", "headers", "keep_alive", "message_event", "more_body", "response_complete",
                 "url")  # fmt: skip

    def __init__(self, url: bytes, headers: dict[str, str], *, keep_alive: bool) -> None:
        self.url, self.headers, self.keep_alive = url, headers, keep_alive
        self.body, self.message_event = bytearray(), _Nobody()
        self.more_body, self.disconnected, self.response_complete = True, False, False


class StraightProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP with a short way for events."""

    def connection_made(self, transport: Any) -> None:
        """Find who takes events."""
        super().connection_made(transport)
        app: Any = self.app
        while app is not None and not hasattr(app, "state"):
            app = getattr(app, "app", None)
        self._intake: Intake | None = getattr(getattr(app, "state", None), "intake", None)

    def on_headers_complete(self) -> None:
        """Begin an event's request here; any other the usual way, which waits where nobody reads the answers."""
        self._unset_keepalive_if_required()  # an answer to what came before in this packet may have set it
        is_free = (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused
        request = self._straight() if is_free and self._intake is not None else None
        if request is None:
            super().on_headers_complete()
        else:
            self.cycle = request  # type: ignore[assignment]

    def _straight(self) -> _Request | None:
        """The request, where it is a small plain POST of events."""
        if of_url(self.url) is None or self.parser.get_method() != b"POST":
            return None
        length, headers = 0, {}
        for name, value in self.headers:
            if name in _READ:
                headers[_READ[name]] = value.decode("latin-1")
            elif name == b"content-length":
                length = int(value) if value.isdigit() else 0
            elif name in _UNUSUAL:
                return None
        if not 0 < length <= LONGEST:
            return None
        is_kept = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        return _Request(self.url, headers, keep_alive=is_kept)

    def on_message_complete(self) -> None:
        """Take what is whole now."""
        request: Any = self.cycle
        if type(request) is not _Request or self._intake is None:
            super().on_message_complete()
            return
        request.more_body = False
        answer = partial(self._answer, request)
        self._intake.take(request.url, request.headers, bytes(request.body), self.loop, answer)

    def _answer(self, request: Any, answer: Answer) -> None:
        """Say it; what came after it in the same packet begins then."""
        request.response_complete = True
        if not request.disconnected and not self.transport.is_closing():
            self.transport.write(_written(self.server_state.default_headers, answer, keep_alive=request.keep_alive))
            if not request.keep_alive:
                self.transport.close()
        self.on_response_complete()


_successes: dict[int, tuple[Any, bytes]] = {}
"""The last answer that all is stored, as octets; the lines at its beginning change every second."""


def _written(lines: list[tuple[bytes, bytes]], answer: Answer, *, keep_alive: bool) -> bytes:
    if answer is SUCCESS and keep_alive:
        known, octets = _successes.get(0, (None, b""))
        if known is not lines:
            octets = _whole(lines, answer, keep_alive=True)
            _successes[0] = lines, octets
        return octets
    return _whole(lines, answer, keep_alive=keep_alive)


def _whole(lines: list[tuple[bytes, bytes]], answer: Answer, *, keep_alive: bool) -> bytes:
    status = answer.start["status"]
    told = [*lines, *answer.start["headers"]]
    if not keep_alive and all(name != b"connection" for name, _ in told):
        told.append((b"connection", b"close"))
    head = b"".join(b"%b: %b\r\n" % line for line in told)
    body: bytes = answer.body["body"]
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, _PHRASES.get(status, b""), head, body)
