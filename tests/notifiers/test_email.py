import email
import smtplib
import socket
from dataclasses import replace
from datetime import UTC, datetime
from email.policy import default
from html.parser import HTMLParser

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import NotifierError
from nurture.messages import Mail, Receipt
from nurture.notifiers.email import EmailNotifier, letter
from tests.notifiers.packets import (
    BOSS,
    NASTY,
    NEWS,
    OTHER,
    READER,
    REP,
    URL,
    bare_packet,
    news,
    notice,
    packet,
    packet_with,
)

SENDER = "Ada at Acme <ada@news.acme.example>"


def written(data=None, **changes):
    mail = letter(changes.get("notice") or notice(data, **changes), SENDER, READER)
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
        "Maria Rossi is ready for sales: "
        "Maria looked at our prices 3 times today and downloaded a whitepaper on Thursday."
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
        "+1 312 555 0100",
        "Maria looked at our prices 3 times today and downloaded a whitepaper on Thursday.",
        "A: Decision maker +30, Big enough +30; not known: Served country",
        "61.5",
        "Ada Reyes",
        "“We may need two of them. Call me?”",
        "Pricing page, 3 times on 3 Mar 2026 (2 counted): 40",
        "Tue 3 Mar 2026, 14:04 CST: Visited /pricing (3 times)",
        "and 12 more",
        "When will you decide? This quarter",
        "“Who else has one”, sent Wed 25 Feb 2026, 09:00 CST, clicked",
        "Not ready: questions, sent Wed 18 Feb 2026, 09:00 CST",
        "10 Jan 2026: Not ready to buy, “Call me in March” (rep.one@acme.example)",
        "Wed 4 Mar 2026, 11:05 CST",
        URL,
    ]:
        assert said in text
        assert said in " ".join(" ".join(page.words).split())


def test_who_raised_a_hand_is_announced_so():
    mail, parsed = written(bare_packet())
    assert parsed["Subject"] == "someone@example.com asks to talk to you: They requested a demo today."
    assert b"None" not in mail.data


def test_a_retry_is_the_same_mail():
    assert written()[0] == written()[0]
    assert written()[0].message_id == "<notice.ntc_42_webhook@news.acme.example>"


def assert_fit_for_smtp(mail: Mail) -> None:
    lines = mail.data.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    parsed = email.message_from_bytes(mail.data, policy=default)
    assert len(" ".join(parsed["Subject"].split())) <= 150  # the library may put a blank more where it folds
    assert parsed["Bcc"] is None
    assert set(parsed.keys()) - {"In-Reply-To"} == {
        "From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert not parsed.defects
    page = Page()
    page.feed(list(parsed.iter_parts())[1].get_content())
    assert page.links == [URL]
    assert "b" not in page.tags


@pytest.mark.parametrize("kind", NEWS)
@pytest.mark.parametrize("text", NASTY)
def test_what_a_lead_writes_adds_no_header_and_no_markup(text, kind):
    assert_fit_for_smtp(letter(notice(packet_with(text), kind=kind), SENDER, READER))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300), st.sampled_from(sorted(NEWS)))
@settings(max_examples=40, deadline=None)
def test_no_text_at_all_breaks_the_mail(text, kind):
    assert_fit_for_smtp(letter(notice(packet_with(text), kind=kind), SENDER, READER))


def test_each_kind_has_words_of_its_own():
    said = {kind: written(None, notice=news(kind))[1]["Subject"] for kind in NEWS}
    assert said == {
        "lead.requalified": (
            "Maria Rossi is ready for sales: "
            "Maria looked at our prices 3 times today and downloaded a whitepaper on Thursday."
        ),
        "handoff.reminded": "Maria Rossi waits for your answer",
        "handoff.escalated": "Ada Reyes has not tried to reach Maria Rossi",
        "handoff.reassigned": (
            "Maria Rossi is yours now: "
            "Maria looked at our prices 3 times today and downloaded a whitepaper on Thursday."
        ),
        "handoff.returned": "Maria Rossi went back to nurture",
        "handoff.outcome_asked": "What became of Maria Rossi?",
        "lead.active": "Maria Rossi is active again",
    }
    assert len({written(None, notice=news(kind))[0].data for kind in NEWS}) == len(NEWS)


