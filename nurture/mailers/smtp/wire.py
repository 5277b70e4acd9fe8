"""The bytes: a socket with replies coming in and commands going out, and exact knowledge of what has left."""

import asyncio
import socket
import ssl
from collections import deque
from typing import cast

from nurture.mailers.smtp.replies import NoReply, Reply, ReplyReader

_POLL = 0.002
_WATCH = 1.0
_BUFFER = 4096


class Wire(asyncio.BufferedProtocol):
    """One TCP connection, with or without TLS."""

    def __init__(self) -> None:
        """Not connected yet."""
        self._transport: asyncio.Transport | None = None
        self._socket: asyncio.Transport | None = None
        self._buffer = memoryview(bytearray(_BUFFER))  # asyncio's TLS reads into slices of it, which must be no copies
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str = ""
        self._loop = asyncio.get_running_loop()
        self._watching: asyncio.TimerHandle | None = None
        self._patience = self._give_up_at = 0.0
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._room = 0
        self.is_aborted = False
        self.is_encrypted = False

    @classmethod
    async def connect(cls, host: str, port: int, seconds: float) -> "Wire":
        """Open a connection.

        Raises:
            NoReply: The server cannot be reached in that time.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, wire = await loop.create_connection(cls, host, port)
        except TimeoutError:
            raise NoReply(f"{host}:{port} cannot be reached: no answer in {seconds:g} s") from None
        except OSError as error:
            raise NoReply(f"{host}:{port} cannot be reached: {error.strerror or error}") from None
        return wire

    async def encrypt(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Go on in TLS.

        Raises:
            NoReply: The handshake fails, or the server said something before it that it must not (an attacker's words
                would otherwise be taken for the server's, CVE-2011-0411).
        """
        assert self._socket is not None  # noqa: S101  (connected by `connect`)
        if self._replies or self._reader.is_amid:
            raise NoReply("the server spoke before TLS had begun; somebody may be in between")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                transport = await loop.start_tls(
                    self._socket, self, context, server_hostname=host, ssl_handshake_timeout=seconds
                )
        except TimeoutError:
            raise NoReply("the TLS handshake had no answer") from None
        except ssl.SSLCertVerificationError as error:
            raise NoReply(f"the server's certificate is not to be trusted: {error.verify_message}") from None
        except (OSError, ssl.SSLError) as error:
            raise NoReply(f"the TLS handshake failed: {error}") from None
        if transport is None:
            raise NoReply("the connection was lost in the TLS handshake")
        self._transport = transport
        self.is_encrypted = True

    @property
    def is_usable(self) -> bool:
        """Whether nothing came in that nobody asked for: neither words (a 421) nor the connection's end."""
        return not self._lost and not self._replies and not self._reader.is_amid

    def stands(self, owed: int) -> bool:
        """Whether nothing came in but so many replies, or fewer, to what was asked already."""
        return not self._lost and len(self._replies) <= owed

    @property
    def has_reply(self) -> bool:
        """Whether there is something to read: a reply, or the connection's end."""
        return bool(self._replies or self._lost)

    def own_name(self) -> str:
        """Give our end's address as `EHLO` takes it where there is no name (RFC 5321 §4.1.3)."""
        address = self._socket.get_extra_info("sockname")[0] if self._socket else "127.0.0.1"
        return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"

    def write(self, data: bytes) -> None:
        """Send some bytes, without waiting.

        Raises:
            NoReply: The connection is gone.
        """
        if self._lost or self._transport is None:
            raise NoReply(self._lost or "the connection is closed")
        self._transport.write(data)

    def takes_at_once(self, octets: int) -> bool:
        """Whether the operating system takes so much without waiting, and the server has said nothing meanwhile."""
        return octets <= self._room and not self.has_reply and not self._unsent()

    async def flush(self, seconds: float) -> None:
        """Wait until every byte has been handed to the operating system, or the server says something.

        Raises:
            NoReply: The connection is gone, or the server takes nothing for so long.
        """
        if not self._unsent():
            return
        # with TLS there are two buffers, one behind the other, and no event when both are empty
        try:
            async with asyncio.timeout(seconds):
                while self._unsent() and not self.has_reply:
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise NoReply(f"the server took nothing for {seconds:g} s") from None
        if self._lost:
            raise NoReply(self._lost)

    async def reply(self, seconds: float) -> Reply:
        """Wait for the next reply.

        Raises:
            NoReply: None came in time, or the connection is gone.
        """
        if not self._replies:
            self._watch(seconds)
            try:
                while not self._replies:
                    if self._lost:
                        raise NoReply(self._lost)
                    self._waiter = self._loop.create_future()
                    await self._waiter
            finally:
                self._waiter = None
        return self._replies.popleft()

    def _watch(self, seconds: float) -> None:
        """Give the server so long. One timer a second watches all waits: to set and clear one for each costs more."""
        self._patience, self._give_up_at = seconds, self._loop.time() + seconds
        if self._watching is None or seconds < _WATCH:
            self._watching = self._loop.call_later(min(seconds, _WATCH), self._look)

    def _look(self) -> None:
        self._watching = None
        if self._waiter is None:
            return
        left = self._give_up_at - self._loop.time()
        if left > 0:
            self._watching = self._loop.call_later(min(left, _WATCH), self._look)
        elif not self._replies:
            self._end(f"no answer for {self._patience:g} s")

    def abort(self) -> None:
        """Close at once; what has not left never will."""
        self.is_aborted = True
        self._end("the connection is closed")
        if self._watching is not None:
            self._watching.cancel()
        for transport in (self._transport, self._socket):
            if transport is not None:
                transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: there is a connection."""
        self._transport = self._socket = cast(asyncio.Transport, transport)  # uvloop's is like one, but none
        ours = transport.get_extra_info("socket")
        if ours is not None:
            # what is queued counts with its packets' overhead, up to as much again; half of the rest is to be sure
            self._room = ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 4

    def get_buffer(self, sizehint: int) -> memoryview:
        """Asyncio's: where bytes may go. Replies are short; a quarter of a megabyte for each is what it costs else."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Asyncio's: bytes came in."""
        try:
            self._replies.extend(self._reader.feed(bytes(self._buffer[:nbytes])))
        except NoReply as error:
            self._end(str(error))
        self._wake()

    def eof_received(self) -> None:
        """Asyncio's: the server hung up."""
        self._end("the server closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        """Asyncio's: the connection is gone."""
        why = getattr(error, "strerror", None) or error
        self._end(f"the connection was lost: {why}" if why else "the server closed the connection")
        if not self._gone.done():
            self._gone.set_result(None)

    async def gone(self) -> None:
        """Wait until the connection is closed on our side, so that nothing of it is left to the event loop's end."""
        await self._gone

    def _end(self, why: str) -> None:
        self._lost = self._lost or why
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _unsent(self) -> int:
        return sum(
            transport.get_write_buffer_size() for transport in {self._transport, self._socket} if transport is not None
        )
