"""A mail server that does what a test tells it, at the moment it is told, and remembers exactly what reached it."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from nurture.mailers.smtp import SmtpMailer
from nurture.mailers.smtp.options import Keeping, SmtpOptions, Timeouts
from nurture.messages import Mail

CLOSE, RESET, HANG = "close", "reset", "hang"
"""Instead of a reply: hang up politely, break the connection, say nothing more."""
GOOD = {
    "banner": "220 ready",
    "EHLO": "250-scripted\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 50000000\r\n250 ENHANCEDSTATUSCODES",
    "HELO": "250 scripted",
    "MAIL": "250 2.1.0 fine",
    "RCPT": "250 2.1.5 fine",
    "DATA": "354 go on",
    "dot": "250 2.0.0 taken",
    "RSET": "250 2.0.0 fine",
    "NOOP": "250 2.0.0 fine",
    "QUIT": "221 2.0.0 bye",
}
PLAIN_EHLO = "250-scripted\r\n250 SIZE 50000000"
PATIENT = Timeouts(connect=10, greeting=10, command=10, data=10, body=10, taken=10, quit=1)
FAST = Timeouts(connect=10, greeting=0.4, command=0.4, data=0.4, body=0.4, taken=0.4, quit=0.4)
KEEPING = Keeping()


@dataclass
class Seen:
    """What one connection saw. `ended`: a mail's end reached it; `taken`: it said yes to a mail that is not empty."""

    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    ended: int = 0
    taken: int = 0


@dataclass
class Script:
    """Replies that differ from `GOOD`, by phase: the same every time, or one after the other and then the good one.

    `body_bytes`: do `body_act` after so many octets of a mail. `hears_ahead`: the next envelope may come behind a mail.
    """

    replies: dict[str, str | list[str]] = field(default_factory=dict)
    body_bytes: int | None = None
    body_act: str = CLOSE
    after_reply: str | None = None
    hears_ahead: bool = False
    connections: list[Seen] = field(default_factory=list)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def next(self, phase: str) -> str:
        told = self.replies.get(phase, GOOD.get(phase, "500 what?"))
        if isinstance(told, list):
            return told.pop(0) if told else GOOD[phase]
        return told


class _Stop(Exception):
    pass


class _Conversation:
    def __init__(self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.script, self.reader, self.writer = script, reader, writer
        self.seen, self.rest = Seen(), b""
        script.connections.append(self.seen)

    async def act(self, told: str) -> None:
        if told == CLOSE:
            self.writer.close()
            raise _Stop
        if told == RESET:
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.writer.close()
            raise _Stop
        if told == HANG:
            await self.script.finished.wait()
            raise _Stop
        self.writer.write(told.encode() + b"\r\n")
        await self.writer.drain()
        if told.startswith("421"):
            await self.act(CLOSE)

    async def talk(self) -> None:
        await self.act(self.script.next("banner"))
        while line := await self.line():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.seen.commands.append(command)
            phase = command.split(" ")[0].upper()
            told = self.script.next(phase)
            await self.act(told)
            if phase == "DATA" and told.startswith("354"):
                await self.mail()
            elif phase == "QUIT":
                return

    async def line(self) -> bytes:
        while b"\n" not in self.rest and (more := await self.reader.read(4096)):
            self.rest += more
        line, end, self.rest = self.rest.partition(b"\n")
        return line + end

    async def mail(self) -> None:
        body, self.rest = self.rest, b""
        while not (body.startswith(b".\r\n") or b"\r\n.\r\n" in body):
            if self.script.body_bytes is not None and len(body) >= self.script.body_bytes:
                await self.act(self.script.body_act)
            more = await self.reader.read(65536 if self.script.body_bytes is None else 1024)
            if not more:
                raise _Stop
            body += more
        self.seen.ended += 1
        if body.startswith(b".\r\n"):
            body = b"\r\n" + body
        content, _, self.rest = body.partition(b"\r\n.\r\n")
        assert self.script.hears_ahead or not self.rest, "something was sent before the mail was answered"
        self.seen.bodies.append((content + b"\r\n").replace(b"\r\n..", b"\r\n.").removeprefix(b"."))
        told = self.script.next("dot")
        self.seen.taken += told.startswith("2") and bool(content.strip())
        await self.act(told)
        if self.script.after_reply:
            await self.act(self.script.after_reply)


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Script]:
    """Run it on a free port."""
    talks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await _Conversation(script, reader, writer).talk()
        except (_Stop, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        script.finished.set()
        server.close()
        await asyncio.wait(talks) if talks else None


def mailer(script: Script, *, keeping: Keeping = KEEPING, timeouts: Timeouts = PATIENT) -> SmtpMailer:
    """One connection to a scripted server."""
    options = SmtpOptions("127.0.0.1", script.port, connections=1, timeouts=timeouts, keeping=keeping)
    return SmtpMailer(options)


def a_mail(data: bytes = b"Subject: hi\r\n\r\nhello\r\n", *, to: str = "jo@example.com", number: int = 7) -> Mail:
    """A mail to one recipient."""
    return Mail(number, "ada@news.acme.example", to, "<d.x@news.acme.example>", data)
