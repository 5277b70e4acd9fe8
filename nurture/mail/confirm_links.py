"""The signed link by which somebody confirms a form, and the mail that carries it."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from nurture.mail.single_mails import finished, number_token, read_number, single_mail
from nurture.messages import Mail

_PURPOSE = "confirm"


def confirm_token(secret: str, confirmation_id: int) -> str:
    """For `/y/{token}`. How long it is good stands with what was asked."""
    return number_token(secret, _PURPOSE, confirmation_id)


def read_confirm(secret: str, token: str) -> int | None:
    """Give the number of the question, out of a `/y/{token}`."""
    return read_number(secret, _PURPOSE, token)


@dataclass(frozen=True, slots=True)
class ConfirmLetter:
    """What the mail says, text by text, as `nurture.pages` has them; `wording` is what the form asked to agree to."""

    subject: str
    hello: str
    text: str
    wording: str | None
    button: str
    until: str
    company: str
    language: str


def confirm_mail(
    letter: ConfirmLetter, *, sender: str, envelope: str, reply_to: str, to: str, url: str, now: datetime
) -> Mail:
    """Make the mail: text and HTML, the link as it is, nothing tracked, nothing advertised.

    Args:
        letter: its words.
        sender: who it is from, `Name <address>`.
        envelope: that address alone.
        reply_to: where answers go.
        to: the address that a form named.
        url: the page with the button.
        now: business time.
    """
    quoted = () if letter.wording is None else (f"> {letter.wording}", "")
    lines = (letter.hello, "", letter.text, "", *quoted, url, "", letter.until, "", letter.company)
    mail = single_mail(
        lines, subject=letter.subject, sender=sender, envelope=envelope, to=to, name=f"y.{url.rpartition('/')[2]}",
        language=letter.language, now=now,
    )  # fmt: skip
    mail["Reply-To"] = reply_to
    mail.add_alternative(_html(letter, url), subtype="html", cte="quoted-printable")
    return finished(mail, envelope, to)


def _html(letter: ConfirmLetter, url: str) -> str:
    quoted = "" if letter.wording is None else f"<blockquote>{escape(letter.wording)}</blockquote>"
    button = (
        f'<p><a href="{escape(url)}" style="display:inline-block;padding:10px 18px;border-radius:4px;'
        f'background:#1a4d8f;color:#ffffff;text-decoration:none">{escape(letter.button)}</a></p>'
    )
    return (
        f'<!doctype html><html lang="{escape(letter.language)}"><head><meta charset="utf-8">'
        f"<title>{escape(letter.subject)}</title></head>"
        '<body style="font-family:sans-serif;line-height:1.5;max-width:34em">'
        f"<p>{escape(letter.hello)}</p><p>{escape(letter.text)}</p>{quoted}{button}"
        f"<p>{escape(letter.until)}</p><p>{escape(letter.company)}</p></body></html>\n"
    )
