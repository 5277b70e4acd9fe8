"""Header fields: whatever the value, one field comes out, and the stdlib reads the value back."""

import email
import email.policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.grammar.addresses import Mailbox
from nurture.mail.headers import encoded_words, exact_field, has_line_break, mailbox_field, one_line, text_field

HOSTILE = [
    "Ada",
    "Ada Lovelace",
    "Žofie Nováková-Šťastná",
    "山田 太郎",
    'He said "hi" \\ bye',
    "Smith, John; <root@evil.example>",
    "=?utf-8?q?spoof?=",
    "(comment) . @ :",
    "a" * 300,
    "wörd " * 60,
    "👩‍🚀🧑🏽‍🔧" * 12,
    "Ada\r\nBcc: everybody@evil.example",
    "Ada\nX-Evil: 1",
    "Ada\x00\x7f\u2028Byron",
    "  spaced   out  ",
    "word " * 60,
]
PRINTABLE = st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\u2028\u2029"), max_size=200)


def name_in(field: str) -> str:
    """The display name, by the stdlib's older reader: the newer one puts blanks between encoded words of a phrase."""
    phrase, _ = parseaddr(email.message_from_string(field)["To"].replace("\r\n", ""))
    return str(make_header(decode_header(phrase)))


def parsed(field: str) -> email.message.EmailMessage:
    assert field.endswith("\r\n")
    assert field.isascii()
    for line in field.split("\r\n"):
        assert len(line) <= 78 or " " not in line.strip()
    message = email.message_from_bytes(field.encode("ascii") + b"\r\nbody", policy=email.policy.default)
    assert len(message.keys()) == 1
    assert message.get_payload() == "body"
    return message


@given(PRINTABLE)
@settings(max_examples=120)
def test_a_subject_is_read_back_as_it_was_written(text: str) -> None:
    subject = " ".join(text.split())
    assert str(parsed(text_field("Subject", subject))["Subject"]) == subject


@given(st.text(alphabet='abc  "=?_.,<>é漢', max_size=150))
def test_awkward_characters_in_a_subject_are_kept(text: str) -> None:
    subject = " ".join(text.split())
    assert str(parsed(text_field("Subject", subject))["Subject"]) == subject


@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028", "\ud800"])
def test_a_subject_refuses_line_breaks_and_control_characters(breaker: str) -> None:
    assert has_line_break(f"Hi{breaker}Bcc: x@evil.example")
    with pytest.raises(ValueError, match="line break"):
        text_field("Subject", f"Hi{breaker}Bcc: x@evil.example")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_more_than_a_name(name: str) -> None:
    field = mailbox_field("To", Mailbox(name, "ada@example.com"))
    assert [address.addr_spec for address in parsed(field)["To"].addresses] == ["ada@example.com"]
    assert name_in(field) == one_line(name)


@given(st.text(max_size=120))
@settings(max_examples=120)
def test_any_name_leaves_one_address(name: str) -> None:
    field = mailbox_field("To", Mailbox(name, "ada@example.com"))
    assert [address.addr_spec for address in parsed(field)["To"].addresses] == ["ada@example.com"]
    assert name_in(field) == one_line(name)


def test_a_mailbox_without_a_name_is_its_address() -> None:
    assert mailbox_field("To", Mailbox("", "ada@example.com")) == "To: ada@example.com\r\n"
    assert mailbox_field("To", Mailbox("\r\n", "ada@example.com")) == "To: ada@example.com\r\n"


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=200))
def test_encoded_words_keep_to_75_characters_and_whole_characters(text: str) -> None:
    for word in encoded_words(text):
        assert len(word) <= 75
        assert decode_header(word)[0][0].decode("utf-8") in text


def test_a_long_url_stays_on_one_line() -> None:
    url = f"<https://go.acme.example/u/{'x' * 400}>"
    field = exact_field("List-Unsubscribe", url)
    assert field == f"List-Unsubscribe: {url}\r\n"


@pytest.mark.parametrize("value", ["x" * 1000, "a\r\nb", "ü"])
def test_what_does_not_fit_on_one_line_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        exact_field("List-Id", value)
