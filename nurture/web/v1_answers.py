"""Everything that `/v1/…` answers, ready to be sent: most of it never changes, so it is put together once.

Clients look at the status, at `Retry-After`, and some at `code` and `message` in the body. Every answer may be read by
a page of any origin: that is what the write key is public for.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from starlette.types import Message

from nurture.web.security import HEADERS
from nurture.web.segment import TOO_LARGE, Refusal

__all__ = ["BUSY", "TOO_LARGE", "TRY_AGAIN", "Answer", "preflight", "refused"]

Headers = tuple[tuple[bytes, bytes], ...]

UNKNOWN = Refusal(404, "not_found", "There is no such call.")
UNKNOWN_KEY = Refusal(404, "not_found", "There is no such write key.")
BUSY = Refusal(429, "busy", "More events come than can be stored now; send them again later.")
TRY_AGAIN = Refusal(503, "try_again", "The events could not be stored now; send them again.")
_NOT_POST = Refusal(405, "method_not_allowed", "Events are sent by POST.")
_NOT_GET = Refusal(405, "method_not_allowed", "This is read by GET.")
_CUT_OFF = Refusal(400, "cut_off", "The body ended too early.")
_OUR_MISTAKE = Refusal(500, "internal", "The events could not be stored; send them again later.")
REFUSALS = (UNKNOWN, UNKNOWN_KEY, BUSY, TRY_AGAIN, _NOT_POST, _CUT_OFF, _OUR_MISTAKE)
"""All that can be said of a request apart from its content."""

_COMMON: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Retry-After, X-RateLimit-Reset"),
    *((name.encode(), value.encode()) for name, value in HEADERS.items()),
)
_ASKED_FOR = b"authorization, content-type, x-retry-count, x-write-key"
_NAMES = re.compile(rb"[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)
_LONGEST_NAMES = 500

NO_BODY: Message = {"type": "http.response.body", "body": b""}
"""In place of an answer's own, for HEAD."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The two ASGI messages of one answer."""

    start: Message
    body: Message


def answer(status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """One with this JSON."""
    told = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *_COMMON,
        *headers,
    )
    start = {"type": "http.response.start", "status": status, "headers": told}
    return Answer(start, {"type": "http.response.body", "body": body})


def refused(refusal: Refusal, *, retry_after: int | None = None, close: bool = False, allow: bytes = b"") -> Answer:
    """A refusal, as clients read it. `retry_after` in seconds; `close`: nothing more is read from this connection."""
    headers: list[tuple[bytes, bytes]] = []
    if retry_after is not None:
        seconds = str(retry_after).encode()
        headers += [(b"retry-after", seconds), (b"x-ratelimit-reset", seconds)]
    if close:
        headers.append((b"connection", b"close"))
    if allow:
        headers.append((b"allow", allow))
    said = {"success": False, "code": refusal.code, "message": refusal.message}
    return answer(refusal.status, orjson.dumps(said), headers)


def preflight(asked: Sequence[tuple[bytes, bytes]]) -> Answer:
    """May a page send this? It may, with whatever headers its client wants, within reason."""
    names = next((value for name, value in asked if name == b"access-control-request-headers"), b"")
    if len(names) > _LONGEST_NAMES or not _NAMES.fullmatch(names):
        names = _ASKED_FOR
    headers = (
        *_COMMON,
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", names),
        (b"access-control-max-age", b"86400"),
        (b"vary", b"Access-Control-Request-Headers"),
    )
    return Answer({"type": "http.response.start", "status": 204, "headers": headers}, NO_BODY)


SUCCESS = answer(200, b'{"success": true}')
CUT_OFF = refused(_CUT_OFF)
BROKEN = refused(_OUR_MISTAKE)
NOT_FOUND = refused(UNKNOWN)
NO_SUCH_KEY = refused(UNKNOWN_KEY)
NOT_POST = refused(_NOT_POST, allow=b"POST, OPTIONS")
NOT_GET = refused(_NOT_GET, allow=b"GET, HEAD, OPTIONS")
