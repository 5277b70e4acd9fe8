"""Mails as we render them, and what of a mail must get there whichever way it goes, read by the standard library."""

import email
import email.policy
from dataclasses import dataclass
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.utils import getaddresses

from nurture.messages import Mail
from tests.mail.making import sent, text_mail

LINES = "".join(f"<p>Zeile {number}: Müller &amp; Söhne grüßen aus Köln 🎉</p>\n" for number in range(3000))
LETTERS = {
    "umlauts and emoji": text_mail(
        '<p>Grüße, {{ lead.first_name }} 🎉 – „schön“</p><p>.a line that begins with a dot</p>\n<a href="https://a.example/?ä=1">x</a>',
        head='subject: "Grüße aus Köln, {{ lead.first_name }} 🎉"',
    ),
    "a long subject": text_mail("<p>Hi</p>", head=f'subject: "{"Wie gut ist Ihre Anlage wirklich? " * 7}"'),
    "200 kB of text": text_mail(LINES, head='subject: "Viel"'),
}
NAMED = text_mail(
    '<p>Hi {{ lead.first_name }} {{ lead.last_name }}</p><a href="https://a.example/">x</a>', head='subject: "Hello"'
)
NAMES = {"first_name": "Zoë", "last_name": "O'Neill-Ångström"}


def letter(kind: str = "umlauts and emoji", number: int = 1, **lead: str) -> Mail:
    """One of them; the address and the ids follow from the number. A lead of another name gets what names it."""
    known = {"email": f"lead{number}@example.com", **NAMES, **lead}
    return sent(NAMED if lead else LETTERS[kind], known, delivery_id=number, lead_id=1000 + number)


@dataclass(frozen=True)
class Seen:
    """What a reader or a mail program sees. `headers` are those that providers leave alone, by lower-case name."""

    recipient: str
    sender: tuple[str, str]
    reply_to: tuple[str, str]
    subject: str
    message_id: str
    headers: dict[str, str]
    text: str
    html: str
    token: str


KEPT = ("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id")


def seen(data: bytes, recipient: str, token: str | None = None) -> Seen:
    """What a message says. Its header fields must be as they stand in it, on one line where RFC 8058 wants that."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert sorted(name.lower() for name in message) == sorted({name.lower() for name in message})
    raw = email.message_from_bytes(data, policy=email.policy.compat32)
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    message_id = str(message["Message-ID"]).strip()
    return Seen(
        recipient=recipient,
        sender=_mailbox(message["From"]),
        reply_to=_mailbox(message["Reply-To"]),
        subject=str(message["Subject"]),
        message_id=message_id,
        headers={name: raw[name] for name in KEPT},
        text=text,
        html=html,
        token=token or message_id.strip("<>").partition("@")[0],
    )


def rendered(mail: Mail) -> Seen:
    """What must get there."""
    return seen(mail.data, mail.recipient)


def mailbox(text: str) -> tuple[str, str]:
    """Name and address of what stands in a provider's field."""
    ((name, address),) = getaddresses([text])
    return name, address


def _mailbox(header: AddressHeader) -> tuple[str, str]:
    (found,) = header.addresses
    return found.display_name, found.addr_spec
