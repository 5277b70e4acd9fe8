"""Mail that comes in, read: bounces, complaints, automatic answers, replies. Bytes go in, values come out."""

from nurture.inbound.away import away_until
from nurture.inbound.quotes import visible_in, visible_text
from nurture.inbound.reading import read
from nurture.inbound.summary import summary
from nurture.inbound.values import (
    AutoKind,
    AutoReply,
    Bounce,
    Complaint,
    Failure,
    Inbound,
    Marks,
    Original,
    Reason,
    Reply,
    Severity,
)

__all__ = [
    "AutoKind",
    "AutoReply",
    "Bounce",
    "Complaint",
    "Failure",
    "Inbound",
    "Marks",
    "Original",
    "Reason",
    "Reply",
    "Severity",
    "away_until",
    "read",
    "summary",
    "visible_in",
    "visible_text",
]
