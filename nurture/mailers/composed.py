"""A finished mail taken apart again, for providers that want its pieces instead of the whole.

The pieces are read from the very octets that SMTP would send (by the standard library's parser), so that a mail says
the same whichever way it goes.
"""

from dataclasses import dataclass
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any

from nurture.mailers.recipients import is_one_address
from nurture.messages import Mail

_NOT_OURS_TO_SET = frozenset(
    {"from", "to", "subject", "reply-to", "date", "message-id", "mime-version", "dkim-signature"}
)
"""Fields that have a place of their own in every API, or that a provider writes itself."""
_PARSER = BytesParser(policy=SMTP)


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
    from_ = message["From"]
    if not isinstance(from_, AddressHeader) or len(from_.addresses) != 1:
        raise ValueError("a mail has one sender")
    return Composed(
        subject=_unfolded(message["Subject"] or ""),
        sender=_unfolded(from_),
        sender_name=from_.addresses[0].display_name,
        sender_address=from_.addresses[0].addr_spec,
        recipient=mail.recipient,
        reply_to=_unfolded(message["Reply-To"]) if message["Reply-To"] else None,
        headers=tuple(
            (name, _unfolded(value))
            for name, value in message.items()
            if name.lower() not in _NOT_OURS_TO_SET and not name.lower().startswith("content-")
        ),
        message_id=mail.message_id,
        token=mail.message_id.strip("<>").partition("@")[0],
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str | None:
    if any(True for _ in message.iter_attachments()):
        raise ValueError("a mail with attachments cannot be taken apart")
    part = message.get_body((kind,))
    if part is None:
        return None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def _unfolded(value: Any) -> str:
    return " ".join(str(value).split()) if "\n" in str(value) else str(value)
