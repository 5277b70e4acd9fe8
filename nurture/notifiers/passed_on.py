"""A mail that a lead wrote, passed on to a person of ours: what it says, and the whole mail as it came.

An answer to it goes to the lead itself, never back to us. It says that a program sent it (RFC 3834), so that no program
answers, and has an id by which we know it again should it come back.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.policy import SMTP, compat32
from email.utils import format_datetime, parseaddr

from nurture.messages import Mail
from nurture.notifiers.email import NO_DELIVERY
from nurture.notifiers.wording import one_line

_ADDRESS = re.compile(r"[^\s@<>\",;:]+@[^\s@<>\",;:]+")
_LONGEST_LINE = 998
_MOST_SAID = 10_000
_MOST_PARTS = 50
"""Of a mail with more parts within each other the stdlib can make nothing."""
_PART = re.compile(rb"multipart/|message/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What is passed on.

    Attributes:
        id: Of the mail that came in.
        writer: Who wrote it, as far as we know, such as `Jo Hill, Buyer Inc.`.
        address: Where an answer goes: what the mail's `From` says; None where it says nothing.
        subject: The mail's.
        said: The writer's own words.
        note: What has come of it, one sentence.
        raw: The mail as it came.
        at: When.
    """

    id: int
    writer: str
    address: str | None
    subject: str
    said: str
    note: str
    raw: bytes
    at: datetime


def passed_on(what: PassedOn, *, sender: str, recipient: str) -> Mail:
    """Give the finished mail. The same every time, so that one that is sent twice is seen to be one."""
    own = parseaddr(sender)[1]
    domain = own.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, recipient
    if what.address is not None and _ADDRESS.fullmatch(what.address):
        mail["Reply-To"] = what.address
    mail["Subject"] = one_line(f"{what.writer} wrote: {what.subject}", 150)
    mail["Date"] = format_datetime(what.at)
    mail["Message-ID"] = f"<forward.{what.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_text(what), cte="quoted-printable")
    _attach(mail, what.raw)
    mail.set_boundary(f"=_forward-{what.id}")
    return Mail(NO_DELIVERY, own, recipient, str(mail["Message-ID"]), mail.as_bytes())


def _text(what: PassedOn) -> str:
    said = what.said.strip()[:_MOST_SAID] or "(The mail has no words of its own; it is attached as it came.)"
    answer = "Answer this mail to write to them." if what.address else "The mail names nobody to answer to."
    lines = [
        f"{one_line(what.writer, 200)} wrote:",
        "",
        said,
        "",
        "--",
        what.note,
        f"{answer} The whole mail is attached.",
    ]
    return "\n".join(lines) + "\n"


def _attach(mail: EmailMessage, raw: bytes) -> None:
    """Attach the mail as a mail where it can travel so, else as a file.

    `message/rfc822` may not be encoded (RFC 2046 section 5.2.1), so what has 8-bit or overlong lines goes as octets.
    """
    lines = raw.splitlines()
    is_plain = raw.isascii() and b"\x00" not in raw and max(map(len, lines), default=0) <= _LONGEST_LINE
    if is_plain and sum(1 for _ in _PART.finditer(raw)) <= _MOST_PARTS:
        original = message_from_bytes(b"\r\n".join(lines) + b"\r\n", policy=compat32)
        if not original.defects:
            mail.make_mixed()
            part = MIMEMessage(original)
            part.add_header("Content-Disposition", "attachment", filename="mail.eml")
            mail.attach(part)  # type: ignore[arg-type]  # what it takes is any part
            return
    mail.add_attachment(raw, maintype="application", subtype="octet-stream", filename="mail.eml")
