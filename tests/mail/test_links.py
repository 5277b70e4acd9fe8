"""Signed links: what goes in comes out, and nothing else does."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mail import links
from nurture.mail.links import MailOfLead, SurveyAnswer, TrackedLink

SECRET = "a secret of the tests"
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
IDS = st.integers(min_value=0, max_value=2**63 - 1)
TEXTS = st.text(max_size=60)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

TOKENS = {
    "click": links.link_token(SECRET, TrackedLink(7, 9, 3, "https://acme.example/roi?a=1&b=ü")),
    "open": links.open_token(SECRET, MailOfLead(7, 9)),
    "unsubscribe": links.unsubscribe_token(SECRET, MailOfLead(7, 9)),
    "preferences": links.preferences_token(SECRET, MailOfLead(7, 9)),
    "answer": links.answer_token(SECRET, SurveyAnswer(7, 9, "timing", "now")),
    "handoff": links.handoff_token(SECRET, 7, NOW + timedelta(days=1)),
    "visitor": links.visitor_token(SECRET, 9),
}
READERS = {
    "click": links.read_link,
    "open": links.read_open,
    "unsubscribe": links.read_unsubscribe,
    "preferences": links.read_preferences,
    "answer": links.read_answer,
    "handoff": links.read_handoff,
    "visitor": links.read_visitor,
}


@given(IDS, IDS, st.integers(0, 5000), TEXTS)
def test_a_tracked_link_comes_back_as_it_went_in(delivery: int, lead: int, number: int, url: str) -> None:
    link = TrackedLink(delivery, lead, number, url)
    assert links.read_link(SECRET, links.link_token(SECRET, link)) == link


@given(IDS, IDS, st.lists(st.tuples(st.integers(0, 5000), TEXTS), max_size=4))
def test_all_links_of_a_mail_at_once_are_the_same(delivery: int, lead: int, urls: list[tuple[int, str]]) -> None:
    singly = [links.link_token(SECRET, TrackedLink(delivery, lead, number, url)) for number, url in urls]
    assert links.link_tokens(SECRET, MailOfLead(delivery, lead), urls) == singly


@given(IDS, IDS, TEXTS, TEXTS)
def test_an_answer_comes_back_as_it_went_in(delivery: int, lead: int, question: str, answer: str) -> None:
    given_answer = SurveyAnswer(delivery, lead, question, answer)
    assert links.read_answer(SECRET, links.answer_token(SECRET, given_answer)) == given_answer


@given(IDS, IDS)
def test_opens_unsubscribes_visitors_and_message_ids_come_back(delivery: int, lead: int) -> None:
    mail = MailOfLead(delivery, lead)
    assert links.read_open(SECRET, links.open_token(SECRET, mail)) == mail
    assert links.read_unsubscribe(SECRET, links.unsubscribe_token(SECRET, mail)) == mail
    assert links.read_preferences(SECRET, links.preferences_token(SECRET, mail)) == mail
    assert links.read_visitor(SECRET, links.visitor_token(SECRET, lead)) == lead
    assert links.read_message_id(SECRET, links.message_id(SECRET, delivery, "news.acme.example")) == delivery


@pytest.mark.parametrize("purpose", TOKENS)
def test_no_single_character_can_be_changed(purpose: str) -> None:
    token, read = TOKENS[purpose], READERS[purpose]
    assert read(SECRET, token) is not None
    for place, character in enumerate(token):
        for other in ALPHABET + "=+/ .~%é\n":
            if other != character:
                assert read(SECRET, token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize("purpose", TOKENS)
def test_nothing_can_be_added_or_taken_away(purpose: str) -> None:
    token, read = TOKENS[purpose], READERS[purpose]
    for changed in (
        token + "A",
        token + "=",
        token + "==",
        "A" + token,
        token[1:],
        token[:-1],
        token * 2,
        " " + token,
        "",
    ):
        assert read(SECRET, changed) is None


@pytest.mark.parametrize("made_for", TOKENS)
@pytest.mark.parametrize("read_for", READERS)
def test_a_token_serves_its_own_purpose_only(made_for: str, read_for: str) -> None:
    value = READERS[read_for](SECRET, TOKENS[made_for])
    assert (value is not None) == (made_for == read_for)


@pytest.mark.parametrize("purpose", TOKENS)
def test_another_secret_opens_nothing(purpose: str) -> None:
    assert READERS[purpose](SECRET + "!", TOKENS[purpose]) is None


@given(st.text(max_size=80))
@settings(max_examples=80)
def test_whatever_is_not_a_token_is_none(text: str) -> None:
    for read in READERS.values():
        assert read(SECRET, text) is None
    assert links.read_message_id(SECRET, text) is None


def test_a_megabyte_of_token_is_refused_unread() -> None:
    assert links.read_link(SECRET, "A" * 1_000_000) is None


def test_the_handoff_page_closes_when_its_time_is_over() -> None:
    expires = NOW + timedelta(minutes=5)
    link = links.read_handoff(SECRET, links.handoff_token(SECRET, 41, expires))
    assert link is not None
    assert link.handoff_id == 41
    assert link.opens(0, expires - timedelta(seconds=1))
    assert not link.opens(0, expires)


@given(IDS, st.integers(0, 500), st.integers(0, 500))
def test_the_handoff_page_opens_to_links_of_its_present_version_only(handoff: int, made: int, present: int) -> None:
    link = links.read_handoff(SECRET, links.handoff_token(SECRET, handoff, NOW + timedelta(days=1), made))
    assert link is not None
    assert (link.handoff_id, link.version) == (handoff, made)
    assert link.opens(present, NOW) == (made == present)


def test_tokens_are_short_and_safe_in_a_url() -> None:
    for token in TOKENS.values():
        assert set(token) <= set(ALPHABET)
    assert len(links.unsubscribe_token(SECRET, MailOfLead(10_000_000, 3_000_000))) <= 34


def test_the_tag_is_keyed_blake2s_of_128_bits() -> None:
    token = links.visitor_token(SECRET, 1)
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    key = hmac.digest(SECRET.encode(), b"nurture visitor\x01", "sha256")
    assert data == hashlib.blake2s(b"\x01", key=key, digest_size=16).digest() + b"\x01"


def test_a_message_id_is_the_same_every_time_and_differs_by_delivery() -> None:
    first = links.message_id(SECRET, 5, "news.acme.example")
    assert first == links.message_id(SECRET, 5, "news.acme.example")
    assert first != links.message_id(SECRET, 6, "news.acme.example")
    assert first.endswith("@news.acme.example>")


def test_a_strangers_message_id_is_no_delivery() -> None:
    for value in ("<abc@mail.example>", "<d.abc@mail.example>", "", "<>", "d.@x"):
        assert links.read_message_id(SECRET, value) is None


def test_a_negative_id_is_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="not negative"):
        links.visitor_token(SECRET, -1)
