"""Bounces and complaints that came by mail, in the words of all reports."""

from collections.abc import Iterator
from datetime import datetime
from email.message import Message

from nurture.inbound import Bounce, Complaint
from nurture.inbound.addresses import address_in
from nurture.inbound.message import header
from nurture.inbound.values import Failure, Severity
from nurture.mail.links import read_inbound_address, read_message_id
from nurture.messages import EventType, ProviderEvent
from nurture.messages import Severity as ReportedSeverity

PROVIDER = "smtp"

_TYPES: dict[Severity, EventType] = {
    "hard": "bounced", "soft": "bounced", "policy": "bounced", "delayed": "deferred", "delivered": "delivered",
}  # fmt: skip
_SEVERITIES: dict[Severity, ReportedSeverity] = {"hard": "hard", "soft": "soft", "policy": "policy"}


def named(secret: str, found: Bounce | Complaint, envelope_to: str | None, message: Message) -> str | None:
    """Give what ties a report to a mail of ours, if we signed it; None where anybody could have written the report.

    The address that it came back to goes first: it names one mail, whatever the report quotes.
    """
    came_to = [envelope_to or "", *(header(message, name) for name in ("Delivered-To", "X-Original-To", "To"))]
    texts = [*came_to, *found.marks.addresses, *found.marks.message_ids, found.original.message_id or ""]
    return next((text for text in texts if text and _is_genuine(secret, text)), None)


def _is_genuine(secret: str, text: str) -> bool:
    return read_inbound_address(secret, text) is not None or read_message_id(secret, text) is not None


def reports_of(
    found: Bounce | Complaint, delivery: str | None, raw: bytes, event_id: str, now: datetime
) -> list[ProviderEvent]:
    """Give what a mail reports, an event for each recipient; `event_id` is the mail's own, the same every time.

    A report that nothing of ours stands in may be anybody's invention: it is kept, and nothing follows from it.
    """
    if delivery is None:
        return [ProviderEvent(PROVIDER, "unknown", now, None, event_id, said="names no mail of ours", raw=raw)]
    if isinstance(found, Bounce):
        return [_bounced(failure, delivery, raw, event_id, now) for failure in found.failures] or [
            ProviderEvent(PROVIDER, "unknown", now, None, event_id, delivery, raw=raw)
        ]
    return list(_complained(found, delivery, raw, event_id, now))


def sender_of(message: Message) -> str | None:
    """Give the address in `From`, lower case."""
    return address_in(header(message, "From"))


def _bounced(failure: Failure, delivery: str | None, raw: bytes, event_id: str, now: datetime) -> ProviderEvent:
    return ProviderEvent(
        provider=PROVIDER,
        type=_TYPES[failure.severity],
        at=now,
        recipient=failure.address,
        event_id=event_id,
        delivery=delivery,
        reject_reason=failure.reason,
        severity=_SEVERITIES.get(failure.severity),
        said=failure.said,
        raw=raw,
    )


def _complained(
    found: Complaint, delivery: str | None, raw: bytes, event_id: str, now: datetime
) -> Iterator[ProviderEvent]:
    types: dict[str, EventType] = {"complaint": "complained", "unsubscribe": "unsubscribed", "none": "unknown"}
    for recipient in found.recipients or found.original.recipients or (None,):
        yield ProviderEvent(
            provider=PROVIDER,
            type=types[found.meaning],
            at=now,
            recipient=recipient,
            event_id=event_id,
            delivery=delivery,
            reject_reason="spam" if found.meaning == "complaint" else None,
            said=found.feedback,
            raw=raw,
        )
