"""Hard, soft or policy: codes, words, and codes that contradict the words."""

import pytest

from nurture.inbound import Bounce, Failure, read
from nurture.inbound.judgement import judged


@pytest.mark.parametrize(
    ("said", "status", "wanted"),
    [
        ("550 5.1.1 User unknown", "5.1.1", ("hard", "invalid")),
        ("550 No such user here", None, ("hard", "invalid")),
        ("550 5.4.1 Recipient address rejected: Access denied", "5.4.1", ("hard", "invalid")),
        ("550 5.1.1", "5.1.1", ("hard", "invalid")),
        ("550 5.1.1 mailbox unavailable", "5.1.1", ("hard", "invalid")),
        ("556 does not accept mail", None, ("hard", "invalid")),
        ("550 5.1.6 recipient no longer on server", "5.1.6", ("hard", "invalid")),
        ("host or domain name not found", "5.4.4", ("hard", "invalid")),
        ("550 5.2.2 Mailbox full", "5.2.2", ("soft", "bounced")),
        ("550 5.1.1 mailbox is full", "5.1.1", ("soft", "bounced")),
        ("525 5.7.13 User account disabled", "5.7.13", ("soft", "bounced")),
        ("550 5.2.1 The account is inactive", "5.2.1", ("soft", "bounced")),
        ("450 4.2.0 try again later", "4.2.0", ("soft", "bounced")),
        ("450 host not found", "4.4.3", ("soft", "bounced")),
        ("connect to mx.example: Connection timed out", "4.4.1", ("soft", "timed_out")),
        ("550 5.7.1 blocked using zen.spamhaus.org", "5.7.1", ("policy", "blocked")),
        ("550 5.1.8 Sender address rejected: user unknown", "5.1.8", ("policy", "blocked")),
        ("550 5.7.26 unauthenticated: DMARC policy", "5.7.26", ("policy", "blocked")),
        ("554 5.7.0 Reject, id=1 - SPAM", "5.7.0", ("policy", "spam")),
        ("552 5.3.4 message too big", "5.3.4", ("policy", "other")),
        ("550 5.7.1", "5.7.1", ("policy", "blocked")),
        ("550 5.7.1 No such user!", "5.7.1", ("hard", "invalid")),
        ("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", "5.5.0", ("hard", "invalid")),
        ("550 Requested action not taken: mailbox unavailable", None, ("soft", "bounced")),
        ("550 Requested action not taken: mailbox unavailable (in reply to RCPT TO)", None, ("hard", "invalid")),
        ("550 5.1.1 unknown or illegal alias: jo@example.com", "5.1.1", ("hard", "invalid")),
        ("550 Unknown local part jo in <jo@example.com>", None, ("hard", "invalid")),
        ("550 5.1.1 Not our customer", "5.1.1", ("hard", "invalid")),
        ("550 #5.1.0 Address rejected.", "5.1.0", ("hard", "invalid")),
        ("554 30 Sorry, this mailbox is disabled", None, ("soft", "bounced")),
        ("552 5.2.2 The recipient's inbox is out of storage space", "5.2.2", ("soft", "bounced")),
        (
            "550-Verification failed for <in@acme.example> 550-No Such User Here 550 Sender verify failed",
            None,
            ("policy", "blocked"),
        ),
        (
            "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints",
            "4.7.0",
            ("policy", "blocked"),
        ),
        ("554 5.7.1 <jo@example.com>: Relay access denied", "5.7.1", ("policy", "blocked")),
        ("delivery temporarily suspended: connect to mx.example: Connection timed out", "4.4.1", ("soft", "timed_out")),
        ("554 5.4.6 mail for example.com loops back to myself", "5.4.6", ("soft", "timed_out")),
        ("554", None, ("soft", "bounced")),
        ("", None, ("soft", "bounced")),
    ],
)
def test_what_is_said_decides(said: str, status: str | None, wanted: tuple[str, str]):
    code = int(said[:3]) if said[:3].isdigit() else None
    assert judged(status, code, said, "", "failed") == wanted


def test_unknown_users_at_the_end_of_data_are_a_filters_words():
    assert judged(None, 550, "550 user unknown (in reply to end of DATA command)", "", "failed") == ("soft", "bounced")
    assert judged(None, 550, "550 user unknown (in reply to RCPT TO command)", "", "failed") == ("hard", "invalid")


def test_what_was_refused_at_mail_from_is_the_sender():
    said = "553 news.acme.example does not exist (in reply to MAIL FROM command)"
    assert judged(None, 553, said, "", "failed") == ("policy", "blocked")


@pytest.mark.parametrize(
    ("action", "severity"), [("delayed", "delayed"), ("delivered", "delivered"), ("relayed", "delivered")]
)
def test_no_failure_whatever_the_words(action: str, severity: str):
    assert judged("5.1.1", 550, "550 user unknown", "", action) == (severity, None)


def report(fields: str, kind: str = "message/delivery-status") -> bytes:
    head = "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    original = (
        "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <d.abcdefgh1234@news.acme.example>\nTo: ada@example.com"
    )
    return f"{head}--b\nContent-Type: {kind}\n\n{fields}\n{original}\n--b--\n".encode()


def failures_of(raw: bytes) -> tuple[Failure, ...]:
    read_as = read(raw)
    assert isinstance(read_as, Bounce)
    return read_as.failures


def test_the_original_recipient_stands_before_the_final_one():
    fields = (
        "Final-Recipient: rfc822; moved@elsewhere.example\nOriginal-Recipient: rfc822;Ada@Example.com\nAction: failed\n"
    )
    assert [failure.address for failure in failures_of(report(fields))] == ["ada@example.com"]


def test_each_recipient_has_a_failure_of_its_own():
    fields = (
        "Reporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n\n"
        "Final-Recipient: rfc822; b@example.com\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; c@example.com\nAction: delivered\nStatus: 2.0.0\n"
    )
    found = {failure.address[0]: failure.severity for failure in failures_of(report(fields))}
    assert found == {"a": "hard", "b": "delayed", "c": "delivered"}


def test_an_internationalised_report_is_read_alike():
    fields = "Final-Recipient: utf-8; ada@example.com\nAction: failed\nStatus: 5.1.1\n"
    assert failures_of(report(fields, "message/global-delivery-status")) == failures_of(report(fields))


def test_what_is_quoted_of_the_mail_is_given():
    read_as = read(report("Final-Recipient: rfc822; ada@example.com\nAction: failed\n"))
    assert isinstance(read_as, Bounce)
    assert read_as.original.message_id == "<d.abcdefgh1234@news.acme.example>"
    assert read_as.original.recipients == ("ada@example.com",)
    assert read_as.marks.message_ids == ("<d.abcdefgh1234@news.acme.example>",)
