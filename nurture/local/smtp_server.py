"""The receiving side of SMTP (RFC 5321), as much as a mailbox needs: with PIPELINING, 8BITMIME, SMTPUTF8 and SIZE.

It is strict where mailers go wrong: lines end in CRLF and have at most 998 octets, commands come in order. One
connection is one `asyncio.Protocol`; what came ahead of its turn waits in the buffer, so that pipelining costs nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

LARGEST_MAIL = 32 * 1024 * 1024
LONGEST_COMMAND = 2048
LONGEST_LINE = 998
END = b"\r\n.\r\n"
SENDER = re.compile(r"FROM:\s*<(?:@[^:>]*:)?([^<>\s]*)>(.*)", re.IGNORECASE)
RECIPIENT = re.compile(r"TO:\s*<(?:@[^:>]*:)?([^<>\s]+)>(.*)", re.IGNORECASE)
"""A source route before the address is ignored, as RFC 5321 §4.1.1.3 tells."""
SIZE = re.compile(r"\bSIZE=(\d{1,15})", re.IGNORECASE)
TOO_LARGE = f"552 5.3.4 too large, at most {LARGEST_MAIL} octets"


@dataclass(slots=True)
class Envelope:
    """One mail as it was handed over."""

    helo: str
    sender: str
    recipients: list[str] = field(default_factory=list)
    data: bytes = b""


Store = Callable[[Envelope], Awaitable[None]]
"""Keeps a mail: when it returns, the mail is ours. OSError: it could not."""
Refuse = Callable[[str], str | None]
"""What to answer to RCPT for this address, if it is refused."""


class SmtpServer:
    """What all connections share; also the factory for `loop.create_server`."""

    def __init__(self, host: str, store: Store, refuse: Refuse) -> None:
        self.host, self.store, self.refuse = host, store, refuse
        self.connections: set[SmtpConnection] = set()
        self.storing: set[asyncio.Task[None]] = set()

    def __call__(self) -> "SmtpConnection":
        """A connection."""
        return SmtpConnection(self)

    async def close(self) -> None:
        """Hang up, after what was handed over is stored."""
        if self.storing:
            await asyncio.wait(self.storing)
        for connection in list(self.connections):
            connection.hang_up()


class SmtpConnection(asyncio.Protocol):
    """One client."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._helo: str | None = None
        self._envelope: Envelope | None = None
        self._is_in_data = self._is_too_large = self._is_storing = False
        self._searched = 0
        self._commands: dict[str, Callable[[str], str]] = {
            "EHLO": self._on_ehlo,
            "HELO": self._on_helo,
            "MAIL": self._on_mail,
            "RCPT": self._on_rcpt,
            "DATA": self._on_data,
            "RSET": self._on_rset,
            "NOOP": lambda _: "250 2.0.0 OK",
            "VRFY": lambda _: "252 2.0.0 send it and see",
            "QUIT": lambda _: "221 2.0.0 bye",
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport
        self._server.connections.add(self)
        self._say(f"220 {self._server.host} ESMTP")

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client; a mail that is being stored stays."""
        self._server.connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take in what came, and do what can be done now."""
        self._buffer += data
        self._go_on()
        if self._transport and self._is_storing and len(self._buffer) > LARGEST_MAIL:
            self._transport.pause_reading()

    def hang_up(self) -> None:
        """Close the connection once what was said is out."""
        if self._transport:
            self._transport.close()

    def _say(self, reply: str) -> None:
        if self._transport:
            self._transport.write(f"{reply}\r\n".encode())

    def _go_on(self) -> None:
        goes_on = True
        while goes_on and not self._is_storing and self._transport and not self._transport.is_closing():
            goes_on = self._take_mail() if self._is_in_data else self._take_command()

    def _take_command(self) -> bool:
        """Answer one command, if a whole one is there."""
        end = self._buffer.find(b"\n")
        if end < 0 and len(self._buffer) <= LONGEST_COMMAND:
            return False
        if not 0 <= end <= LONGEST_COMMAND:
            self._say("500 5.5.2 line too long")
            self.hang_up()
            return False
        verb, _, rest = self._buffer[:end].decode("utf-8", "replace").strip().partition(" ")
        del self._buffer[: end + 1]
        command = self._commands.get(verb.upper())
        self._say(command(rest.strip()) if command else "502 5.5.1 no such command")
        if verb.upper() == "QUIT":
            self.hang_up()
        return True

    def _on_helo(self, name: str) -> str:
        if not name:
            return "501 5.5.4 say your name"
        self._helo, self._envelope = name, None
        return f"250 {self._server.host}"

    def _on_ehlo(self, name: str) -> str:
        reply = self._on_helo(name)
        if self._envelope is not None or not name:
            return reply
        lines = (self._server.host, "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", f"SIZE {LARGEST_MAIL}")
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    def _on_mail(self, rest: str) -> str:
        if self._helo is None or self._envelope is not None:
            return "503 5.5.1 not now"
        path = SENDER.fullmatch(rest)
        if path is None:
            return "501 5.5.4 say MAIL FROM:<address>"
        size = SIZE.search(path[2])
        if size and int(size[1]) > LARGEST_MAIL:
            return TOO_LARGE
        self._envelope = Envelope(self._helo, path[1])
        return "250 2.1.0 OK"

    def _on_rcpt(self, rest: str) -> str:
        if self._envelope is None:
            return "503 5.5.1 MAIL first"
        path = RECIPIENT.fullmatch(rest)
        if path is None:
            return "501 5.5.4 say RCPT TO:<address>"
        if refusal := self._server.refuse(path[1]):
            return refusal
        self._envelope.recipients.append(path[1])
        return "250 2.1.5 OK"

    def _on_data(self, _rest: str) -> str:
        if self._envelope is None or not self._envelope.recipients:
            return "503 5.5.1 RCPT first"
        self._is_in_data, self._is_too_large, self._searched = True, False, 0
        self._buffer[:0] = b"\r\n"  # so that a dot in the first line is like any other
        return "354 end with a dot"

    def _on_rset(self, _rest: str) -> str:
        self._envelope = None
        return "250 2.0.0 OK"

    def _take_mail(self) -> bool:
        """Take a mail, if its end is there."""
        end = self._buffer.find(END, max(0, self._searched - len(END)))
        if end < 0:
            self._searched = len(self._buffer)
            if len(self._buffer) > LARGEST_MAIL:
                self._is_too_large, self._searched = True, 0
                del self._buffer[: -len(END)]
            return False
        data = bytes(self._buffer[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]
        del self._buffer[: end + len(END)]
        self._is_in_data = False
        envelope, self._envelope = self._envelope, None
        assert envelope is not None  # noqa: S101
        if refusal := TOO_LARGE if self._is_too_large else fault_of(data):
            self._say(refusal)
            return True
        envelope.data = data
        self._is_storing = True
        storing = asyncio.get_running_loop().create_task(self._store(envelope))
        self._server.storing.add(storing)
        storing.add_done_callback(self._server.storing.discard)
        return False

    async def _store(self, envelope: Envelope) -> None:
        """Once the dot has come the mail is ours, even if the client is gone before it hears so."""
        try:
            await self._server.store(envelope)
            reply = "250 2.0.0 OK, stored"
        except OSError as error:
            reply = f"451 4.3.0 cannot be stored: {error.strerror}"
        self._say(reply)
        self._is_storing = False
        if self._transport:
            self._transport.resume_reading()
        self._go_on()


def fault_of(data: bytes) -> str | None:
    """The refusal for a message that strict servers do not take (RFC 5322 §2.1.1, §2.3)."""
    if data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\r\n"):
        return "550 5.6.0 a line ends in something else than CRLF"
    if max(map(len, data.split(b"\r\n"))) > LONGEST_LINE:
        return f"550 5.6.0 a line is longer than {LONGEST_LINE} octets"
    return None
