"""What a mail that came in is, over real mails of many systems: shares, not single files."""

from nurture.inbound import AutoReply, Bounce, Reply, read


def test_an_empty_mail_is_a_reply_of_nobody():
    assert read(b"") == Reply(sender=None, subject="")


def test_a_persons_mail_is_a_reply():
    head = b"From: Ada <Ada@Example.com>\r\nSubject: Re: roi\r\n"
    raw = head + b"In-Reply-To: <d.abcdefgh1234@news.acme.example>\r\n\r\nYes!\r\n"
    read_as = read(raw)
    assert isinstance(read_as, Reply)
    assert read_as.sender == "ada@example.com"
    assert read_as.references == ("<d.abcdefgh1234@news.acme.example>",)
    assert read_as.marks.message_ids == ("<d.abcdefgh1234@news.acme.example>",)


def test_an_out_of_office_answer_is_an_automatic_one():
    raw = b"From: ada@example.com\nAuto-Submitted: auto-replied\nSubject: Re: roi\n\nI am out of office until Monday.\n"
    read_as = read(raw)
    assert isinstance(read_as, AutoReply)
    assert (read_as.kind, read_as.because) == ("away", "auto-submitted")


def test_a_delivery_report_names_recipient_and_severity():
    raw = b"""From: MAILER-DAEMON@mx.example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; Ada@Example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.com>: User unknown

--x--
"""
    read_as = read(raw)
    assert isinstance(read_as, Bounce)
    (failure,) = read_as.failures
    assert (failure.address, failure.severity, failure.reason) == ("ada@example.com", "hard", "invalid")
    assert (failure.action, failure.status, failure.code) == ("failed", "5.1.1", 550)
    assert failure.said == "smtp; 550 5.1.1 <ada@example.com>: User unknown"
