"""Feedback reports: who complained, of what, and whether a person did."""

import pytest

from nurture.inbound import Complaint, read


def feedback(fields: str, original: str = "To: ada@example.com\nSubject: roi\n") -> bytes:
    return (
        "From: fbl@provider.example\nSubject: complaint\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
        f"--b\nContent-Type: message/feedback-report\n\nUser-Agent: FBL/1\nVersion: 1\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{original}\nhello\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("abuse", "complaint"),
        ("fraud", "complaint"),
        ("Abuse", "complaint"),
        ("something-new", "complaint"),
        ("opt-out", "unsubscribe"),
        ("opt-out-list", "unsubscribe"),
        ("auth-failure", "none"),
        ("dmarc", "none"),
        ("not-spam", "none"),
    ],
)
def test_the_type_says_what_it_means(kind: str, meaning: str):
    read_as = read(feedback(f"Feedback-Type: {kind}\n"))
    assert isinstance(read_as, Complaint)
    assert (read_as.feedback, read_as.meaning) == (kind.lower(), meaning)


def test_the_report_names_who_complained_before_the_mail_does():
    read_as = read(feedback("Feedback-Type: abuse\nOriginal-Rcpt-To: <Grace@example.com>\n"))
    assert isinstance(read_as, Complaint)
    assert read_as.recipients == ("grace@example.com",)


def test_the_mail_names_who_complained_where_the_report_does_not():
    read_as = read(feedback("Feedback-Type: abuse\n"))
    assert isinstance(read_as, Complaint)
    assert read_as.recipients == ("ada@example.com",)


def test_our_tokens_stay_where_the_address_is_blotted_out():
    original = (
        "Return-Path: <in+b.abcdefghij234567@news.acme.example>\nTo: [redacted]\n"
        "Message-ID: <d.AbCdEfGh_-1234@news.acme.example>\n"
    )
    read_as = read(feedback("Feedback-Type: abuse\n", original))
    assert isinstance(read_as, Complaint)
    assert read_as.recipients == ()
    assert read_as.marks.addresses == ("in+b.abcdefghij234567@news.acme.example",)
    assert read_as.marks.message_ids == ("<d.AbCdEfGh_-1234@news.acme.example>",)


def test_a_provider_that_attaches_the_mail_alone_is_understood():
    raw = (
        b"From: staff@provider.example\nSubject: complaint about message from 192.0.2.1\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        b"X-HmXmrOriginalRecipient: <ada@example.com>\nTo: list@example.net\n\nhi\n--b--\n"
    )
    read_as = read(raw)
    assert isinstance(read_as, Complaint)
    assert read_as.recipients == ("ada@example.com",)
