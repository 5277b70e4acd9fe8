"""Notifications of Amazon SES that come by mail: JSON in a text, as SNS sends it to an address that subscribed.

The fields are those of Amazon's "notification contents for Amazon SES", where the webhook's reader finds them too.
"""

import json
from email.message import Message

from nurture.inbound.addresses import address_in, recipients_of
from nurture.inbound.codes import code_in, status_in
from nurture.inbound.judgement import judged
from nurture.inbound.message import leaves, text_of
from nurture.inbound.values import Bounce, Complaint, Failure, Marks, Original

_MOST = 200


def amazon_notification(message: Message, marks: Marks) -> Bounce | Complaint | None:
    """Give what a notification says; None for any other mail."""
    notice = _notice(message)
    match str(notice.get("notificationType", notice.get("eventType", ""))).lower():
        case "bounce":
            return Bounce(_bounced(_table(notice, "bounce")), _original(notice), marks)
        case "delivery":
            return Bounce(_delivered(_table(notice, "delivery")), _original(notice), marks)
        case "complaint":
            return _complaint(notice, marks)
        case _:
            return None


def _notice(message: Message) -> dict[str, object]:
    for part in leaves(message):
        text = text_of(part) if part.get_content_type() == "text/plain" else ""
        start = text.find("{")
        if start < 0 or not ('"notificationType"' in text or '"eventType"' in text):
            continue
        for tried in (text[start:], _joined(text[start:])):
            try:
                found, _ = json.JSONDecoder(strict=False).raw_decode(tried)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict) and isinstance(found.get("mail"), dict):
                return found
    return {}


def _joined(text: str) -> str:
    """Undo what servers do to lines that are too long: they part them, sendmail with an exclamation mark before."""
    return text.replace("!\n ", "").replace("\n", "")


def _table(of: dict[str, object], name: str) -> dict[str, object]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _tables(of: dict[str, object], name: str) -> list[dict[str, object]]:
    found = of.get(name)
    return [item for item in found if isinstance(item, dict)][:_MOST] if isinstance(found, list) else []


def _bounced(bounce: dict[str, object]) -> tuple[Failure, ...]:
    found = []
    for one in _tables(bounce, "bouncedRecipients"):
        address = address_in(str(one.get("emailAddress", "")))
        said = str(one.get("diagnosticCode", ""))
        status = status_in(str(one.get("status", ""))) or status_in(said)
        severity, reason = judged(status, code_in(said), said, "", str(one.get("action", "failed")))
        if severity == "hard" and bounce.get("bounceType") != "Permanent":
            severity, reason = "soft", "bounced"
        if address:
            action = str(one.get("action", "failed"))
            found.append(
                Failure(address, severity, reason, action, status, code_in(said), " ".join(said.split())[:500])
            )
    return tuple(found)


def _delivered(delivery: dict[str, object]) -> tuple[Failure, ...]:
    addresses = _addresses(delivery.get("recipients"))
    said = str(delivery.get("smtpResponse", ""))[:500]
    return tuple(Failure(address, "delivered", None, "delivered", status_in(said), None, said) for address in addresses)


def _complaint(notice: dict[str, object], marks: Marks) -> Complaint:
    complaint = _table(notice, "complaint")
    kind = str(complaint.get("complaintFeedbackType") or "abuse")
    named = [str(one.get("emailAddress", "")) for one in _tables(complaint, "complainedRecipients")]
    original = _original(notice)
    return Complaint(
        feedback=kind,
        meaning="none" if kind == "not-spam" else "unsubscribe" if kind.startswith("opt-out") else "complaint",
        recipients=recipients_of(named) or original.recipients,
        original=original,
        marks=marks,
    )


def _original(notice: dict[str, object]) -> Original:
    mail = _table(notice, "mail")
    identifier = mail.get("messageId")
    headers = tuple((str(one.get("name")), str(one.get("value"))) for one in _tables(mail, "headers"))
    ours = next((value for name, value in headers if name.lower() == "message-id"), None)
    return Original(
        message_id=ours or (f"<{identifier}>" if identifier else None),
        recipients=_addresses(mail.get("destination")),
        headers=headers,
    )


def _addresses(values: object) -> tuple[str, ...]:
    return recipients_of([str(value) for value in values[:_MOST]]) if isinstance(values, list) else ()
