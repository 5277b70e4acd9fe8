"""DKIM signatures, verified by dkimpy: they hold where they should, and break where anything signed is changed."""

import email
import email.policy
import re
import time
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from nurture.app import App
from nurture.mail.dkim import Signer, signer_for
from nurture.mail.headers import text_field
from nurture.mail_settings import MailSettings
from nurture.notifiers.email import letter
from nurture.settings import Settings
from nurture.workspace import load_workspace
from tests.mail.making import LETTERHEAD, NOW, SECRET, sent
from tests.mail.receiving import ED25519, RSA, octets, received, verified
from tests.mail.test_message import LETTER
from tests.notifiers.packets import READER
from tests.notifiers.packets import notice as news

ROOT = Path(__file__).parents[2]
AT = 1772550000
BOTH = Signer("news.acme.example", (("rsa", RSA), ("ed", ED25519)))
ED = Signer("news.acme.example", (("ed", ED25519),))
MAIL = sent(
    LETTER, {"first_name": "Zoë", "last_name": "Ünal-" * 30}, letterhead=replace(LETTERHEAD, inbound="in@acme.example")
)
SIGNED = BOTH.signed(MAIL.data, AT)
LISTED = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Unsubscribe",
          "List-Unsubscribe-Post", "List-Id", "Feedback-ID")  # fmt: skip


def tags(data: bytes, number: int = 0) -> dict[str, str]:
    """What a signature says, tag by tag, blanks left out."""
    field = email.message_from_bytes(data, policy=email.policy.compat32).get_all("DKIM-Signature", [])[number]
    return dict(part.split("=", 1) for part in re.sub(r"\s", "", str(field)).rstrip(";").split(";"))


def test_a_mail_is_signed_by_each_key_and_otherwise_left_as_it_is() -> None:
    assert verified(SIGNED) == [True, True]
    assert SIGNED.endswith(b"\r\n" + MAIL.data)
    assert [tags(SIGNED, n)["a"] for n in (0, 1)] == ["rsa-sha256", "ed25519-sha256"]
    said = tags(SIGNED)
    assert (said["v"], said["c"], said["d"], said["s"], said["t"]) == (
        "1", "relaxed/simple", "news.acme.example", "rsa", str(AT),
    )  # fmt: skip
    assert "l" not in said


def test_every_field_that_counts_is_signed_and_from_once_more_than_it_is_there() -> None:
    signed = tags(SIGNED)["h"].split(":")
    assert {name.lower() for name in LISTED} == set(signed)
    for name in ("from", "to", "subject", "date", "reply-to"):
        assert signed.count(name) == 2


@pytest.mark.parametrize("name", LISTED)
def test_no_signed_field_can_be_changed_or_taken_away(name: str) -> None:
    start = SIGNED.index(f"\r\n{name}: ".encode()) + 2
    end = re.compile(rb"\r\n(?![ \t])").search(SIGNED, start).end()  # type: ignore[union-attr]
    assert verified(SIGNED[:start] + SIGNED[end:]) == [False, False]
    assert verified(SIGNED[: end - 2] + b"x" + SIGNED[end - 2 :]) == [False, False]


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date", "Reply-To"])
def test_no_second_field_of_these_can_be_put_on_top_or_below(name: str) -> None:
    forged = f"{name}: Mallory <m@evil.example>\r\n".encode()
    assert verified(forged + SIGNED) == [False, False]
    assert verified(SIGNED.replace(b"\r\nMIME-Version", b"\r\n" + forged + b"MIME-Version", 1)) == [False, False]


def test_the_body_cannot_be_changed_and_nothing_added_to_it() -> None:
    assert verified(SIGNED.replace(b"See it", b"See me")) == [False, False]
    assert verified(SIGNED + b"more\r\n") == [False, False]


