"""Postmark's webhooks: one JSON object a call, without a signature; basic auth in the hook's URL says who calls.

https://postmarkapp.com/developer/webhooks/webhooks-overview and https://postmarkapp.com/developer/api/bounce-api
(bounce types).
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nurture.mailers.payload import derived_id, mapping_of, read_object, text_of, time_of, unreadable
from nurture.mailers.postmark.incoming import mail_of
from nurture.mailers.severity import severity_in
from nurture.messages import EventType, ProviderEvent, RejectReason, Severity

PROVIDER = "postmark"

_BY_RECORD: dict[str, EventType] = {"Delivery": "delivered", "Open": "opened", "Click": "clicked"}
_BY_TYPE: dict[str, tuple[EventType, RejectReason | None, Severity | None]] = {
    "HardBounce": ("bounced", "bounced", "hard"),
    "Transient": ("deferred", None, None),
    "Unsubscribe": ("unsubscribed", "unsubscribed", None),
    "Subscribe": ("subscribed", None, None),
    "AutoResponder": ("autoresponded", None, None),
    "AddressChange": ("autoresponded", None, None),
    "DnsError": ("deferred", None, None),
    "SpamNotification": ("complained", "spam", None),
    "OpenRelayTest": ("deferred", None, None),
    "Unknown": ("unknown", None, None),
    "SoftBounce": ("bounced", "bounced", "soft"),
    "VirusNotification": ("bounced", "other", "policy"),
    "ChallengeVerification": ("autoresponded", None, None),
    "BadEmailAddress": ("rejected", "invalid", None),
    "SpamComplaint": ("complained", "spam", None),
    "ManuallyDeactivated": ("rejected", "blocked", None),
    "Unconfirmed": ("rejected", None, None),
    "Blocked": ("rejected", "blocked", None),
    "SMTPApiError": ("failed", None, None),
    "InboundError": ("inbound_failed", None, None),
    "DMARCPolicy": ("rejected", "blocked", None),
    "TemplateRenderingFailed": ("failed", None, None),
    "ManualSuppression": ("unsubscribed", "unsubscribed", None),
}
"""Types of bounces, and reasons of suppressions, with what they mean in anymail's words."""

_OTHER_BOUNCE: tuple[EventType, RejectReason | None, Severity | None] = ("bounced", None, "soft")
_TIMES = ("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt")


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a call shows `secret` (`user:password`) by basic auth (RFC 7617). Looks at nothing but the headers."""
    del body, now
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        shown = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(shown, secret.encode())


def read(body: bytes, content_type: str = "", headers: Mapping[str, str] | None = None) -> list[ProviderEvent]:
    """Give the event of a call; a mail that came in is an event too.

    Raises:
        Unreadable: It is none of Postmark's.
    """
    del content_type, headers
    said = read_object(body)
    record = text_of(said, "RecordType")
    if record == "Inbound" or (record is None and "FromFull" in said):
        return [_inbound(said, body)]
    if record is None and "Type" not in said:
        unreadable("it has neither a RecordType nor a sender")
    type_, reason, severity = _meaning(said, record or "Bounce")
    words = text_of(said, "Details")
    if type_ == "bounced" and severity is not None:
        severity = severity_in(words, severity)
    recipient = text_of(said, "Email", "Recipient")
    message_id = text_of(said, "MessageID")
    at = next((found for name in _TIMES if (found := time_of(said.get(name))) is not None), None)
    return [
        ProviderEvent(
            provider=PROVIDER,
            type=type_,
            at=at,
            recipient=recipient,
            event_id=text_of(said, "ID") or derived_id(record, message_id, recipient, at, said.get("OriginalLink")),
            delivery=text_of(mapping_of(said, "Metadata"), "nurture"),
            message_id=message_id,
            reject_reason=reason,
            severity=severity,
            said=words or text_of(said, "Description"),
            raw=body,
        )
    ]


def _meaning(said: Mapping[str, Any], record: str) -> tuple[EventType, RejectReason | None, Severity | None]:
    if record in _BY_RECORD:
        return _BY_RECORD[record], None, None
    if record == "SubscriptionChange":
        if not said.get("SuppressSending"):
            return "subscribed", None, None
        return _BY_TYPE.get(text_of(said, "SuppressionReason") or "", ("unsubscribed", None, None))
    otherwise = _OTHER_BOUNCE if record == "Bounce" else _BY_TYPE["Unknown"]
    return _BY_TYPE.get(text_of(said, "Type") or record, otherwise)


def _inbound(said: Mapping[str, Any], body: bytes) -> ProviderEvent:
    message_id = text_of(said, "MessageID")
    return ProviderEvent(
        provider=PROVIDER,
        type="inbound",
        at=None,  # `Date` is the sender's word
        recipient=text_of(said, "OriginalRecipient"),
        event_id=message_id or derived_id(body),
        message_id=message_id,
        raw=b"",
        inbound=mail_of(said),
    )
