"""Resend's webhooks: one JSON object a call, signed as Standard Webhooks say, under Svix's header names.

https://resend.com/docs/webhooks/event-types and …/verify-webhooks-requests; https://www.standardwebhooks.com.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from nurture.mailers.payload import derived_id, list_of, mapping_of, read_object, text_of, time_of, unreadable
from nurture.mailers.resend.tags import TAG, token_of
from nurture.mailers.severity import severity_in
from nurture.mailers.signatures import any_equal, is_recent, keys_in
from nurture.messages import EventType, ProviderEvent, RejectReason, Severity

PROVIDER = "resend"
WITHIN = timedelta(minutes=5)
"""As the scheme says; each try is signed anew."""

_TYPES: dict[str, EventType] = {
    "email.scheduled": "queued",
    "email.sent": "sent",
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    "email.complained": "complained",
    "email.bounced": "bounced",
    "email.opened": "opened",
    "email.clicked": "clicked",
    "email.failed": "failed",
    "email.suppressed": "rejected",
    "email.received": "inbound",
}
_LISTED = "suppressed sending"
"""Resend sends no more to an address that bounced before, or whose owner complained."""
_NOT_THERE = "the mail is not in the notification: Resend keeps it for whoever asks"
_SUBTYPES: dict[str, Severity] = {
    "noemail": "hard", "suppressed": "hard", "onaccountsuppressionlist": "hard", "mailboxfull": "soft",
    "customtimeoutexceeded": "soft", "messagetoolarge": "policy", "contentrejected": "policy",
    "attachmentrejected": "policy",
}  # fmt: skip
_SENTENCES: dict[str, Severity] = {
    _LISTED: "hard", "hard bounce": "hard", "general bounce": "soft", "inbox was full": "soft",
    "enough information": "soft", "too large": "policy", "contained content": "policy", "contains content": "policy",
    "an attachment": "policy",
}  # fmt: skip
"""Parts of Resend's sentences, in the order of their weight; https://resend.com/docs/dashboard/emails/email-bounces."""


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a call is signed (HMAC-SHA256 over id, timestamp and body) with one of these `whsec_…` secrets."""
    id_, timestamp, shown = (_header(headers, name) for name in ("id", "timestamp", "signature"))
    if not id_ or not is_recent(timestamp, now, WITHIN):
        return False
    signed = f"{id_}.{timestamp}.".encode("utf-8", "replace") + body
    right = [base64.b64encode(hmac.digest(key, signed, sha256)) for key in map(_key, keys_in(secret)) if key]
    signatures = [one.partition(",") for one in shown.split()]
    return any_equal([value.encode("utf-8", "replace") for kind, _, value in signatures if kind == "v1"], right)


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"svix-{name}") or headers.get(f"webhook-{name}") or ""


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_") + "==")
    except (binascii.Error, ValueError):
        return b""


def read(body: bytes, content_type: str = "", headers: Mapping[str, str] | None = None) -> list[ProviderEvent]:
    """Give the event of a call, by the id in its header; none of one about contacts, domains or the list itself.

    Raises:
        Unreadable: It is none of Resend's.
    """
    del content_type
    said = read_object(body)
    kind = text_of(said, "type") or unreadable("it has no type")
    data = mapping_of(said, "data")
    if kind.partition(".")[0] in ("contact", "domain", "suppression"):
        return []
    type_ = _TYPES.get(kind, "unknown")
    to: list[str | None] = [one for one in list_of(data, "to") if isinstance(one, str)] or [text_of(data, "to")]
    bounce = mapping_of(data, "bounce")
    words = text_of(bounce, "message") or text_of(mapping_of(data, "failed"), "reason")
    words = words or text_of(mapping_of(data, "suppressed"), "message")
    event_id = _header(headers or {}, "id") or derived_id(kind, data.get("email_id"), said.get("created_at"), body)
    return [
        ProviderEvent(
            provider=PROVIDER,
            type=type_,
            at=time_of(said.get("created_at")),
            recipient=recipient,
            event_id=event_id,
            delivery=_delivery(data),
            message_id=text_of(data, "email_id"),
            reject_reason=_reason(type_, data, words),
            severity=_severity(bounce, words) if type_ == "bounced" else None,
            said=_NOT_THERE if type_ == "inbound" else words,
            raw=body,
        )
        for recipient in to
    ]


def _reason(type_: EventType, data: Mapping[str, Any], words: str | None) -> RejectReason | None:
    """Of a bounce, by Resend's own sentence. What Resend does not send to any more bounced, or its owner complained."""
    if type_ == "bounced":
        said = (words or "").lower()
        return "blocked" if _LISTED in said else "bounced" if "bounce message" in said else "other"
    if type_ != "rejected":
        return None
    complained = "complain" in str(mapping_of(data, "suppressed").get("type", "")).lower()
    return "spam" if complained else "bounced"


def _severity(bounce: Mapping[str, Any], words: str | None) -> Severity:
    """Subtype and type are Amazon SES's; without them Resend's sentence says it, or the server's words in it."""
    said = (words or "").lower()
    subtype = _SUBTYPES.get((text_of(bounce, "subType") or "").replace(" ", "").lower())
    if subtype is not None:
        return subtype
    by_sentence = next((severity for part, severity in _SENTENCES.items() if part in said), None)
    if by_sentence is not None:
        return by_sentence
    kind = (text_of(bounce, "type") or "").lower()
    return severity_in(words, "soft" if kind in ("transient", "undetermined", "temporary") else "hard")


def _delivery(data: Mapping[str, Any]) -> str | None:
    """Our tag: tags come as an object, and came as a list of names and values."""
    tag = text_of(mapping_of(data, "tags"), TAG)
    for one in list_of(data, "tags"):
        if isinstance(one, dict) and one.get("name") == TAG:
            tag = text_of(one, "value")
    return token_of(tag) if tag else None
