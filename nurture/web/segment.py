"""One request of the Segment HTTP tracking API, decoded. Pure: bytes and headers in, events or a refusal out.

Clients differ in what they send, so what is read here is what they send, not what the specification says: JSON under
any content type, gzip with or without its header, traits in `context`, `originalTimestamp` for `timestamp`, ids that
are numbers, fields that are null. An event that nothing can be made of is set aside with its reason and does not spoil
the others; the request as a whole is refused only if it is unreadable, too large, or not from one who holds a write
key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from nurture.segment.client_time import parse_time
from nurture.segment.event import IncomingEvent
from nurture.segment.fields import Json, Useless, object_or_empty
from nurture.segment.message import NO_TIME, read_event, says_a_time
from nurture.segment.rejected import Rejected
from nurture.segment.secrets_in_urls import may_have_secrets
from nurture.segment.tame import DEEPEST, read_json, surely_shallow, tame, too_deep
from nurture.web.body import NotGzip, TooLarge, inflated
from nurture.web.keys import WriteKeys

EVENT_LIMIT = 32 * 1024
BATCH_LIMIT = 500 * 1024
EVENTS_LIMIT = 2500

CALLS: Mapping[str, str] = {
    "identify": "identify", "i": "identify",
    "track": "track", "t": "track",
    "page": "page", "p": "page",
    "screen": "screen", "s": "screen",
    "group": "group", "g": "group",
    "alias": "alias", "a": "alias",
    "batch": "batch", "b": "batch", "import": "batch",
}  # fmt: skip
"""Every route under `/v1/` that takes events, and the call that it means."""

_ENCODINGS = frozenset({"", "gzip", "x-gzip", "identity"})
_NOTHING: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request is not taken. Clients read both `code` and `message`, and give up only if they find them."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a request holds, in its own order, and the name of the write key it came with."""

    source: str
    events: tuple[IncomingEvent, ...]
    unusable: tuple[Rejected, ...] = ()
    doubtful: tuple[Rejected, ...] = ()
    """Of `events`, those with something in them that could not be read."""
    octets: int = 0
    """How long it was, inflated."""


TOO_LARGE = Refusal(400, "too_large", "The request is larger than 500 KB, or an event in it than 32 KB.")
_NOT_GZIP = Refusal(400, "bad_gzip", "The body begins like gzip but cannot be inflated.")
_ENCODED = Refusal(415, "bad_encoding", "The body must be plain or gzip; no other Content-Encoding is read.")
_NOT_JSON = Refusal(400, "bad_json", "The body must be one JSON object.")
_NO_BATCH = Refusal(400, "bad_batch", "A batch must have a list of events in `batch`.")
_TOO_MANY = Refusal(400, "too_many", f"A batch must have at most {EVENTS_LIMIT} events.")
_TOO_DEEP = Refusal(400, "too_deep", f"The batch's context is nested more than {DEEPEST} deep.")
_NO_KEY = Refusal(
    401, "bad_write_key", "The write key is missing or wrong: send it as the user of Basic auth or as `writeKey`."
)
REFUSALS = (TOO_LARGE, _NOT_GZIP, _ENCODED, _NOT_JSON, _NO_BATCH, _TOO_MANY, _TOO_DEEP, _NO_KEY)
"""All that can be said of a request's content."""


def decode(
    call: str, headers: Mapping[str, str], body: bytes, keys: WriteKeys, received: datetime
) -> Decoded | Refusal:
    """Read one request.

    Args:
        call: a value of `CALLS`.
        headers: the request's, with names in lower case.
        body: as it came, perhaps gzip.
        keys: ours.
        received: our clock at receipt.
    """
    limit = BATCH_LIMIT if call == "batch" else EVENT_LIMIT
    try:
        plain = inflated(body, limit)
        if len(plain) > limit:
            return TOO_LARGE
        request, wild = read_json(plain)
    except TooLarge:
        return TOO_LARGE
    except NotGzip:
        return _NOT_GZIP
    except ValueError:
        return _NOT_JSON if headers.get("content-encoding", "").strip().lower() in _ENCODINGS else _ENCODED
    if not isinstance(request, dict):
        return _NOT_JSON
    source = keys.shown(headers.get("authorization", ""), headers.get("x-write-key", ""), request)
    if source is None:
        return _NO_KEY
    reader = _Reader(
        source,
        headers.get("user-agent", ""),
        received,
        wild=wild,
        octets=len(plain),
        shallow=surely_shallow(plain),
        may_have_secrets=may_have_secrets(plain),
    )
    if call == "batch":
        return _batch(request, reader)
    return reader.read([{**request, "type": call}], _NOTHING, None)


def _batch(request: Json, reader: "_Reader") -> Decoded | Refusal:
    messages, context = request.get("batch"), request.get("context")
    if not isinstance(messages, list):
        return _NO_BATCH
    if len(messages) > EVENTS_LIMIT:
        return _TOO_MANY
    if too_deep(context):
        return _TOO_DEEP
    return reader.read(messages, object_or_empty(tame(context)), parse_time(request.get("sentAt")))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the messages of one request.

    Attributes:
        wild: they must be tamed.
        octets: how many octets of JSON they are together.
        shallow: none of them is too deep.
        may_have_secrets: a URL in one of them may hold a secret or a visitor's token.
    """

    source: str
    browser: str
    received: datetime
    wild: bool
    octets: int
    shallow: bool
    may_have_secrets: bool

    def read(self, messages: list[object], context: Json, sent: datetime | None) -> Decoded:
        """Every message, as an event or set aside with its reason."""
        events: list[IncomingEvent] = []
        unusable: list[Rejected] = []
        doubtful: list[Rejected] = []
        read = partial(read_event, may_have_secrets=self.may_have_secrets)
        for index, raw in enumerate(messages):
            try:
                message = self._checked(raw)
                event = read(message, context, sent, self.browser, self.received, index, self.source)
                events.append(event)
                if event.client_at is None and says_a_time(message):
                    doubtful.append(Rejected(self.source, NO_TIME, raw))
            except Useless as why:
                unusable.append(Rejected(self.source, str(why), raw))
        return Decoded(self.source, tuple(events), tuple(unusable), tuple(doubtful), self.octets)

    def _checked(self, message: object) -> object:
        if not self.shallow and too_deep(message):
            raise Useless(f"it is nested more than {DEEPEST} deep")
        if self.wild:
            message = tame(message)
        if self.octets > EVENT_LIMIT and len(orjson.dumps(message)) > EVENT_LIMIT:
            raise Useless("it is larger than 32 KB")
        return message
