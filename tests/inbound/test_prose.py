"""Reports in prose, as the usual mail systems write them; and mails that only look like one."""

import pytest

from nurture.inbound import AutoReply, Bounce, Reply, read

ORIGINAL = """
Return-Path: <in+b.abcdefghij234567@news.acme.example>
Received: by out.acme.example; Mon, 2 Mar 2026 09:00:00 +0000
Message-ID: <d.AbCdEfGh_-1234@news.acme.example>
From: Acme <hello@news.acme.example>
To: Ada <ada@buyer.example>
Subject: Three questions

Hello
"""
POSTFIX = """This is the mail system at host mx.example.

For further assistance, please send mail to postmaster.

<ada@buyer.example>: host mx.buyer.example[192.0.2.1] said: 550 5.1.1 <ada@buyer.example>: Recipient address
    rejected: User unknown in local recipient table (in reply to RCPT TO command)
"""
EXIM = """A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.
The following address(es) failed:

  ada@buyer.example
    host mx.buyer.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<ada@buyer.example>: 552 5.2.2 mailbox is full

------ This is a copy of the message, including all the headers. ------
"""
QMAIL = """Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ada@buyer.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.
"""
EXCHANGE = """Your message

  To:      Ada
  Subject: Three questions

did not reach the following recipient(s):

ada@buyer.example on Mon, 2 Mar 2026 09:00:00 +0000
    The recipient name is not recognized
"""
DOMINO = """Your message

  Subject: Three questions

was not delivered to:

  ada@buyer.example

because:

  User ada (ada@buyer.example) not listed in Domino Directory
"""
GOOGLE = """Delivery to the following recipient failed permanently:

     ada@buyer.example

Technical details of permanent failure:
The recipient server did not accept our requests to connect.

----- Original message -----
"""
DOCOMO = """以下のアドレスにメールを送信できませんでした。

<ada@buyer.example>

550 Unknown user ada@buyer.example
"""
DELAY = """A message that you sent has not yet been delivered to one or more of its recipients after 24 hours.

  ada@buyer.example
    Delay reason: 451 try again later

No action is required on your part.
"""


def report(text: str, charset: str = "utf-8", sender: str = "MAILER-DAEMON@mx.example") -> bytes:
    head = f"From: {sender}\nTo: in+b.abcdefghij234567@news.acme.example\nSubject: Undelivered mail\n"
    return (f"{head}Content-Type: text/plain; charset={charset}\n\n{text}{ORIGINAL}").encode(charset)


