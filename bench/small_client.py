"""A small HTTP/1.1 client over kept connections: a general one costs more than what is measured."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and how long it took in seconds."""

    status: int
    body: bytes
    seconds: float
    replayed: bool = False


class SmallClient:
    """As many connections to one port of loopback as are needed at once; each is used again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.opened = 0

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> Heard:
        """Post, and wait for the answer. A kept connection that was closed meanwhile is replaced."""
        lines = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        began = time.perf_counter()
        while True:
            is_kept = bool(self._idle)
            reader, writer = self._idle.pop() if is_kept else await self._open()
            try:
                writer.write(head.encode() + b"\r\n" + body)
                status, said, got, stays = await _read(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                writer.close()
                if not is_kept:
                    raise
                continue
            if stays:
                self._idle.append((reader, writer))
            else:
                writer.close()
            return Heard(status, got, time.perf_counter() - began, b"idempotent-replayed: true" in said)

    async def close(self) -> None:
        """Close all connections."""
        for _, writer in self._idle:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in self._idle), return_exceptions=True)
        self._idle = []

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.opened += 1
        return await asyncio.open_connection("127.0.0.1", self._port)


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, found, rest = head.partition(b"content-length: ")
    body = await reader.readexactly(int(rest.partition(b"\r\n")[0])) if found else b""
    return int(head[9:12]), head, body, b"connection: close" not in head
