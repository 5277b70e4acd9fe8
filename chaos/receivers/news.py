"""Who is told of handoffs, by signed webhook: `python -m chaos.receivers.news FOLDER PORT`.

It keeps `webhook-id` as the id of the message, the handoff as recipient, the kind of news as key. Rules strike as with
a provider's API.
"""

import sys
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import orjson

from chaos.receivers.mailbox import Mailbox
from chaos.receivers.manners import Watched
from chaos.receivers.serving import serve
from chaos.receivers.strikes import Incoming, say, strike


async def talk(reader: StreamReader, writer: StreamWriter, manners: Watched, mailbox: Mailbox) -> None:
    """Take news until the client hangs up."""
    await strike(manners.rule("connect"), writer)
    incoming = Incoming(reader)
    while True:
        head = (await incoming.until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        said = orjson.loads(await incoming.exactly(int(headers.get("content-length", "0"))))
        rule = await strike(manners.rule("asked"), writer)
        if rule is not None and rule.does == "say":
            await say(writer, _answer(int(rule.reply), rule.seconds))
            continue
        handoff = said["data"].get("handoff") or {}
        mailbox.keep("webhook", str(handoff.get("id", "")), headers["webhook-id"], said["type"])
        await say(writer, _answer(204), await strike(manners.rule("kept"), writer) or rule)
        await strike(manners.rule("answered"), writer)


def _answer(status: int, retry_after: float = 0.0) -> bytes:
    head = [f"HTTP/1.1 {status} so", "content-length: 0"]
    if retry_after:
        head.append(f"retry-after: {retry_after:g}")
    return "\r\n".join([*head, "", ""]).encode()


if __name__ == "__main__":
    serve(talk, Path(sys.argv[1]), int(sys.argv[2]))