def test_what_relays_do_to_a_mail_breaks_nothing() -> None:
    """Fields of their own on top, blank lines at the end, other folding and other capitals of a field's name."""
    relayed = b"Received: from here by there;\r\n\tTue, 3 Mar 2026 15:04:05 +0000\r\n" + SIGNED + b"\r\n\r\n"
    relayed = relayed.replace(b"\r\nSubject: ", b"\r\nSUBJECT:\r\n   ").replace(b"\r\nList-Id: ", b"\r\nlist-id:\t ")
    assert verified(relayed) == [True, True]


def test_it_holds_after_it_passed_a_mail_server() -> None:
    (envelope,) = received([MAIL], lambda data: BOTH.signed(data, AT))
    assert octets(envelope) == SIGNED
    assert verified(octets(envelope)) == [True, True]


def test_news_to_sales_is_signed_like_any_mail_with_what_marks_it_as_automatic() -> None:
    notice = letter(news(None), "Ada at Acme <ada@news.acme.example>", READER)
    (envelope,) = received([notice], lambda data: BOTH.signed(data, AT))
    assert verified(octets(envelope)) == [True, True]
    assert {"auto-submitted", "references"} <= set(tags(octets(envelope))["h"].split(":"))


def test_lines_stay_short_and_the_header_can_be_read() -> None:
    head = SIGNED.partition(b"\r\nDate:")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    message = email.message_from_bytes(SIGNED, policy=email.policy.default)
    assert not message.defects
    assert len(message.get_all("DKIM-Signature", [])) == 2


@given(
    subject=st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\u2028\u2029"), max_size=99),
    fields=st.lists(
        st.sampled_from(["X: a  b\t c", "Cc: a@b.example", "References: <a@b>\r\n  <c@d>", "X:", "cC:x@y.example"]),
        max_size=4,
    ),
    body=st.text(st.sampled_from("ab \t.\r\n"), max_size=40).map(lambda text: re.sub(r"\r\n?|\n", "\r\n", text)),
)
@settings(max_examples=60, deadline=None)
def test_any_mail_verifies(subject: str, fields: list[str], body: str) -> None:
    head = "".join(f"{field}\r\n" for field in fields) + text_field("Subject", " ".join(subject.split()) or "-")
    data = f"From: Ada <ada@news.acme.example>\r\n{head}\r\n{body}".encode()
    assert verified(ED.signed(data, AT)) == [True]


def test_the_environment_says_what_signs_and_for_whom() -> None:
    key = b64encode(ED25519.private_bytes_raw()).decode()
    assert signer_for(MailSettings(), "ada@news.acme.example") is None
    mail = MailSettings(dkim_key=key, dkim_selector="ed")
    signer = signer_for(mail, "Ada@News.acme.example")
    assert signer is not None
    assert verified(signer.signed(MAIL.data, AT)) == [True]
    above = signer_for(replace(mail, dkim_domain="acme.example"), "ada@news.acme.example")
    assert above is not None
    assert tags(above.signed(MAIL.data, AT))["d"] == "acme.example"
    assert verified(above.signed(MAIL.data, AT), "acme.example") == [True]
    assert key not in repr(signer)


def test_an_app_signs_by_the_machines_clock_where_there_is_a_key(tmp_path: Path) -> None:
    workspace, nowhere = load_workspace(ROOT), create_engine("postgresql+psycopg://")
    settings = Settings(ROOT, tmp_path, given_secret_key=SECRET)
    app = App(settings, nowhere, workspace, lambda: NOW)
    assert app.sign is None
    key = b64encode(ED25519.private_bytes_raw()).decode()
    mail = MailSettings(dkim_key=key, dkim_selector="ed", dkim_domain="news.acme.example")
    sign = App(replace(settings, mail=mail), nowhere, workspace, lambda: NOW).sign
    assert sign is not None
    before = int(time.time())
    signed = sign(MAIL.data)
    assert verified(signed) == [True]
    assert before <= int(tags(signed)["t"]) <= time.time()
