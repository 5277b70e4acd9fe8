"""Amazon SES's events and notifications, which come in SNS's envelopes.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (`eventType`), …/notification-
contents.html (`notificationType`, for identities without a configuration set) and …/receiving-email-notifications.html.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from nurture.mailers.payload import derived_id, list_of, mapping_of, read_object, text_of, time_of, unreadable
from nurture.mailers.ses.certificates import Certificates
from nurture.mailers.ses.sns import Fetch, verify_envelope
from nurture.mailers.ses.tags import TAG, token_of
from nurture.mailers.severity import severity_in
from nurture.messages import EventType, ProviderEvent, RejectReason, Severity

PROVIDER = "ses"

_certificates = Certificates()

_TYPES: dict[str, EventType] = {
    "Send": "sent",
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "rejected",
    "Open": "opened",
    "Click": "clicked",
    "Rendering Failure": "failed",
    "DeliveryDelay": "deferred",
    "Subscription": "unsubscribed",
    "Received": "inbound",
}
_PARTS = {
    "Send": "send", "Delivery": "delivery", "Bounce": "bounce", "Complaint": "complaint", "Reject": "reject",
    "Open": "open", "Click": "click", "Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay",
    "Subscription": "subscription", "Received": "receipt",
}  # fmt: skip
_REASONS: dict[EventType, RejectReason] = {
    "bounced": "bounced", "complained": "spam", "rejected": "blocked", "unsubscribed": "unsubscribed",
}  # fmt: skip
_SUBTYPES: dict[str, Severity] = {
    "NoEmail": "hard", "Suppressed": "hard", "OnAccountSuppressionList": "hard",
    "MailboxFull": "soft", "CustomTimeoutExceeded": "soft",
    "MessageTooLarge": "policy", "ContentRejected": "policy", "AttachmentRejected": "policy",
}  # fmt: skip
"""https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types"""


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime, fetch: Fetch = _certificates) -> bool:
    """Whether an envelope is of one of the topics in `secret`, and signed by SNS.

    Raises:
        OSError: The certificate cannot be fetched; try again later.
    """
    del headers
    return verify_envelope(body, secret, now, fetch)


def read(body: bytes, content_type: str = "", headers: Mapping[str, str] | None = None) -> list[ProviderEvent]:
    """Give the events of an envelope, one for each recipient; none of one about the subscription itself.

    Raises:
        Unreadable: It is none of SES's.
    """
    del content_type, headers
    envelope = read_object(body)
    if "eventType" in envelope or "notificationType" in envelope:  # raw message delivery: no envelope
        return list(_events(envelope, {}, body))
    if text_of(envelope, "Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return []
    message = text_of(envelope, "Message") or unreadable("the envelope has no message")
    if message.startswith("Successfully validated SNS topic"):
        return []
    return list(_events(read_object(message.encode("utf-8", "replace")), envelope, message.encode("utf-8", "replace")))


def _events(said: Mapping[str, Any], envelope: Mapping[str, Any], raw: bytes) -> Iterator[ProviderEvent]:
    kind = text_of(said, "eventType", "notificationType") or unreadable("it is no event of SES")
    type_ = _TYPES.get(kind, "unknown")
    mail, part = mapping_of(said, "mail"), mapping_of(said, _PARTS.get(kind, ""))
    if type_ == "inbound":
        yield _inbound(said, mail, part, envelope)
        return
    at = time_of(part.get("timestamp")) or time_of(envelope.get("Timestamp")) or time_of(mail.get("timestamp"))
    event_id = text_of(envelope, "MessageId") or derived_id(raw)
    for recipient, details in _recipients(type_, mail, part):
        words = text_of(details, "diagnosticCode") or text_of(part, "smtpResponse")
        yield ProviderEvent(
            provider=PROVIDER,
            type=_exactly(type_, part),
            at=at,
            recipient=recipient,
            event_id=event_id,
            delivery=_delivery(mail),
            message_id=text_of(mail, "messageId"),
            reject_reason="unsubscribed" if _left(part) else _REASONS.get(_exactly(type_, part)),
            severity=_severity(part, words, details) if type_ == "bounced" and not _left(part) else None,
            said=words,
            raw=raw,
        )


def _recipients(
    type_: EventType, mail: Mapping[str, Any], part: Mapping[str, Any]
) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    """Give each recipient with what is said of it."""
    listed = {"bounced": "bouncedRecipients", "complained": "complainedRecipients", "deferred": "delayedRecipients"}
    found = [one for one in list_of(part, listed.get(type_, "")) if isinstance(one, dict)]
    if found:
        yield from ((text_of(one, "emailAddress"), one) for one in found)
        return
    addresses = list_of(part, "recipients") or list_of(mail, "destination")
    yield from ((one, {}) for one in addresses if isinstance(one, str))
    if not any(isinstance(one, str) for one in addresses):
        yield None, {}


def _severity(part: Mapping[str, Any], words: str | None, details: Mapping[str, Any]) -> Severity:
    subtype = _SUBTYPES.get(text_of(part, "bounceSubType") or "")
    if subtype is not None:
        return subtype
    otherwise: Severity = "hard" if part.get("bounceType") == "Permanent" else "soft"
    return severity_in(words, otherwise, status=text_of(details, "status"))


def _exactly(type_: EventType, part: Mapping[str, Any]) -> EventType:
    """A subscription event is about SES's own topics: whether all are left is in the new preferences."""
    if type_ == "unsubscribed":
        left = mapping_of(part, "newTopicPreferences").get("unsubscribeAll")
        return "unsubscribed" if left is True else "unknown"
    return "rejected" if _left(part) else type_


def _left(part: Mapping[str, Any]) -> bool:
    """Whether it is a bounce that is none: SES did not send to somebody who had left a list of SES's."""
    return part.get("bounceSubType") == "UnsubscribedRecipient"


def _delivery(mail: Mapping[str, Any]) -> str | None:
    """Our tag; where there are no tags (notifications of an identity), our Message-ID among the headers."""
    tags = list_of(mapping_of(mail, "tags"), TAG)
    if tags and isinstance(tags[0], str):
        return token_of(tags[0])
    for header in list_of(mail, "headers"):
        if isinstance(header, dict) and str(header.get("name")).lower() == "message-id":
            return text_of(header, "value")
    return None


def _inbound(
    said: Mapping[str, Any], mail: Mapping[str, Any], part: Mapping[str, Any], envelope: Mapping[str, Any]
) -> ProviderEvent:
    """A mail that came in: in the message itself, or left in S3 or elsewhere, where nobody fetches it."""
    to = [one for one in (*list_of(part, "recipients"), *list_of(mail, "destination")) if isinstance(one, str)]
    content = _content(text_of(said, "content"), mapping_of(part, "action"))
    return ProviderEvent(
        provider=PROVIDER,
        type="inbound",
        at=time_of(mail.get("timestamp")),
        recipient=to[0] if to else None,
        event_id=text_of(mail, "messageId") or text_of(envelope, "MessageId") or derived_id(orjson.dumps(said)),
        message_id=text_of(mail, "messageId"),
        said=None
        if content is not None
        else "the mail is not in the notification; let SES publish it with its content",
        inbound=content,
    )


def _content(content: str | None, action: Mapping[str, Any]) -> bytes | None:
    if content is None:
        return None
    decode: Callable[[str], bytes] = lambda text: text.encode("utf-8", "replace")  # noqa: E731
    if text_of(action, "encoding") == "BASE64":
        decode = base64.b64decode
    try:
        return decode(content)
    except (binascii.Error, ValueError):
        return None
