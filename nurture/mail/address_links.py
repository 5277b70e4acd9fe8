"""The signed link that confirms a new address, and the mail that carries it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from nurture.mail.single_mails import finished, number_token, read_number, single_mail
from nurture.messages import Mail

_PURPOSE = "address"


def address_token(secret: str, asked_id: int) -> str:
    """For `/e/{token}`. How long it is good stands with what was asked for."""
    return number_token(secret, _PURPOSE, asked_id)


def read_address(secret: str, token: str) -> int | None:
    """Give the number of what was asked for, out of a `/e/{token}`."""
    return read_number(secret, _PURPOSE, token)


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
    lines = (letter.hello, "", letter.text, "", f"{base_url}/e/{token}", "", letter.until, "", letter.company)
    mail = single_mail(
        lines, subject=letter.subject, sender=sender, envelope=envelope, to=to, name=f"e.{token}",
        language=letter.language, now=now,
    )  # fmt: skip
    return finished(mail, envelope, to)


def moved_mail(
    lines: Iterable[str], *, subject: str, language: str, sender: str, envelope: str, to: str, token: str, now: datetime
) -> Mail:
    """Make the mail that tells an address that mails go elsewhere now; it has no link.

    Args:
        lines: its text.
        subject: its subject.
        language: what it is written in.
        sender: who it is from, `Name <address>`.
        envelope: that address alone.
        to: the address before.
        token: of the link that was confirmed.
        now: business time.
    """
    mail = single_mail(
        lines, subject=subject, sender=sender, envelope=envelope, to=to, name=f"m.{token}", language=language, now=now
    )
    return finished(mail, envelope, to)
