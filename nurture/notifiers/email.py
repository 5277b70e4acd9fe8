"""A mail to the rep: why now, who, a button to the page that takes the answer; then the evidence.

How a mail leaves is not known here: `send` is given by the app, so that a notice goes out by whatever mailer is set.
News to sales is sent at least once: a mail whose answer was lost is sent again, with the same `Message-ID`.
"""

import re
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from nurture.agreement import Agreement
from nurture.errors import NotifierError
from nurture.messages import Mail, Notice, Receipt
from nurture.notifiers import wording
from nurture.notifiers.evidence_lists import evidence, facts
from nurture.notifiers.letter import written
from nurture.notifiers.news import read_news
from nurture.notifiers.reading import Reader, reader_of
from nurture.settings import Settings

Send = Callable[[Mail], Receipt]
"""Hands one finished mail to the mail server and says what became of it."""

NO_DELIVERY = 0
"""A notice is no lead's mail: its `Mail` carries this instead of a delivery's id."""

_LINES = 10
_LONGEST_SUBJECT = 150
_ADDRESS = re.compile(r"[^\s@<>\",;]+@[^\s@<>\",;]+")
_FAILED = {
    "refused": "the mail server refused it",
    "put_off": "the mail server put it off",
    "held": "the mail server takes no mails at the moment",
    "unknown": "the mail server's answer was lost",
}


class EmailNotifier:
    """Mails each notice to its recipient."""

    def __init__(self, send: Send, *, sender: str, reader: Reader) -> None:
        """`sender` is `Name <address>`; `reader` says where sales works, for the times in the mail."""
        self._send, self._sender, self._reader = send, sender, reader

    def notify(self, notice: Notice) -> None:
        """Send the mail.

        Raises:
            NotifierError: Permanent where the server refused it for good or there is nobody to send it to.
        """
        if not _ADDRESS.fullmatch(notice.recipient or ""):
            raise NotifierError("there is no address to mail: the handoff's owner is not one", permanent=True)
        receipt = self._send(letter(notice, self._sender, self._reader))
        if receipt.outcome != "sent":
            reply = wording.one_line(receipt.reply, 200)
            raise NotifierError(f"{_FAILED[receipt.outcome]}: {reply}", permanent=receipt.outcome == "refused")


def build(_: Settings, agreement: Agreement, send: Send) -> EmailNotifier:
    """The channel: it needs nothing of its own, mail leaves as all mail does."""
    return EmailNotifier(send, sender=str(agreement.company.sender), reader=reader_of(agreement))


def letter(notice: Notice, sender: str, reader: Reader) -> Mail:
    """The finished mail: multipart text and HTML, the page's link as it is, nothing tracked.

    All mails about one handoff are one thread.
    """
    address = parseaddr(sender)[1]
    domain = address.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, notice.recipient or ""
    is_digest = notice.kind.startswith("digest.")  # its words come with it: see `notifiers.digest`
    template, words = ("digest", dict(notice.data)) if is_digest else ("notice", _words(notice, reader))
    mail["Subject"] = wording.one_line(words["title"], _LONGEST_SUBJECT)
    mail["Date"] = format_datetime(notice.at)
    mail["Message-ID"] = f"<notice.{_token(notice.id)}@{domain}>"
    _thread(mail, notice, domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(written(f"{template}.txt", words), cte="quoted-printable")
    html = written(f"{template}.html", words)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{_token(notice.id)[:60]}")  # fixed, so that a retry is the same mail; QP never holds `=_`
    return Mail(NO_DELIVERY, address, notice.recipient or "", str(mail["Message-ID"]), mail.as_bytes())


def _thread(mail: EmailMessage, notice: Notice, domain: str) -> None:
    """Tie it to the mail that the handoff began with, or to the handoff itself, which that mail names."""
    handoff = notice.data.get("handoff")
    if notice.thread is not None:
        mail["In-Reply-To"] = mail["References"] = f"<notice.{_token(notice.thread)}@{domain}>"
    elif isinstance(handoff, Mapping):
        mail["References"] = f"<handoff.{handoff['id']}@{domain}>"


def _words(notice: Notice, reader: Reader) -> dict[str, object]:
    news = read_news(notice, reader)
    packet = news.packet if news.shows_evidence else None
    return {
        "title": news.headline if packet is None else f"{news.headline}: {wording.why_now(packet)}",
        "headline": news.headline,
        "position": wording.position_of(news.lead),
        "lead_email": wording.one_line(news.lead.email, 100),
        "phone": wording.phone_of(news.lead),
        "text": news.text,
        "button": news.button,
        "url": news.url,
        "label": news.label,
        "due": reader.moment(news.due) if news.due else "",
        "facts": [] if packet is None else facts(packet, reader),
        "lists": [] if packet is None else evidence(packet, reader, _LINES),
    }


def _token(identity: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", identity)
