"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): one call is done once, however often it is sent.

The first good answer is kept in PostgreSQL and given again. An error has changed nothing, so none is kept: the same key
may be sent with what was mended.
"""

import logging
import re
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nurture.app import App
from nurture.db import transaction
from nurture.store import api_answers
from nurture.store.api_answers import Call
from nurture.web.api.problems import IN_FLIGHT, KEY_REUSED, MALFORMED, Problem

REPLAYED = "idempotent-replayed"
LONGEST_KEY = 255
RETRY_AFTER = 1

log = logging.getLogger(__name__)

_KEY = re.compile(r"[\x21\x23-\x7e]+")


def read_key(header: str) -> str:
    """What a client calls its call: a string in quotes as the draft has it (RFC 8941), or bare as most send it.

    Raises:
        Problem: It is neither.
    """
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise Problem(MALFORMED, f"the Idempotency-Key has to be 1 to {LONGEST_KEY} letters, digits and signs of ASCII")
    return key


def call_of(holder: str, key: str, scope: Scope, body: bytes) -> Call:
    """The call that a key names. Another address or another body is another request."""
    asked = sha256(b"\0".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)))
    return Call(holder, sha256(key.encode()).digest(), asked.digest(), uuid4())


class Replays:
    """Answers a call that was answered before, and keeps the answer of one that was not."""

    def __init__(self, api: ASGIApp, app: App) -> None:
        """`api` is what answers."""
        self._api, self._app = api, app

    async def __call__(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call.

        Raises:
            Problem: Its key names another call, or one that is being answered now.
        """
        known = await run_in_threadpool(self._known, call)
        if known is not None:
            await known(scope, receive, send)
            return
        written = _Written()
        try:
            await self._api(scope, receive, written)
        finally:
            await run_in_threadpool(self._settle, call, written)
        for message in written.messages:
            await send(message)

    def _known(self, call: Call) -> Response | None:
        """The answer that is known; None: this call is ours to answer."""
        with transaction(self._app.engine) as db:
            if api_answers.claim(db, call):
                return None
            row = api_answers.found(db, call)
        if row is not None and bytes(row.request) != call.request:
            raise Problem(KEY_REUSED, KEY_REUSED.example)
        if row is None or row.status is None:
            raise Problem(IN_FLIGHT, IN_FLIGHT.example, headers={"retry-after": str(RETRY_AFTER)})
        return Response(row.body, row.status, {REPLAYED: "true"}, "application/json")

    def _settle(self, call: Call, written: "_Written") -> None:
        """Keep a good answer, before it is sent. Where it cannot be kept, what was done is done all the same."""
        try:
            with transaction(self._app.engine) as db:
                if written.is_good:
                    api_answers.keep(db, call, written.status, written.body.decode())
                else:
                    api_answers.release(db, call)
        except SQLAlchemyError as error:
            log.warning("the answer to a call could not be kept: %s", type(error).__name__)


@dataclass(slots=True)
class _Written:
    """An answer, held back until it is kept."""

    messages: list[Message] = field(default_factory=list)
    status: int = 0
    body: bytes = b""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
