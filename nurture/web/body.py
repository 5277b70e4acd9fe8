"""The body of a request, never more of it than asked for."""

import zlib

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

_GZIP = b"\x1f\x8b"
_MEMBERS = 64


class TooLarge(Exception):
    """The body, or what it inflates to, is longer than the limit."""


class NotGzip(Exception):
    """The body begins like gzip and is none."""


class CutOff(Exception):
    """Whoever sent the body went away before its end."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, if it has at most `limit` octets.

    Raises:
        TooLarge: It has more; no more than that was read into memory.
        ClientDisconnect: The client went away before its end.
    """
    try:
        return await received_body(request.receive, request.headers.get("content-length", ""), limit)
    except CutOff as error:
        raise ClientDisconnect from error


async def received_body(receive: Receive, declared: str, limit: int) -> bytes:
    """The same from ASGI messages. `declared` is what the header says of the length.

    Raises:
        TooLarge: It has more; no more than that was read into memory.
        CutOff: It ended before its end.
    """
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CutOff
        body = message.get("body", b"")
        size += len(body)
        if size > limit:
            raise TooLarge
        if not message.get("more_body", False):
            return b"".join((*parts, body)) if parts else body
        parts.append(body)


async def drained(receive: Receive, most: int) -> None:
    """Read on, and keep nothing: up to `most` octets, or to the end.

    Who is answered in the middle of sending may find the connection reset before the answer was read, and try again.
    """
    while most > 0:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
        most -= len(message.get("body", b""))


def inflated(body: bytes, limit: int) -> bytes:
    """`body` itself, or what is in it where it is gzip: told by its first two octets, for labels are wrong too often.

    Raises:
        TooLarge: There are more than `limit` octets in it; no more than that was inflated.
        NotGzip: It is cut off, damaged, or in more pieces than anybody sends.
    """
    if not body.startswith(_GZIP):
        return body
    plain = bytearray()
    for _ in range(_MEMBERS):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            plain += member.decompress(body, limit + 1 - len(plain))
        except zlib.error as error:
            raise NotGzip from error
        if len(plain) > limit:
            raise TooLarge
        if not member.eof:
            raise NotGzip
        body = member.unused_data
        if not body:
            return bytes(plain)
    raise NotGzip
