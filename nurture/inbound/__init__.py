"""Mail that comes in, read: bounces, complaints, automatic answers, replies. Bytes go in, values come out."""

from nurture.inbound.reading import read
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
    "read",
]
