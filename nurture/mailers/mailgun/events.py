"""Mailgun's webhooks: one JSON object a call, or a form (legacy webhooks; routes that take mail in).

The signature is in the body: HMAC-SHA256 over timestamp and token, and not over the event. So a token is good for one
event only (`once`), or whoever has seen one call could say anything. https://documentation.mailgun.com/docs/mailgun/
user-manual/webhooks/webhook-payloads, …/securing-webhooks, …/webhook-retries, …/receive-forward-store.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from nurture.mailers.forms import read_form
from nurture.mailers.mailgun.incoming import mail_of
from nurture.mailers.payload import (
    Unreadable,
    address_in,
    derived_id,
    mapping_of,
    read_object,
    text_of,
    time_of,
    unreadable,
)
from nurture.mailers.severity import severity_in
from nurture.mailers.signatures import any_equal, is_recent, keys_in
from nurture.messages import EventType, ProviderEvent, RejectReason, Severity

PROVIDER = "mailgun"
WITHIN = timedelta(hours=9)
"""Mailgun tries for 8 hours, and does not say that it signs anew."""

_TYPES: dict[str, EventType] = {
    "accepted": "queued",
    "rejected": "rejected",
    "delivered": "delivered",
    "failed": "bounced",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
    "dropped": "rejected",
    "bounced": "bounced",
}
"""Events; the last two are words of legacy webhooks."""
_REASONS: dict[str, RejectReason] = {
    "bounce": "bounced",
    "suppress-bounce": "bounced",
    "suppress-complaint": "spam",
    "suppress-unsubscribe": "unsubscribed",
    "espblock": "blocked",
    "old": "timed_out",
}
_SEVERITIES: dict[str, Severity] = {
    "suppress-bounce": "hard",
    "espblock": "policy",
    "greylisted": "soft",
    "old": "soft",
}
_NOT_TRIED = ("suppress-complaint", "suppress-unsubscribe")
"""Mailgun did not send; it calls this a failure like any other."""
_LEGACY_CODES: dict[int, RejectReason] = {499: "timed_out", 605: "bounced", 606: "unsubscribed", 607: "spam"}
"""Codes of Mailgun's own; what is between 400 and 599 is SMTP's."""


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a call is signed with one of these HTTP webhook signing keys, not too long ago."""
    try:
        timestamp, token, signature = _signature(body, headers.get("content-type", ""))
    except Unreadable:
        return False
    if not token or not is_recent(timestamp, now, WITHIN):
        return False
    signed = f"{timestamp}{token}".encode("utf-8", "replace")
    right = [hmac.new(key.encode(), signed, sha256).hexdigest().encode() for key in keys_in(secret)]
    return any_equal([signature.lower().encode("utf-8", "replace")], right)


def token_in(body: bytes, content_type: str) -> str:
    """Give the token that a call, already verified, was signed with."""
    return _signature(body, content_type)[1]


def _signature(body: bytes, content_type: str) -> tuple[str, str, str]:
    """Give timestamp, token and signature."""
    said = _body(body, content_type)
    parts = mapping_of(said, "signature") if isinstance(said.get("signature"), dict) else said
    return (text_of(parts, "timestamp") or "", text_of(parts, "token") or "", text_of(parts, "signature") or "")


def _body(body: bytes, content_type: str) -> Mapping[str, Any]:
    if "json" in content_type.lower() or body.lstrip()[:1] == b"{":
        return read_object(body)
    return read_form(body, content_type)


def read(body: bytes, content_type: str = "", headers: Mapping[str, str] | None = None) -> list[ProviderEvent]:
    """Give the event of a call; a mail that came in by a route is one too.

    Raises:
        Unreadable: It is none of Mailgun's.
    """
    del headers
    said = _body(body, content_type)
    data = mapping_of(said, "event-data")
    if data:
        return [_event(data, mapping_of(said, "signature"), body)]
    if "event" in said:
        return [_legacy(said, body)]
    if not {"body-mime", "body-plain", "body-html"} & set(said):
        unreadable("it has neither event-data nor a mail")
    return [_inbound(said)]


