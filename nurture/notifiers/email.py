"""A mail to the rep: who, why now, the evidence, and a button to the page that takes the answer.

How a mail leaves is not known here: `send` is given by the app, so that a notice goes out by whatever mailer is set.
News to sales is sent at least once: a mail whose answer was lost is sent again, with the same `Message-ID`.
"""

import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from nurture.agreement import Agreement
from nurture.errors import NotifierError
from nurture.messages import Mail, Notice, Receipt
from nurture.notifiers import wording
from nurture.notifiers.packet import Packet, read_packet
from nurture.settings import Settings

Send = Callable[[Mail], Receipt]
"""Hands one finished mail to the mail server and says what became of it."""

NO_DELIVERY = 0
"""A notice is no lead's mail: its `Mail` carries this instead of a delivery's id."""

_LINES = 10
_ADDRESS = re.compile(r"[^\s@<>\",;]+@[^\s@<>\",;]+")
_FAILED = {
    "refused": "the mail server refused it",
    "put_off": "the mail server put it off",
    "held": "the mail server takes no mails at the moment",
    "unknown": "the mail server's answer was lost",
}
_LETTERS = Environment(
    loader=PackageLoader("nurture.notifiers", "letters"),
    autoescape=select_autoescape(enabled_extensions=("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class EmailNotifier:
    """Mails each notice to its recipient."""

    def __init__(self, send: Send, *, sender: str, zone: ZoneInfo) -> None:
        """`sender` is `Name <address>`; `zone` is where sales works, for the times in the mail."""
        self._send, self._sender, self._zone = send, sender, zone

    def notify(self, notice: Notice) -> None:
        """Send the mail.

        Raises:
            NotifierError: Permanent where the server refused it for good or there is nobody to send it to.
        """
        if not _ADDRESS.fullmatch(notice.recipient or ""):
            raise NotifierError("there is no address to mail: the handoff's owner is not one", permanent=True)
        receipt = self._send(letter(notice, self._sender, self._zone))
        if receipt.outcome != "sent":
            reply = wording.one_line(receipt.reply, 200)
            raise NotifierError(f"{_FAILED[receipt.outcome]}: {reply}", permanent=receipt.outcome == "refused")


def build(_: Settings, agreement: Agreement, send: Send) -> EmailNotifier:
    """The channel: it needs nothing of its own, mail leaves as all mail does."""
    return EmailNotifier(send, sender=str(agreement.company.sender), zone=ZoneInfo(agreement.sla.hours.timezone))


def letter(notice: Notice, sender: str, zone: ZoneInfo) -> Mail:
    """The finished mail: multipart text and HTML, the page's link as it is, nothing tracked."""
    packet = read_packet(notice.data)
    address = parseaddr(sender)[1]
    domain = address.rpartition("@")[2]
    recipient = notice.recipient or ""
    words = _words(notice.kind, packet, zone)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, recipient
    mail["Subject"] = subject(notice.kind, packet)
    mail["Date"] = format_datetime(notice.at)
    mail["Message-ID"] = f"<notice.{_token(notice.id)}@{domain}>"
    mail["References"] = f"<handoff.{packet.handoff.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_LETTERS.get_template("notice.txt").render(words), cte="quoted-printable")
    mail.add_alternative(_LETTERS.get_template("notice.html").render(words), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{_token(notice.id)[:60]}")  # fixed, so that a retry is the same mail; QP never holds `=_`
    return Mail(NO_DELIVERY, address, recipient, str(mail["Message-ID"]), mail.as_bytes())


def subject(kind: str, packet: Packet) -> str:
    """Who and why, in at most 150 characters."""
    return wording.one_line(f"{wording.headline(kind, packet)}: {wording.why_now(packet)}", 150)


def _words(kind: str, packet: Packet, zone: ZoneInfo) -> dict[str, object]:
    offered = packet.handoff.state == "offered"
    return {
        "headline": wording.headline(kind, packet),
        "position": wording.position_of(packet.lead),
        "lead_email": wording.one_line(packet.lead.email, 100),
        "because": wording.why_now(packet),
        "url": packet.url,
        "due": _moment(packet.handoff.accept_due_at, zone) if offered else "",
        "facts": _facts(packet),
        "lists": [(title, lines) for title, lines in _lists(packet, zone) if lines],
    }


def _facts(packet: Packet) -> list[tuple[str, str]]:
    lead = packet.lead
    criteria = ", ".join(wording.criterion(line) for line in wording.held(packet))
    pairs = (
        ("Grade", f"{packet.grade} ({criteria})" if criteria else packet.grade),
        ("Score", wording.number(packet.score)),
        ("Country", lead.country),
        ("Industry", lead.industry),
        ("Employees", lead.employees),
        ("Source", lead.source),
        ("Owner", packet.owner),
    )
    return [(name, wording.one_line(value, 300)) for name, value in pairs if value not in (None, "")]


def _lists(packet: Packet, zone: ZoneInfo) -> tuple[tuple[str, list[str]], ...]:
    return (
        ("What the score is made of", [f"{wording.row(r)}: {wording.number(r.worth)}" for r in packet.rows[:_LINES]]),
        (
            "What they did",
            [f"{_moment(did.at, zone)}: {wording.did(did)}" for did in packet.timeline[:_LINES]],
        ),
        (
            "What they answered",
            [wording.answer(answer) for answer in packet.answers[:_LINES]],
        ),
        ("Mails they received", [wording.mail(sent, zone) for sent in packet.mails[:_LINES]]),
        ("Before", [wording.earlier(round_) for round_ in packet.earlier[:_LINES]]),
    )


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return wording.moment(at, zone) if at else ""


def _token(identity: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", identity)
