import email
import smtplib
import socket
from datetime import UTC, datetime
from email.policy import default
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import NotifierError
from nurture.messages import Mail, Receipt
from nurture.notifiers.email import EmailNotifier, letter
from tests.notifiers.packets import NASTY, URL, bare_packet, notice, packet, packet_with

CHICAGO = ZoneInfo("America/Chicago")
SENDER = "Ada at Acme <ada@news.acme.example>"


def written(data=None, **changes):
    mail = letter(notice(data, **changes), SENDER, CHICAGO)
    return mail, email.message_from_bytes(mail.data, policy=default)


class Page(HTMLParser):
    """The links and the words of a page, and the tags that were left open."""

    def __init__(self):
        super().__init__()
        self.links, self.words, self.tags, self.open = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_subject_says_who_and_why():
    _, mail = written()
    assert mail["Subject"] == (
        "Maria Rossi is ready for sales: Came back to the pricing page 3 times today, "
        "a week after downloading the whitepaper."
    )
    assert mail["To"] == "rep.one@acme.example"
    assert mail["From"] == SENDER
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == datetime(2026, 3, 3, 20, 5, tzinfo=UTC)


def test_both_parts_carry_the_evidence_and_the_link_as_it_is():
    _, mail = written()
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in mail.iter_parts())
    page = Page()
    page.feed(html)
    assert page.links == [URL]
    assert page.open == []
    assert "img" not in page.tags
    for said in [
        "VP Operations at Acme Robotics",
        "maria.rossi@acme.example",
        "Came back to the pricing page 3 times today",
        "A (Decision maker +30, Big enough +30)",
        "61.5",
        "Pricing page, 3 times on 3 Mar 2026 (2 counted): 40",
        "Tue 3 Mar 2026, 14:04 CST: Visited /pricing",
        "Timing: This quarter",
        "Proof, sent Wed 25 Feb 2026, 09:00 CST, clicked",
        "10 Jan 2026: Not ready, “Call me in March” (rep.one@acme.example)",
        "Wed 4 Mar 2026, 11:05 CST",
        URL,
    ]:
        assert said in text
        assert said in " ".join(" ".join(page.words).split())


def test_who_raised_a_hand_is_announced_so():
    mail, parsed = written(bare_packet())
    assert parsed["Subject"] == "someone@example.com asks to talk to you: Asked for a demo."
    assert b"None" not in mail.data


def test_a_retry_is_the_same_mail():
    assert written()[0] == written()[0]
    assert written()[0].message_id == "<notice.ntc_42_webhook@news.acme.example>"


def assert_fit_for_smtp(mail: Mail) -> None:
    lines = mail.data.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    parsed = email.message_from_bytes(mail.data, policy=default)
    assert len(parsed["Subject"]) <= 150
    assert parsed["Bcc"] is None
    assert set(parsed.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert not parsed.defects
    page = Page()
    page.feed(list(parsed.iter_parts())[1].get_content())
    assert page.links == [URL]
    assert "b" not in page.tags


@pytest.mark.parametrize("text", NASTY)
def test_what_a_lead_writes_adds_no_header_and_no_markup(text):
    assert_fit_for_smtp(letter(notice(packet_with(text)), SENDER, CHICAGO))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
@settings(max_examples=40, deadline=None)
def test_no_text_at_all_breaks_the_mail(text):
    assert_fit_for_smtp(letter(notice(packet_with(text)), SENDER, CHICAGO))


class Keep(Message):
    """Keeps the messages it is handed."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def handle_message(self, message):
        self.kept.append(message)


def test_it_arrives_over_real_smtp():
    keep = Keep()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(keep, hostname="127.0.0.1", port=port)
    server.start()
    try:

        def send(mail: Mail) -> Receipt:
            with smtplib.SMTP("127.0.0.1", port) as smtp:
                smtp.sendmail(mail.sender, [mail.recipient], mail.data)
            return Receipt(mail.delivery_id, "sent")

        EmailNotifier(send, sender=SENDER, zone=CHICAGO).notify(notice())
    finally:
        server.stop()
    [arrived] = keep.kept
    assert arrived["X-MailFrom"] == "ada@news.acme.example"
    assert arrived["X-RcptTo"] == "rep.one@acme.example"
    [text, html] = [part.get_payload(decode=True).decode() for part in arrived.get_payload()]
    assert URL in text
    assert f'href="{URL}"' in html


@pytest.mark.parametrize(
    ("outcome", "permanent", "words"),
    [
        ("refused", True, "refused it: 550 no such user"),
        ("put_off", False, "put it off: 550"),
        ("unknown", False, "was lost"),
    ],
)
def test_a_mail_not_sent_is_an_error(outcome, permanent, words):
    notifier = EmailNotifier(lambda mail: Receipt(0, outcome, "550 no such\nuser"), sender=SENDER, zone=CHICAGO)
    with pytest.raises(NotifierError, match=words) as caught:
        notifier.notify(notice())
    assert caught.value.permanent is permanent


@pytest.mark.parametrize("recipient", [None, "", "Rep One", "a@b.example, c@d.example", "a@b\r\nBcc: x@y.example"])
def test_without_an_address_nothing_is_sent(recipient):
    def send(mail: Mail) -> Receipt:
        raise AssertionError("nothing may be sent")

    with pytest.raises(NotifierError, match="no address") as caught:
        EmailNotifier(send, sender=SENDER, zone=CHICAGO).notify(notice(recipient=recipient))
    assert caught.value.permanent


def test_nothing_about_an_offer_already_answered_is_asked_for():
    full = packet()
    _, mail = written(packet(handoff={**full["handoff"], "state": "accepted"}))
    assert "Please answer" not in next(iter(mail.iter_parts())).get_content()
