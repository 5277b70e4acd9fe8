"""The signed link that confirms a new address, and the mail that carries it."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from nurture.mail.tokens import numbers, opened, read_numbers, sealed
from nurture.messages import Mail

NO_DELIVERY = 0
"""No campaign's mail: it carries this instead of a delivery's id."""


def address_token(secret: str, asked_id: int) -> str:
    """For `/e/{token}`. How long it is good stands with what was asked for."""
    return sealed(secret, "address", numbers(asked_id))


def read_address(secret: str, token: str) -> int | None:
    """Give the number of what was asked for, out of a `/e/{token}`."""
    payload = opened(secret, "address", token)
    found = payload and read_numbers(payload, 1)
    return found[0][0] if found and not found[1] else None


@dataclass(frozen=True, slots=True)
class AddressLetter:
    """What the mail with the link says; its lines are texts of `nurture.pages`."""

    subject: str
    hello: str
    text: str
    until: str
    company: str
    language: str


def address_mail(letter: AddressLetter, *, sender: str, envelope: str, to: str, token: str, base_url: str,
                 now: datetime) -> Mail:  # fmt: skip
    """Make the mail: plain text, the link as it is, nothing tracked.

    Args:
        letter: its words.
        sender: who it is from, `Name <address>`.
        envelope: that address alone.
        to: the new address.
        token: of the link.
        base_url: where our pages are, without a slash at the end.
        now: business time.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<e.{token}@{envelope.rpartition('@')[2]}>"
    mail["Content-Language"] = letter.language
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    lines = (letter.hello, "", letter.text, "", f"{base_url}/e/{token}", "", letter.until, "", letter.company)
    mail.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return Mail(NO_DELIVERY, envelope, to, str(mail["Message-ID"]), mail.as_bytes())
