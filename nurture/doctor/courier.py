"""Redis, spoken to in its own few words (RESP): only workers know the queue's library."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRWPair
from urllib.parse import unquote, urlsplit

from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, problem, warning

ANSWERS_WITHIN = 5.0
"""Seconds."""

Reply = str | int | list["Reply"] | None


class Refused(Exception):
    """The server answers with an error."""


class Courier:
    """One connection."""

    def __init__(self, stream: BufferedRWPair) -> None:
        """Speak over an open stream."""
        self._stream = stream

    def ask(self, *words: str) -> Reply:
        """Give the answer to a command.

        Raises:
            Refused: It is an error.
            OSError: The connection broke.
        """
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        self._stream.write(f"*{len(parts)}\r\n{''.join(parts)}".encode())
        self._stream.flush()
        return self._answer()

    def _answer(self) -> Reply:
        line = self._stream.readline(65_536)
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection was closed")
        kind, rest = line[:1], line[1:-2].decode("utf-8", "replace")
        if kind == b"-":
            raise Refused(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if int(rest) < 0 else self._stream.read(int(rest) + 2)[:-2].decode("utf-8", "replace")
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        return rest


@contextmanager
def connected(url: str) -> Iterator[Courier]:
    """Connect to `redis://` or `rediss://` and log in."""
    split = urlsplit(url)
    plain = socket.create_connection((split.hostname or "localhost", split.port or 6379), timeout=ANSWERS_WITHIN)
    with plain:
        channel = _wrapped(plain, split.hostname or "", split.query) if split.scheme == "rediss" else plain
        with channel.makefile("rwb") as stream:
            courier = Courier(stream)
            if split.password:
                courier.ask("AUTH", *([unquote(split.username)] if split.username else []), unquote(split.password))
            yield courier


def _wrapped(plain: socket.socket, host: str, query: str) -> socket.socket:
    context = ssl.create_default_context()
    if "ssl_cert_reqs=none" in query.lower():  # what the queue's library is told where a platform signs its own
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def courier(case: Case) -> Iterator[Finding]:
    """Look whether Redis answers, and whether it may throw our jobs away."""
    try:
        with connected(case.settings.redis_url or "") as redis:
            redis.ask("PING")
            policy = _policy(redis)
    except Refused as error:
        yield problem("redis", f"it refuses us: {str(error)[:120]}", "see to user and password in REDIS_URL")
        return
    except (OSError, ValueError) as error:
        yield problem("redis", f"it cannot be reached: {error}", "see to REDIS_URL, or the server")
        return
    if policy in ("noeviction", None):
        yield ok("redis", "it answers" + (", and keeps what it is given (noeviction)" if policy else ""))
    else:
        yield warning(
            "redis", f"when its memory is full it throws jobs away ({policy})", "set maxmemory-policy to noeviction"
        )


def _policy(redis: Courier) -> str | None:
    """Give what happens when memory is full; many platforms forbid CONFIG, and some INFO."""
    try:
        found = redis.ask("INFO", "memory")
    except Refused:
        return None
    for line in found.splitlines() if isinstance(found, str) else ():
        if line.startswith("maxmemory_policy:"):
            return line.partition(":")[2].strip()
    return None
