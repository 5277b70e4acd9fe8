"""A finished mail taken apart again, for providers that want its pieces instead of the whole.

The pieces are read from the very octets that SMTP would send (by the standard library's parser), so that a mail says
the same whichever way it goes.
"""

import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import SMTP, compat32
from functools import lru_cache
from typing import Any

from nurture.mailers.recipients import is_one_address
from nurture.messages import Mail

_NOT_OURS_TO_SET = frozenset(
    {"from", "to", "subject", "reply-to", "date", "message-id", "mime-version", "dkim-signature"}
)
"""Fields that have a place of their own in every API, or that a provider writes itself."""
_PARSER = BytesParser(policy=compat32)
"""The old policy: it leaves fields as they are, and reads a mail in a sixth of the time."""
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Composed:
    """The pieces of one mail, decoded.

    Attributes:
        subject: As readers see it.
        sender: `From` as it is written in a field: `Ada at Acme <ada@news.acme.example>`.
        sender_name: The name in it; may be empty.
        sender_address: The address in it.
        recipient: The address that the mail goes to.
        reply_to: `Reply-To` as it is written, or None.
        headers: All other fields (`List-Unsubscribe` among them) by name, in order, unfolded. Neither `Date` nor
            `Message-ID`, nor those that describe the encoding, which a provider makes anew.
        message_id: Our `Message-ID`, angle brackets included.
        token: What ties events to the delivery: the local part of our `Message-ID`; send it as the metadata `nurture`.
        text: The plain text, lines ended by LF; None where there is none.
        html: The HTML; None where there is none.
    """

    subject: str
    sender: str
    sender_name: str
    sender_address: str
    recipient: str
    reply_to: str | None
    headers: tuple[tuple[str, str], ...]
    message_id: str
    token: str
    text: str | None
    html: str | None


def composed(mail: Mail) -> Composed:
    """Take a mail apart.

    Raises:
        ValueError: It has no sender, or attachments, which our mails never have; or goes to what is no address.
    """
    if not is_one_address(mail.recipient):
        raise ValueError("the recipient's address cannot be written in a request")
    message = _PARSER.parsebytes(mail.data)
    fields = [(name, _unfolded(value)) for name, value in message.raw_items()]
    first = {name.lower(): value for name, value in reversed(fields)}
    sender, name, address = _sender(first.get("from", ""))
    bodies = _bodies(message)
    return Composed(
        subject=_decoded(first.get("subject", "")),
        sender=sender,
        sender_name=name,
        sender_address=address,
        recipient=mail.recipient,
        reply_to=_decoded(first["reply-to"]) if "reply-to" in first else None,
        headers=tuple(
            (name, _decoded(value))
            for name, value in fields
            if name.lower() not in _NOT_OURS_TO_SET and not name.lower().startswith("content-")
        ),
        message_id=mail.message_id,
        token=mail.message_id.strip("<>").partition("@")[0],
        text=bodies.get("text/plain"),
        html=bodies.get("text/html"),
    )


@lru_cache(maxsize=64)
def _sender(field: str) -> tuple[str, str, str]:
    """The field, the name and the address: the same for all mails of a workspace, and slow to read."""
    header: Any = SMTP.header_factory("From", field)
    if len(header.addresses) != 1:
        raise ValueError("a mail has one sender")
    return str(header), header.addresses[0].display_name, header.addresses[0].addr_spec


def _bodies(message: Message) -> dict[str, str]:
    """The text of each kind of part."""
    found: dict[str, str] = {}
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if kind not in ("text/plain", "text/html") or kind in found or part.get_content_disposition() == "attachment":
            raise ValueError("a mail with attachments cannot be taken apart")
        octets = part.get_payload(decode=True)
        charset = part.get_content_charset("utf-8")
        found[kind] = octets.decode(charset, "replace").replace("\r\n", "\n") if isinstance(octets, bytes) else ""
    return found


def _unfolded(value: Any) -> str:
    """A field on one line (RFC 5322 §2.2.3)."""
    return _FOLD.sub("", str(value)).strip()


def _decoded(value: str) -> str:
    """Encoded words as they are read (RFC 2047)."""
    return str(make_header(decode_header(value))) if "=?" in value else value
