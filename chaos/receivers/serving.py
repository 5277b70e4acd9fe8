"""A receiver's process: listens on the loopback, keeps its mailbox, ends when whoever started it is gone."""

import asyncio
import contextlib
import sys
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from pathlib import Path

from chaos.receivers.mailbox import Mailbox
from chaos.receivers.manners import Watched
from chaos.receivers.strikes import Gone

MAILS, MANNERS, PORT = "mails.jsonl", "manners.json", "port"
LOOK_EVERY = 0.02
"""Seconds between two looks whether to listen."""

Talk = Callable[[StreamReader, StreamWriter, Watched, Mailbox], Awaitable[None]]


def serve(talk: Talk, folder: Path, port: int = 0) -> None:
    """Talk to whoever connects, until standard input ends."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_Receiver(talk, folder, port).run())


class _Receiver:
    def __init__(self, talk: Talk, folder: Path, port: int) -> None:
        self._talk, self._folder, self._port = talk, folder, port
        self._manners, self._mailbox = Watched(folder / MANNERS), Mailbox(folder / MAILS)
        self._open: set[StreamWriter] = set()

    async def run(self) -> None:
        parent_is_gone = asyncio.create_task(_end_of_input())
        server: AbstractServer | None = None
        while not parent_is_gone.done():
            listens = self._manners.look().listens
            if listens and server is None:
                server = await self._listen()
            elif not listens and server is not None:
                self._refuse(server)
                server = None
            await asyncio.wait([parent_is_gone], timeout=LOOK_EVERY)
        if server is not None:
            self._refuse(server)
        self._mailbox.close()

    async def _listen(self) -> AbstractServer:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, backlog=256)
        self._port = server.sockets[0].getsockname()[1]
        new = self._folder / f"{PORT}.new"
        new.write_text(str(self._port))
        new.replace(self._folder / PORT)
        return server

    def _refuse(self, server: AbstractServer) -> None:
        """Close the door, and break off with those inside."""
        server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._talk(reader, writer, self._manners, self._mailbox)
        except (Gone, OSError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
