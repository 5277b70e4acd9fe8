"""What a mail to one person on one occasion has in common with its like: it is no campaign's, and nothing is tracked.

Its link carries the number of what was asked for. How long it is good stands there, not in the link.
"""

from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from nurture.mail.tokens import numbers, opened, read_numbers, sealed
from nurture.messages import Mail

NO_DELIVERY = 0
"""No campaign's mail: it carries this instead of a delivery's id."""


def number_token(secret: str, purpose: str, number: int) -> str:
    """Give the token of a number, for this purpose alone."""
    return sealed(secret, purpose, numbers(number))


def read_number(secret: str, purpose: str, token: str) -> int | None:
    """Give the number out of such a token."""
    payload = opened(secret, purpose, token)
    found = payload and read_numbers(payload, 1)
    return found[0][0] if found and not found[1] else None


def single_mail(
    lines: Iterable[str], *, subject: str, sender: str, envelope: str, to: str, name: str, language: str, now: datetime
) -> EmailMessage:
    """Make a mail of plain text that no program answers (RFC 3834 section 5).

    Args:
        lines: its text.
        subject: its subject.
        sender: who it is from, `Name <address>`.
        envelope: that address alone.
        to: whom it is for.
        name: its `Message-ID`, before the @.
        language: what it is written in.
        now: business time.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{name}@{envelope.rpartition('@')[2]}>"
    mail["Content-Language"] = language
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return mail


def finished(mail: EmailMessage, envelope: str, to: str) -> Mail:
    """Give it as mailers take it."""
    return Mail(NO_DELIVERY, envelope, to, str(mail["Message-ID"]), mail.as_bytes())