def _event(data: Mapping[str, Any], signature: Mapping[str, Any], body: bytes) -> ProviderEvent:
    type_ = _TYPES.get(text_of(data, "event") or "", "unknown")
    why = text_of(data, "reason")
    status, reject = mapping_of(data, "delivery-status"), mapping_of(data, "reject")
    words = text_of(status, "message") or text_of(status, "description")
    reason: RejectReason | None = None
    if why or reject:
        reason = _REASONS.get(why or "", "other")
    severity: Severity | None = None
    if type_ == "bounced" and data.get("severity") == "temporary":
        type_ = "deferred"
    elif type_ == "bounced" and why in _NOT_TRIED:
        type_ = "rejected"
    elif type_ == "bounced":
        severity = _severity(why, words, text_of(status, "enhanced-code"), text_of(status, "code"))
    sent = mapping_of(mapping_of(data, "message"), "headers")
    message_id = _bracketed(text_of(sent, "message-id"))
    event_id = text_of(signature, "token") or text_of(data, "id")
    return ProviderEvent(
        provider=PROVIDER,
        type=type_,
        at=time_of(data.get("timestamp")),
        recipient=text_of(data, "recipient") or address_in(text_of(sent, "to")),
        event_id=event_id or derived_id(body),
        delivery=text_of(mapping_of(data, "user-variables"), "nurture") or message_id,
        message_id=message_id,
        reject_reason=reason,
        severity=severity,
        said=words or text_of(reject, "reason"),
        raw=body,
        once=_once(data),
        automatic=text_of(mapping_of(data, "client-info"), "bot") is not None,
    )


def _once(data: Mapping[str, Any]) -> str | None:
    """Mailgun's ids are unique within a day; and a call that is made again may have another token."""
    id_, at = text_of(data, "id"), text_of(data, "timestamp")
    return f"{id_} {at}" if id_ and at else None


def _severity(why: str | None, words: str | None, enhanced: str | None, code: str | None) -> Severity:
    if why is not None and why in _SEVERITIES:
        return _SEVERITIES[why]
    own = int(code) if code is not None and code.isascii() and code.isdecimal() and len(code) < 4 else 0
    return severity_in(words, "soft" if 400 <= own < 500 else "hard", status=enhanced)


def _legacy(said: Mapping[str, Any], body: bytes) -> ProviderEvent:
    type_ = _TYPES.get(text_of(said, "event") or "", "unknown")
    words = text_of(said, "error", "notification", "description")
    code = text_of(said, "code") or ""
    reason = _legacy_reason(code) if code else None
    severity: Severity | None = None
    if type_ == "bounced":
        severity = severity_in(words, "soft" if code.startswith("4") else "hard", status=code)
    message_id = _bracketed(text_of(said, "Message-Id", "message-id"))
    token = text_of(said, "token")
    return ProviderEvent(
        provider=PROVIDER,
        type=type_,
        at=time_of(text_of(said, "timestamp")),
        recipient=text_of(said, "recipient"),
        event_id=token or derived_id(body),
        delivery=text_of(said, "nurture") or message_id,
        message_id=message_id,
        reject_reason=reason,
        severity=severity,
        said=words,
        raw=body,
    )


def _legacy_reason(code: str) -> RejectReason:
    """By Mailgun's own code, an SMTP reply code, or an enhanced status code."""
    if code.isascii() and code.isdecimal() and len(code) < 6:
        return _LEGACY_CODES.get(int(code), "bounced" if 400 <= int(code) < 600 else "other")
    return "bounced" if code[:2] in ("4.", "5.") else "other"


def _bracketed(message_id: str | None) -> str | None:
    if message_id is None or message_id.startswith("<"):
        return message_id
    return f"<{message_id}>"


def _inbound(said: Mapping[str, Any]) -> ProviderEvent:
    mail = mail_of(said)
    return ProviderEvent(
        provider=PROVIDER,
        type="inbound",
        at=time_of(text_of(said, "timestamp")),
        recipient=text_of(said, "recipient"),
        event_id=text_of(said, "token") or derived_id(mail),
        message_id=text_of(said, "Message-Id"),
        inbound=mail,
        once=derived_id(mail),
    )
