"""SendGrid's webhooks: a JSON array of events, or a mail that came in (Inbound Parse), both signed by ECDSA.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event,
…/tracking-events/getting-started-event-webhook-security-features and …/parsing-email/securing-your-parse-webhooks.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from nurture.mailers.forms import read_form
from nurture.mailers.payload import derived_id, read_json, text_of, time_of, unreadable
from nurture.mailers.sendgrid.incoming import mail_of, recipient_of
from nurture.mailers.severity import severity_in
from nurture.mailers.signatures import is_recent, keys_in
from nurture.messages import EventType, ProviderEvent, RejectReason, Severity

PROVIDER = "sendgrid"
WITHIN = timedelta(hours=25)
"""SendGrid tries for 24 hours, and does not say that it signs anew; what comes twice changes nothing anyway."""

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

_TYPES: dict[str, EventType] = {
    "processed": "queued",
    "delivered": "delivered",
    "deferred": "deferred",
    "dropped": "rejected",
    "bounce": "bounced",
    "blocked": "bounced",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "group_resubscribe": "subscribed",
}
_DROPPED: dict[str, RejectReason] = {
    "invalid": "invalid",
    "bounced address": "bounced",
    "unsubscribed address": "unsubscribed",
    "spam reporting address": "spam",
    "blocked": "blocked",
    "expired": "timed_out",
}
"""Why SendGrid does not send; other reasons (content, quota, a wrong header) are about the mail."""
_CLASSIFIED: dict[str, Severity] = {
    "invalid address": "hard",
    "mailbox unavailable": "soft",
    "technical": "soft",
    "frequency/volume": "soft",
    "frequency or volume too high": "soft",
    "content": "policy",
    "reputation": "policy",
}


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a call is signed (ECDSA on P-256 with SHA-256 over timestamp and body) by one of these public keys."""
    timestamp, shown = headers.get(_TIMESTAMP, ""), headers.get(_SIGNATURE, "")
    if not is_recent(timestamp, now, WITHIN):
        return False
    try:
        signature = base64.b64decode(shown, validate=True)
    except (binascii.Error, ValueError):
        return False
    from nurture.mailers.sendgrid.ecdsa import is_signed  # 7 MB in each web process; few have SendGrid

    return any(is_signed(key, signature, timestamp.encode() + body) for key in keys_in(secret))


def read(body: bytes, content_type: str = "", headers: Mapping[str, str] | None = None) -> list[ProviderEvent]:
    """Give the events of a call; a mail that came in is one too.

    Raises:
        Unreadable: It is none of SendGrid's.
    """
    del headers
    if content_type.lower().startswith(("multipart/", "application/x-www-form-urlencoded")):
        return [_inbound(read_form(body, content_type))]
    said = read_json(body)
    events = said if isinstance(said, list) else [said]
    if not all(isinstance(one, dict) and isinstance(one.get("event"), str) for one in events):
        unreadable("it is no list of events")
    return [_event(one) for one in events]


def _event(said: Mapping[str, Any]) -> ProviderEvent:
    type_ = _TYPES.get(said["event"], "unknown")
    words = text_of(said, "response", "reason")
    reason: RejectReason | None = None
    if type_ == "rejected":
        words = None  # the reason is SendGrid's; no server was asked
        reason = _DROPPED.get((text_of(said, "reason") or "").strip().lower(), "other")
    at = time_of(said.get("timestamp"))
    recipient = text_of(said, "email")
    message_id = text_of(said, "anymail_id", "smtp-id", "sg_message_id")
    return ProviderEvent(
        provider=PROVIDER,
        type=type_,
        at=at,
        recipient=recipient,
        event_id=text_of(said, "sg_event_id") or derived_id(said["event"], message_id, recipient, at, said.get("url")),
        delivery=text_of(said, "nurture", "smtp-id"),
        message_id=message_id,
        reject_reason=reason,
        severity=_severity(said) if type_ == "bounced" else None,
        said=words,
        raw=orjson.dumps(said),
        automatic=bool(said.get("sg_machine_open")),
    )


def _severity(said: Mapping[str, Any]) -> Severity:
    """A `bounce` is for good, a `blocked` not now, unless its classification or the server's words say more."""
    blocked = "blocked" in (said.get("type"), said["event"])
    classified = _CLASSIFIED.get((text_of(said, "bounce_classification") or "").lower())
    return severity_in(text_of(said, "reason"), classified or ("soft" if blocked else "hard"),
                       status=text_of(said, "status"))  # fmt: skip


def _inbound(fields: Mapping[str, bytes]) -> ProviderEvent:
    if not {"email", "headers", "from"} & set(fields):
        unreadable("it is no mail that came in")
    mail = mail_of(fields)
    return ProviderEvent(
        provider=PROVIDER,
        type="inbound",
        at=None,
        recipient=recipient_of(fields),
        event_id=derived_id(mail),
        inbound=mail,
    )
