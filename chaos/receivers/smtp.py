"""An SMTP server that misbehaves (RFC 5321): `python -m chaos.receivers.smtp FOLDER PORT`.

What it took stands in its mailbox before it answers, so whatever it says or does not say afterwards, the audit knows.
"""

import re
import sys
from asyncio import StreamReader, StreamWriter
from pathlib import Path

from chaos.receivers.mailbox import Mailbox, link_of, message_id_of, step_of
from chaos.receivers.manners import Rule, Watched
from chaos.receivers.serving import serve
from chaos.receivers.strikes import Gone, Incoming, say, strike

END = b"\r\n.\r\n"
_PATH = re.compile(rb"<([^>]*)>")


class Conversation:
    """One client."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, manners: Watched, mailbox: Mailbox) -> None:
        self._incoming, self._writer = Incoming(reader), writer
        self._manners, self._mailbox = manners, mailbox
        self._sender: bytes | None = None
        self._recipient = ""

    async def run(self) -> None:
        await self._answer("connect", "220 chaos ESMTP")
        while True:
            line = await self._incoming.until(b"\r\n")
            verb = line[:4].upper().decode("ascii", "replace")
            match verb:
                case "EHLO":
                    await self._answer("ehlo", self._extensions())
                case "MAIL":
                    await self._on_mail(line)
                case "RCPT":
                    await self._on_rcpt(line)
                case "DATA":
                    await self._on_data()
                case "RSET" | "HELO" | "NOOP":
                    self._sender, self._recipient = None, ""
                    await self._say("250 2.0.0 OK")
                case "QUIT":
                    await self._say("221 2.0.0 bye")
                    raise Gone
                case _:
                    await self._say("502 5.5.1 no such command")

    def _extensions(self) -> str:
        lines = ["chaos", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 33554432"]
        if self._manners.look().pipelining:
            lines.insert(1, "PIPELINING")
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    async def _on_mail(self, line: bytes) -> None:
        if self._sender is not None:
            await self._say("503 5.5.1 one mail at a time")
        elif await self._answer("mail", "250 2.1.0 OK"):
            self._sender, self._recipient = line, ""

    async def _on_rcpt(self, line: bytes) -> None:
        path = _PATH.search(line)
        if self._sender is None or path is None:
            await self._say("503 5.5.1 MAIL first")
            return
        recipient = path[1].decode("utf-8", "replace")
        if await self._answer("rcpt", "250 2.1.5 OK", recipient):
            self._recipient = recipient

    async def _on_data(self) -> None:
        recipient = self._recipient
        if not recipient:
            await self._say("503 5.5.1 RCPT first")
            return
        self._sender, self._recipient = None, ""
        if not await self._answer("data", "354 end with a dot", recipient):
            return
        if not len(self._incoming):
            await self._incoming.more()
        await strike(self._manners.rule("body", recipient), self._writer)
        self._incoming.put_before(b"\r\n")
        data = (await self._incoming.until(END))[2:]
        if not data:
            await self._say("554 5.6.0 there is nothing in it")
            return
        rule = await strike(self._manners.rule("dot", recipient), self._writer)
        if rule is not None and rule.does == "say":
            await self._refuse(rule)
            return
        self._mailbox.keep("smtp", recipient, message_id_of(data), step=step_of(data), link=link_of(data))
        rule = await strike(self._manners.rule("kept", recipient), self._writer)
        await say(self._writer, b"250 2.0.0 mine\r\n", rule)
        await strike(self._manners.rule("answered", recipient), self._writer)

    async def _answer(self, at: str, reply: str, recipient: str = "") -> bool:
        """Say yes, unless a rule has something else to say; whether it was yes."""
        rule = await strike(self._manners.rule(at, recipient), self._writer)
        if rule is not None and rule.does == "say":
            await self._refuse(rule)
            return False
        await say(self._writer, f"{reply}\r\n".encode(), rule)
        return True

    async def _refuse(self, rule: Rule) -> None:
        await self._say(rule.reply)
        if rule.reply.startswith("421") or rule.at == "connect":
            raise Gone

    async def _say(self, reply: str) -> None:
        await say(self._writer, f"{reply}\r\n".encode())


async def talk(reader: StreamReader, writer: StreamWriter, manners: Watched, mailbox: Mailbox) -> None:
    await Conversation(reader, writer, manners, mailbox).run()


if __name__ == "__main__":
    serve(talk, Path(sys.argv[1]), int(sys.argv[2]))
