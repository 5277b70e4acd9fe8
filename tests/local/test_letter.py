"""What a make-believe reader sees in a real mail."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from nurture.local.letter import Letter
from tests.local.letters import BASE, letter, workspace

TEMPLATES = sorted({step.template for campaign in workspace().campaigns.values() for step in campaign.steps})


def own(html: str, text: str = "", **headers: str) -> Letter:
    mail = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    return Letter("maria@kestrel.example", mail.as_bytes())


def test_a_reader_sees_the_link_and_not_the_hidden_one() -> None:
    mail = letter("questions", template="not-ready/three-questions")
    assert len(mail.links) == 1
    assert mail.links[0].startswith(f"{BASE}/c/")
    hidden = [url for url in mail.everything if url.startswith(f"{BASE}/c/") and url not in mail.links]
    assert len(hidden) == 1, "a program finds the hidden one, too"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_shipped_mail_can_be_acted_on(template: str) -> None:
    mail = letter("any", template=template)
    assert mail.links or mail.answers
    assert mail.pixel
    assert mail.pixel.startswith(f"{BASE}/o/")
    assert mail.one_click
    assert mail.one_click == mail.unsubscribe
    assert mail.header("Subject")
    assert mail.message_id.startswith("<d.")
    assert all(url.startswith((f"{BASE}/", "https://")) for url in mail.everything)


def test_a_survey_offers_its_answers_in_order() -> None:
    mail = letter("timing")
    assert len(mail.answers) == 4
    assert all(url.startswith(f"{BASE}/a/") for url in mail.answers)


def test_what_is_not_displayed_is_not_seen() -> None:
    mail = own(
        '<div style="display:none"><a href="http://x/c/1">one</a></div><a href="http://x/c/2" aria-hidden="true">2</a>'
        '<a style="max-height:0" href="http://x/c/3">three</a><td style="font-size:0px"><a href="http://x/c/4?a&amp;b">4</a>'
    )
    assert mail.links == ("http://x/c/4?a&b",)
    assert len(mail.everything) == 4


def test_one_click_is_offered_only_where_the_mail_says_so() -> None:
    assert own("", List_Unsubscribe="<http://x/u/1>").one_click is None
    offered = own(
        "", List_Unsubscribe="<mailto:a@b.example>, <http://x/u/1>", List_Unsubscribe_Post="List-Unsubscribe=One-Click"
    )
    assert offered.one_click == "http://x/u/1"


def test_a_notice_says_where_to_answer() -> None:
    assert own("", text="See why and answer:\nhttp://x/h/abc\n").handoff_page == "http://x/h/abc"
    assert own("", text="http://x/c/abc").handoff_page is None


def test_a_reminder_follows_the_mail_that_offered_the_lead() -> None:
    assert not own("<p>x</p>", Subject="Ready").follows
    assert own("<p>x</p>", Subject="Ready", In_Reply_To="<notice.1@news.acme.example>").follows


def test_encoded_subjects_are_read() -> None:
    assert own("", Subject="Drei Fragen, Jörg").header("Subject") == "Drei Fragen, Jörg"


def test_a_mail_without_any_part_is_no_trouble() -> None:
    empty = Letter("a@b.example", b"")
    assert (empty.links, empty.pixel, empty.one_click, empty.message_id) == ((), None, None, "")
