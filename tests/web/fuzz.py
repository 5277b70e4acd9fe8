"""Requests that no client should send, and that somebody will."""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from nurture.web.segment import CALLS

FIELDS = ("type", "event", "name", "userId", "anonymousId", "messageId", "previousId", "groupId", "timestamp", "sentAt",
          "originalTimestamp", "receivedAt", "properties", "traits", "context", "integrations", "writeKey",
          "channel")  # fmt: skip
TRAITS = ("email", "name", "firstName", "title", "company", "employees", "industry", "address", "country", "timezone",
          "locale", "createdAt", "plan", "page", "campaign", "traits", "path", "url", "userAgent", "ip")  # fmt: skip
TIMES = ("2026-03-03T12:00:00.000Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-02-30", "now", "24:00",
         1772539200, 1772539200000, -1, 10**400, 1e308, "1772539200123", "2026-W10-2", "١٢٣")  # fmt: skip
TEXTS = ("", "\0", "\ud800", "\udfff\ud800", "{{id}}", "' OR 1=1 --", "a" * 300, "b" * 5000, "jo@buyer.example",
         "JO@BUYER.EXAMPLE ", "@", "http://[", "http://x.example/%00?q=\x1f#", "javascript:1", "\u202e\ufeff", "😀",
         "Pricing", "null", "Infinity")  # fmt: skip
NUMBERS = (0, -0.0, 2**31, 2**63, -(2**63) - 1, 10**30, 10**1000, 1e400, float("nan"), float("inf"), 5e-324)

scalar = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.sampled_from(TIMES)
)  # fmt: skip
anything = st.recursive(
    scalar,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(TRAITS) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=8,
)
message = anything | st.dictionaries(st.sampled_from(FIELDS), anything)
typed = st.builds(
    lambda said, kind, user: {"userId": user, **said, "type": kind},
    st.dictionaries(st.sampled_from(FIELDS[1:]), anything),
    st.sampled_from(["identify", "track", "page", "screen", "group", "alias", "merge"]),
    st.sampled_from(["u1", "u2", "jo@buyer.example", 17]),
)


@dataclass(frozen=True)
class Sent:
    """One request. `must_be_taken`: it is a batch that can be read, with a good event of this id in it."""

    path: str
    body: bytes
    headers: dict[str, bytes] = field(default_factory=dict)
    must_be_taken: str | None = None


@st.composite
def batches(draw: st.DrawFn, number: Callable[[], int]) -> Sent:
    """A good event among bad ones."""
    good = f"good-{number()}"
    page: dict[str, Any] = {"type": "page", "messageId": good, "userId": "u1", "properties": {"path": "/pricing"}}
    messages = draw(st.lists(typed | message, max_size=4))
    messages.insert(draw(st.integers(0, len(messages))), page)
    whole = {"batch": messages, "sentAt": draw(anything), "context": draw(anything), "writeKey": draw(anything)}
    body = json.dumps(whole, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    packed = draw(st.sampled_from([lambda plain: plain, gzip.compress, lambda plain: b"\xef\xbb\xbf" + plain]))
    path = draw(st.sampled_from(["/v1/batch", "/v1/b", "/v1/import", "/v1/batch/"]))
    return Sent(path, packed(body), {}, good)


@st.composite
def singles(draw: st.DrawFn) -> Sent:
    """One message on any route."""
    body = json.dumps(draw(typed | message), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return Sent(f"/v1/{draw(st.sampled_from(sorted(CALLS)))}", body)


VALID = json.dumps({"type": "track", "event": "E", "userId": "u1", "messageId": "v", "properties": {"a": [1.5, "é"]},
                    "batch": [{"type": "page", "userId": "u1"}]}).encode()  # fmt: skip
DAMAGES: tuple[Callable[[bytes, int], bytes], ...] = (
    lambda body, at: body[:at],
    lambda body, at: body[:at] + bytes([body[at % len(body)] ^ (1 << at % 8)]) + body[at + 1 :],
    lambda body, at: body[:at] + b"\0" + body[at:],
    lambda body, at: body + body[:at],
    lambda body, at: gzip.compress(body)[: at + 1],
    lambda body, at: gzip.compress(body) + b"junk"[: at % 5],
    lambda body, at: gzip.compress(gzip.compress(body)),
    lambda body, at: zlib.compress(body),
    lambda body, at: b"".join(gzip.compress(body[n : n + 1]) for n in range(at)),
    lambda body, at: body.decode().encode(("utf-16", "utf-32", "utf-16-le", "utf-7", "cp500")[at % 5]),
    lambda body, at: body.decode().encode("latin-1"),
    lambda body, at: b'{"a":' * (at * 50) + b"1" + b"}" * (at * 50),
    lambda body, at: b"[" * (at * 500),
    lambda body, at: b'{"userId":"u","properties":{"n":' + b"9" * (at * 40) + b"}}",
    lambda body, at: b'{"userId":"u","properties":{"n":1e' + b"9" * at + b"}}",
    lambda body, at: b"data=" + body,
)


@st.composite
def damaged(draw: st.DrawFn) -> Sent:
    """A good body, spoilt."""
    damage = draw(st.sampled_from(DAMAGES))
    body = damage(VALID, draw(st.integers(0, len(VALID) - 1)))
    return Sent(f"/v1/{draw(st.sampled_from(sorted(CALLS)))}", body)


header = st.binary(max_size=40).map(lambda raw: bytes(sign for sign in raw if sign > 0x20 and sign != 0x7F))
NAMES = ("authorization", "content-encoding", "content-type", "user-agent", "x-write-key", "x-retry-count", "origin")


@st.composite
def mislabelled(draw: st.DrawFn) -> Sent:
    """Whatever headers, and any octets."""
    headers = draw(st.dictionaries(st.sampled_from(NAMES), header, max_size=4))
    if draw(st.booleans()):
        headers["authorization"] = (
            draw(st.sampled_from([b"Basic ", b"Bearer ", b"basic", b"Digest "])) + draw(header) + b"="
        )
    body = draw(st.binary(max_size=60) | st.just(VALID))
    return Sent(f"/v1/{draw(st.sampled_from(sorted(CALLS)))}", body, headers)


def requests(number: Callable[[], int]) -> st.SearchStrategy[Sent]:
    """Any of them; `number` gives each good event its own."""
    return batches(number) | batches(number) | singles() | damaged() | mislabelled()
