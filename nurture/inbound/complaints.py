"""Feedback reports (ARF, RFC 5965): a provider passes on that somebody called a mail spam, or something like it."""

import re
from email.message import Message
from typing import Literal

from nurture.inbound.addresses import addresses_in, is_daemon
from nurture.inbound.message import header, leaves, parts_of, text_of, unfolded
from nurture.inbound.report_text import report_text
from nurture.inbound.values import Complaint, Marks

_MEANING: dict[str, Literal["complaint", "unsubscribe", "none"]] = {
    "abuse": "complaint",
    "fraud": "complaint",
    "virus": "complaint",
    "other": "complaint",
    "miscategorized": "complaint",  # RFC 6430: it is wanted by nobody in this place
    "opt-out": "unsubscribe",
    "opt-out-list": "unsubscribe",
    "auth-failure": "none",  # RFC 6591: a program's finding
    "dmarc": "none",
    "not-spam": "none",  # RFC 6430: somebody took it out of the spam folder
}
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})\s?:\s?(.*)$")
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "redacted-address")
_QUOTED = ("x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "x-rcpt-to", "envelope-to")
_WITHOUT_FORM = re.compile(
    r"^(?:fw:\s*)?(?:complaint about message from|abuse report|abuse complaint|spam complaint)", re.IGNORECASE
)


def complaint(message: Message, marks: Marks) -> Complaint | None:
    """Give the feedback report that a mail is; None where it is none."""
    parts = leaves(message)
    fields = _feedback_fields(parts)
    if fields is None:
        return _without_form(message, parts, marks)
    kind = next(iter(fields.get("feedback-type", [])), "abuse").strip().lower()
    report = report_text(message)
    named = [address for name in _RECIPIENTS for value in fields.get(name, []) for address in addresses_in(value)]
    return Complaint(
        feedback=kind,
        meaning=_MEANING.get(kind, "complaint"),
        recipients=_recipients(named, report.original.headers, report.original.recipients),
        original=report.original,
        marks=marks,
    )


def _feedback_fields(parts: list[Message]) -> dict[str, list[str]] | None:
    """Give the fields of the machine-readable part: from `message/feedback-report`, else from a text that has them."""
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            return _fields(_text(part))
    for part in parts:
        found = _fields(text_of(part)) if part.get_content_maintype() == "text" else {}
        if "feedback-type" in found and ("user-agent" in found or "version" in found):
            return found
    return None


def _text(part: Message) -> str:
    """Give a part's text; the stdlib takes it for a mail, and its fields for headers."""
    if not part.is_multipart():
        return text_of(part)
    fields = [f"{name}: {unfolded(str(value))}" for piece in parts_of(part) for name, value in piece.items()]
    return "\n".join([*fields, *(text_of(piece) for piece in parts_of(part))])


def _fields(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text[:60_000].split("\n"):
        match = _FIELD.match(line[:1_000])
        if match:
            found.setdefault(match[1].lower(), []).append(match[2].strip())
    return found


def _recipients(named: list[str], quoted: tuple[tuple[str, str], ...], mailed: tuple[str, ...]) -> tuple[str, ...]:
    """Give who complained: as the report says; else the mailbox it lay in; else whom the mail was addressed to."""
    within = [address for name, value in quoted if name.lower() in _QUOTED for address in addresses_in(value)]
    found = named or within or list(mailed)
    return tuple(dict.fromkeys(address for address in found if not is_daemon(address)))


def _without_form(message: Message, parts: list[Message], marks: Marks) -> Complaint | None:
    """Read a report older than the RFC, as Hotmail's is: the mail itself, attached to a few words."""
    attached = any(part.get_content_type() in ("message/rfc822", "text/rfc822-headers") for part in parts)
    report_type = str(message.get_param("report-type", "")).strip().lower() if message.is_multipart() else ""
    if not attached or not (report_type == "feedback-report" or _WITHOUT_FORM.match(header(message, "Subject"))):
        return None
    original = report_text(message).original
    return Complaint(
        feedback="abuse",
        meaning="complaint",
        recipients=_recipients([], original.headers, original.recipients),
        original=original,
        marks=marks,
    )