@pytest.mark.parametrize(
    ("text", "severity", "reason"),
    [
        pytest.param(POSTFIX, "hard", "invalid", id="postfix"),
        pytest.param(EXIM, "soft", "bounced", id="exim"),
        pytest.param(QMAIL, "hard", "invalid", id="qmail"),
        pytest.param(EXCHANGE, "hard", "invalid", id="exchange"),
        pytest.param(DOMINO, "hard", "invalid", id="domino"),
        pytest.param(GOOGLE, "soft", "timed_out", id="google"),
        pytest.param(DOCOMO, "hard", "invalid", id="docomo"),
        pytest.param(DELAY, "delayed", None, id="delay"),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp"])
def test_the_usual_systems_are_understood(text: str, severity: str, reason: str | None, charset: str):
    read_as = read(report(text, charset))
    assert isinstance(read_as, Bounce)
    (failure,) = read_as.failures
    assert (failure.address, failure.severity, failure.reason) == ("ada@buyer.example", severity, reason)
    assert read_as.original.message_id == "<d.AbCdEfGh_-1234@news.acme.example>"
    assert read_as.marks.message_ids == ("<d.AbCdEfGh_-1234@news.acme.example>",)
    assert read_as.marks.addresses == ("in+b.abcdefghij234567@news.acme.example",)


def test_several_recipients_have_words_of_their_own():
    text = """The following addresses failed:

<ada@buyer.example>: 550 5.1.1 no such user
<grace@buyer.example>: 552 5.2.2 over quota
<joan@buyer.example>: 554 5.7.1 blocked as spam
"""
    read_as = read(report(text))
    assert isinstance(read_as, Bounce)
    found = {failure.address.partition("@")[0]: failure.severity for failure in read_as.failures}
    assert found == {"ada": "hard", "grace": "soft", "joan": "policy"}


def test_a_report_without_a_daemons_name_is_known_by_what_it_says():
    assert isinstance(read(report(EXIM, sender="no-reply@mx.example")), Bounce)
    assert isinstance(read(report(EXIM, sender="System <ndr@mx.example>")), Bounce)


def test_a_boundary_that_is_not_the_announced_one_hides_nothing():
    raw = (
        b"From: MAILER-DAEMON@mx.example\nSubject: Undelivered\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=announced\n\n"
        b"--other\nContent-Type: message/delivery-status\n\n"
        b"Final-Recipient: rfc822; ada@buyer.example\nAction: failed\nStatus: 5.1.1\n\n--other--\n"
    )
    read_as = read(raw)
    assert isinstance(read_as, Bounce)
    assert [(one.address, one.severity) for one in read_as.failures] == [("ada@buyer.example", "hard")]


def test_a_report_within_a_report_is_opened():
    inner = report(QMAIL).decode()
    head = "From: postmaster@gateway.example\nSubject: Returned mail\nContent-Type: multipart/mixed; boundary=b\n\n"
    raw = f"{head}--b\n\nReturned.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n".encode()
    read_as = read(raw)
    assert isinstance(read_as, Bounce)
    assert [one.address for one in read_as.failures] == ["ada@buyer.example"]


FIELDS = "Final-Recipient: rfc822; ada@buyer.example\nAction: failed\nStatus: 5.1.1\n"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("From: ada@buyer.example\nSubject: Re: roi\n", f"I get this from your system, can you help?\n\n{FIELDS}"),
        ("From: ada@buyer.example\nSubject: Fwd: Undelivered mail\n", EXIM),
        ("From: ada@buyer.example\nSubject: AW: Mail delivery failed\n", POSTFIX),
        (
            "From: ada@buyer.example\nSubject: our mailbox\n",
            "The mailbox is full, user unknown, delivery failed. Call us.",
        ),
        (
            "From: ada@buyer.example\nSubject: Delivery failed again\n",
            "The courier was not able to deliver the parcel: delivery failed.\n\nAda\nada@buyer.example\n",
        ),
        (
            "From: ada@buyer.example\nSubject: Undeliverable mail\n",
            "You said that your invoice was undeliverable? Write to grace@buyer.example.\n",
        ),
        (
            "From: ada@buyer.example\nSubject: Mail problem\nIn-Reply-To: <d.AbCdEfGh_-1234@news.acme.example>\n",
            "Your mail could not be delivered.\n\nFrom: Acme <hello@news.acme.example>\nTo: ada@buyer.example\n"
            "Subject: Three questions\n\nHello\n",
        ),
    ],
)
def test_people_who_speak_of_bounces_are_people(head: str, text: str):
    assert isinstance(read(f"{head}\n{text}".encode()), Reply)


def test_somebody_who_forwards_a_report_is_a_person():
    head = "From: ada@buyer.example\nSubject: FW: Undelivered\nContent-Type: multipart/mixed; boundary=b\n\n"
    status = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{FIELDS}"
    raw = f"{head}--b\n\nWhat is this?\n--b\n{status}\n--b--\n"
    assert isinstance(read(raw.encode()), Reply)


@pytest.mark.parametrize("sender", ["postmaster@buyer.example", "no-reply@buyer.example", "ada@buyer.example"])
def test_an_absence_is_no_bounce_whoever_sends_it(sender: str):
    head = f"Return-Path: <>\nFrom: {sender}\nSubject: Out of office\n"
    raw = f"{head}\nI am away. My mailbox is full, try grace@buyer.example.\n"
    read_as = read(raw.encode())
    assert isinstance(read_as, AutoReply)
    assert read_as.kind == "away"
