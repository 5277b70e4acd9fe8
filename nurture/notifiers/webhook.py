"""A signed webhook, by Standard Webhooks (https://www.standardwebhooks.com, symmetric signatures `v1`).

The receiver verifies with any Standard Webhooks library. It should answer 2xx within 15 seconds and remember
`webhook-id`, which stays the same over retries: a notice may arrive twice, and never gets lost.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence

import httpx
import orjson

from nurture.agreement import Agreement
from nurture.errors import NotifierError, SettingsError
from nurture.messages import Notice
from nurture.notifiers.guard import Guard
from nurture.notifiers.post import TIMEOUT, Answer, checked_url, post
from nurture.notifiers.wording import one_line
from nurture.settings import Settings

BODY_LIMIT = 19_999
"""Octets; the specification asks to stay below 20 KB."""

_CLIPS = (400, 120, 40, 12)
"""Characters that a text may have: the next where the lists are empty and it is still too much."""
_LISTS = ("timeline", "mails", "rows", "earlier", "answers", "replies", "fit")
_OURS = frozenset({"url", "handoff", "left_out"})
"""What is never cut: it is ours, and short."""


class WebhookNotifier:
    """Posts each notice to one URL, signed with every secret, the newest first (so that one can be rotated)."""

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        seconds: Callable[[], float] = time.time,
        guard: Guard | None = None,
    ) -> None:
        """`secrets` are `whsec_` and base64 of 24 to 64 octets. `seconds` is the machine's clock, for the signature.

        Raises:
            SettingsError: The URL or a secret is malformed, or there is no secret.
        """
        self._url = checked_url("HANDOFF_WEBHOOK_URL", url)
        self._keys = tuple(_key(secret) for secret in secrets)
        if not self._keys:
            raise SettingsError("HANDOFF_WEBHOOK_SECRET is missing: HANDOFF_WEBHOOK_URL is only posted to signed")
        self._transport, self._timeout, self._seconds = transport, timeout, seconds
        self._guard = Guard() if guard is None else guard
        self.address_hash = address_hash(url)

    def notify(self, notice: Notice) -> None:
        """Tell the receiver. Only 2xx is success; 410 means that it is gone for good; redirects are not followed.

        Raises:
            NotifierError: With `permanent` and `gone` on 410, with `retry_after` where the receiver sent `Retry-After`.
        """
        body = body_of(notice)
        headers = signature(notice.id, int(self._seconds()), body, self._keys)
        answer = post(self._url, body, headers, transport=self._transport, timeout=self._timeout, guard=self._guard)
        if not 200 <= answer.status < 300:
            raise _refusal(answer)


def build(settings: Settings, _: Agreement, __: object) -> WebhookNotifier | None:
    """The channel, where `HANDOFF_WEBHOOK_URL` is set.

    `HANDOFF_WEBHOOK_SECRET` may hold several secrets, the newest first, with spaces or commas between them.
    """
    url = settings.handoff_webhook_url
    secrets = (settings.handoff_webhook_secret or "").replace(",", " ").split()
    return WebhookNotifier(url, secrets, guard=Guard(settings.handoff_webhook_allow or "")) if url else None


def address_hash(url: str) -> bytes:
    """What a URL is known by where it must not stand itself, for it may hold a secret: its SHA-256."""
    return hashlib.sha256(url.encode()).digest()


def signature(identity: str, seconds: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers of Standard Webhooks for one attempt at `seconds` (Unix time)."""
    signed = f"{identity}.{seconds}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join("v1," + base64.b64encode(digest).decode() for digest in digests),
    }


def body_of(notice: Notice) -> bytes:
    """`{"type", "timestamp", "data"}` as JSON of less than 20,000 octets.

    A packet that is too long loses the far ends of its lists, the longest first, and of its longest texts.
    `data.left_out` says how many entries each list lost; with `texts_cut` among it texts end in `…`.
    """
    body = _envelope(notice, notice.data)
    if len(body) <= BODY_LIMIT:
        return body
    for clip in _CLIPS:
        data = {key: value if key in _OURS else _clipped(value, clip) for key, value in notice.data.items()}
        left_out = {**_counts(notice.data.get("left_out")), "texts_cut": True}
        while len(body := _envelope(notice, {**data, "left_out": left_out})) > BODY_LIMIT:
            longest = _longest(data)
            if longest is None:
                break
            left_out[longest] = left_out.get(longest, 0) + _shorten(data, longest)
        if len(body) <= BODY_LIMIT:
            return body
    return _envelope(notice, {key: notice.data[key] for key in ("handoff", "url") if key in notice.data})


def _envelope(notice: Notice, data: Mapping[str, object]) -> bytes:
    return orjson.dumps({"type": notice.kind, "timestamp": notice.at.isoformat(), "data": dict(data)})


def _counts(said: object) -> dict[str, int]:
    return dict(said) if isinstance(said, Mapping) else {}


def _clipped(value: object, most: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= most else value[: most - 1] + "…"
    if isinstance(value, Mapping):
        return {_clipped(key, most): _clipped(inner, most) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clipped(inner, most) for inner in value]
    return value


def _longest(data: Mapping[str, object]) -> str | None:
    """Which of the lists, or the lead's attributes, takes most room; None when all are empty."""
    parts = {key: data[key] for key in _LISTS if data.get(key)}
    lead = data.get("lead")
    if isinstance(lead, Mapping) and lead.get("attributes"):
        parts["attributes"] = lead["attributes"]
    return max(parts, key=lambda key: len(orjson.dumps(parts[key])), default=None)


def _shorten(data: dict[str, object], part: str) -> int:
    """Drop the far end of one part of the packet; gives how many entries went."""
    if part == "attributes":
        lead = data["lead"]
        assert isinstance(lead, Mapping)  # noqa: S101 - `_longest` found it there
        kept = dict(list(lead["attributes"].items())[: len(lead["attributes"]) * 3 // 4])
        data["lead"] = {**lead, "attributes": kept}
        return len(lead["attributes"]) - len(kept)
    items = data[part]
    assert isinstance(items, list | tuple)  # noqa: S101
    keep = len(items) * 3 // 4
    data[part] = list(items)[:keep]
    return len(items) - keep


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise SettingsError("HANDOFF_WEBHOOK_SECRET must be `whsec_` and base64 of 24 to 64 bytes")
    return key


def _refusal(answer: Answer) -> NotifierError:
    words = f": {answer.text}" if answer.text else ""
    if 300 <= answer.status < 400:
        words = " (redirects are not followed; is HANDOFF_WEBHOOK_URL right?)"
    return NotifierError(
        one_line(f"webhook answered {answer.status}{words}", 300),
        permanent=answer.status == httpx.codes.GONE,
        gone=answer.status == httpx.codes.GONE,
        retry_after=answer.retry_after,
    )
