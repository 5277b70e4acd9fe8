"""A provider's API that misbehaves, Postmark's and Resend's batches: `python -m chaos.receivers.esp FOLDER PORT`.

https://postmarkapp.com/developer/api/email-api#send-batch-emails and
https://resend.com/docs/api-reference/emails/send-batch-emails (with its idempotency keys).
"""

import sys
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from chaos.receivers.mailbox import Mailbox, read_mailbox
from chaos.receivers.manners import Rule, Watched
from chaos.receivers.serving import MAILS, serve
from chaos.receivers.strikes import Incoming, say, strike

ON_PURPOSE = "on purpose"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, and for how many seconds the client is asked to stay away."""

    status: int
    body: Any
    retry_after: float = 0.0

    def octets(self) -> bytes:
        body = orjson.dumps(self.body)
        head = [f"HTTP/1.1 {self.status} so", "content-type: application/json", f"content-length: {len(body)}"]
        if self.retry_after:
            head.append(f"retry-after: {self.retry_after:g}")
        return "\r\n".join([*head, "", ""]).encode() + body


@dataclass
class Api:
    """What all connections share.

    Attributes:
        taken: What was taken under which idempotency key, also by the process that we are the successor of.
        answers: What was asked and answered under which.
    """

    taken: set[tuple[str, str]] = field(default_factory=set)
    answers: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)

    async def talk(self, reader: StreamReader, writer: StreamWriter, manners: Watched, mailbox: Mailbox) -> None:
        await strike(manners.rule("connect"), writer)
        incoming = Incoming(reader)
        while True:
            head = (await incoming.until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await incoming.exactly(int(headers.get("content-length", "0")))
            rule = await strike(manners.rule("asked"), writer)
            if rule is not None and rule.does == "say":
                await say(writer, _refusal(rule).octets())
                continue
            answer = self._answer(head[0].split(" ")[1], headers.get("idempotency-key", ""), body, manners, mailbox)
            await say(writer, answer.octets(), await strike(manners.rule("kept"), writer) or rule)
            await strike(manners.rule("answered"), writer)

    def _answer(self, path: str, key: str, body: bytes, manners: Watched, mailbox: Mailbox) -> Answer:
        if key in self.answers:
            asked, answer = self.answers[key]
            same = asked == body
            return answer if same else Answer(409, {"name": "invalid_idempotent_request", "message": "another request"})
        answer = self._take(path, key, orjson.loads(body), manners, mailbox)
        if key:
            self.answers[key] = (body, answer)
        return answer

    def _take(self, path: str, key: str, mails: list[Any], manners: Watched, mailbox: Mailbox) -> Answer:
        if path == "/email/batch":
            return Answer(200, [_postmark(mail, manners, mailbox) for mail in mails])
        if path != "/emails/batch":
            return Answer(404, {"message": "no such call"})
        taken, errors = [], []
        for place, mail in enumerate(mails):
            (recipient,), message_id = mail["to"], mail["headers"]["References"]
            if manners.rule("item", recipient) is not None:
                errors.append({"index": place, "message": ON_PURPOSE})
                continue
            if not key or (key, message_id) not in self.taken:
                mailbox.keep("resend", recipient, message_id, key, _step(mail["headers"].get("Feedback-ID", "")))
                self.taken.add((key, message_id))
            taken.append({"id": message_id})
        return Answer(200, {"data": taken, "errors": errors})


def _postmark(mail: Any, manners: Watched, mailbox: Mailbox) -> dict[str, Any]:
    rule = manners.rule("item", mail["To"])
    if rule is not None:
        return {"ErrorCode": int(rule.reply), "Message": ON_PURPOSE}
    names = {header["Name"].lower(): header["Value"] for header in mail["Headers"]}
    kept = mailbox.keep("postmark", mail["To"], names["message-id"], step=_step(names.get("feedback-id", "")))
    return {"ErrorCode": 0, "Message": "OK", "MessageID": kept.token, "To": mail["To"]}


def _step(feedback_id: str) -> str:
    return ":".join(feedback_id.split(":")[:2])


def _refusal(rule: Rule) -> Answer:
    status = int(rule.reply)
    words = {"ErrorCode": status, "Message": ON_PURPOSE, "name": "trouble", "message": ON_PURPOSE}
    return Answer(status, words, rule.seconds)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    before = {(mail.key, mail.message_id) for mail in read_mailbox(folder / MAILS) if mail.key}
    serve(Api(before).talk, folder, int(sys.argv[2]))