@pytest.mark.parametrize(
    ("kind", "said", "recipient", "words"),
    [
        ("handoff.reminded", {"promise": "accept"}, REP, "Your answer was due Tue 3 Mar 2026, 10:05 CST. Maria looked"),
        ("handoff.reminded", {"promise": "attempts"}, REP, "No attempt was made so far; all were due by Tue 3 Mar"),
        (
            "handoff.escalated",
            {},
            BOSS,
            "It was due Tue 3 Mar 2026, 10:05 CST, 4 hours ago. No attempt was made",
        ),
        ("handoff.reassigned", {}, OTHER, "Reason: it was not answered in time. You need not do anything more."),
        (
            "handoff.returned",
            {},
            REP,
            "It was not answered in time, which was due Tue 3 Mar 2026, 10:05 CST (it was",
        ),
        (
            "handoff.outcome_asked",
            {},
            REP,
            "You have had this lead since Tue 3 Mar 2026, 14:05 CST. No attempt was",
        ),
        ("lead.active", {}, REP, "Maria looked at the docs page twice today."),
    ],
)
def test_each_kind_says_what_happened_and_what_is_asked(kind, said, recipient, words):
    _, mail = written(None, notice=news(kind, said=said, recipient=recipient))
    text = " ".join(next(iter(mail.iter_parts())).get_content().split())
    assert words in text
    assert URL in text


def test_only_who_has_not_seen_the_lead_gets_all_the_evidence():
    lists = {kind: "What they did" in written(None, notice=news(kind))[0].data.decode() for kind in NEWS}
    assert {kind for kind, has in lists.items() if has} == {"lead.requalified", "handoff.reassigned"}


def test_all_mails_of_a_handoff_are_one_thread():
    _, first = written()
    _, second = written(None, notice=replace(news("handoff.reminded"), id="ntc_43", thread="ntc_42_webhook"))
    assert first["References"] == "<handoff.42@news.acme.example>"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["References"] == first["Message-ID"]


def test_an_owner_hears_of_a_lead_that_sales_does_not_have():
    data = {"lead": packet()["lead"], "news": NEWS["lead.active"]}
    _, mail = written(None, notice=notice(data, kind="lead.active"))
    assert mail["References"] is None
    assert "Maria looked at the docs page twice today." in next(iter(mail.iter_parts())).get_content()


def test_only_what_looks_like_a_telephone_number_is_shown_as_one():
    for odd in ("+1 312 555 0100<b>", "call me", "javascript:1", "+" + "1" * 60, {"a": 1}):
        full = packet()
        _, mail = written(packet(lead={**full["lead"], "attributes": {"phone": odd}}))
        assert " · " not in next(iter(mail.iter_parts())).get_content()


def test_it_says_when_somebody_else_has_taken_the_lead():
    full = packet()
    taken = packet(handoff={**full["handoff"], "state": "accepted"}, owner=OTHER)
    _, mail = written(taken)
    assert "rep.two@acme.example has accepted already." in next(iter(mail.iter_parts())).get_content()


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

        EmailNotifier(send, sender=SENDER, reader=READER).notify(notice())
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
    notifier = EmailNotifier(lambda mail: Receipt(0, outcome, "550 no such\nuser"), sender=SENDER, reader=READER)
    with pytest.raises(NotifierError, match=words) as caught:
        notifier.notify(notice())
    assert caught.value.permanent is permanent


@pytest.mark.parametrize("recipient", [None, "", "Rep One", "a@b.example, c@d.example", "a@b\r\nBcc: x@y.example"])
def test_without_an_address_nothing_is_sent(recipient):
    def send(mail: Mail) -> Receipt:
        raise AssertionError("nothing may be sent")

    with pytest.raises(NotifierError, match="no address") as caught:
        EmailNotifier(send, sender=SENDER, reader=READER).notify(notice(recipient=recipient))
    assert caught.value.permanent


def test_nothing_about_an_offer_already_answered_is_asked_for():
    full = packet()
    _, mail = written(packet(handoff={**full["handoff"], "state": "accepted"}))
    assert "Please answer" not in next(iter(mail.iter_parts())).get_content()
