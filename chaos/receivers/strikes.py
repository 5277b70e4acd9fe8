"""What all receivers do when a rule strikes, whatever they speak."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter

from chaos.receivers.manners import Rule

_RST_ON_CLOSE = struct.pack("ii", 1, 0)


class Gone(Exception):
    """The connection is over."""


async def strike(rule: Rule | None, writer: StreamWriter) -> Rule | None:
    """Hang, close or reset; gives the rule back where it is about what to say.

    Raises:
        Gone: There is nobody left to talk to.
    """
    if rule is None or rule.does in ("say", "drip"):
        return rule
    if rule.does == "hang":
        await asyncio.sleep(rule.seconds)
        return None
    if rule.does == "reset" and (taken := writer.get_extra_info("socket")) is not None:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        writer.transport.abort()
    raise Gone


async def say(writer: StreamWriter, data: bytes, rule: Rule | None = None) -> None:
    """Send an answer; one octet at a time where it drips."""
    if rule is not None and rule.does == "drip":
        for place in range(len(data)):
            writer.write(data[place : place + 1])
            await writer.drain()
            await asyncio.sleep(rule.seconds / len(data))
        return
    writer.write(data)
    await writer.drain()


class Incoming:
    """What comes in over a connection, by lines and by ends."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader, self._buffer, self._searched = reader, bytearray(), 0

    async def until(self, end: bytes) -> bytes:
        """All until there, without the end itself."""
        while (found := self._buffer.find(end, max(0, self._searched - len(end)))) < 0:
            self._searched = len(self._buffer)
            await self.more()
        taken = bytes(self._buffer[:found])
        del self._buffer[: found + len(end)]
        self._searched = 0
        return taken

    async def exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self.more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def more(self) -> None:
        """Wait for the next octets."""
        got = await self._reader.read(65536)
        if not got:
            raise Gone
        self._buffer += got

    def __len__(self) -> int:
        return len(self._buffer)

    def put_before(self, data: bytes) -> None:
        self._buffer[:0] = data
