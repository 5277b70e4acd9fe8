"""Whatever the octets: an answer, and soon."""

import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.inbound import AutoReply, Bounce, Complaint, Reply, read

MEGABYTE = 1_000_000
DAEMON = b"From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail\n\n"
REPORT = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
FIELDS = b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.cc\nDiagnostic-Code: smtp;"

HOSTILE = {
    "one line": b"a" * MEGABYTE,
    "at signs": DAEMON + b"@" * MEGABYTE,
    "an address without end": DAEMON + b"a." * (MEGABYTE // 2) + b"@",
    "a host without end": DAEMON + b"<a@b.cc>: " + b"a." * (MEGABYTE // 2),
    "many addresses": DAEMON + b"".join(b"<a%d@b.cc>: failed\n" % number for number in range(50_000)),
    "tags": b"Content-Type: text/html\n\n" + b"<style>" * (MEGABYTE // 7),
    "open tags": b"Content-Type: text/html\n\n" + b"<a " * (MEGABYTE // 3),
    "encoded words": b"Subject: " + b"=?utf-8?b?" * (MEGABYTE // 10) + b"\n\n",
    "references": b"References: " + b"<" * MEGABYTE + b"\n\n",
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000)
    ),
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 30_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * (MEGABYTE // 4),
    "parameters": b"Content-Type: " + b"a;" * (MEGABYTE // 2) + b"\n\n",
    "folded parameters": b"Content-Type: x/y;\n " + b"a;\n " * (MEGABYTE // 4) + b"\n\n",
    "headers": b"".join(b"X%d: y\n" % number for number in range(100_000)) + b"\n",
    "codes": REPORT + FIELDS + b" 550 5.1.1" * (MEGABYTE // 10),
    "recipients": REPORT + (FIELDS + b"\n\n") * (MEGABYTE // 80),
    "words of one phrase": DAEMON + b"<a@b.cc>: " + b"mailbox disk exceed " * (MEGABYTE // 20),
    "tokens": b"aaaaaaaa+b.aaaaaaaaaaaaaaaaaaaaaaaaa@" * (MEGABYTE // 36),
    "brackets": b"From: a@b.cc\n\n" + b'{"notificationType":' + b"[" * MEGABYTE,
    "comments": b"To: " + b"(" * MEGABYTE + b"\n\n",
    "a strange charset": b"From: a@b.cc\nContent-Type: text/plain; charset=punycode\n\n-" + b"z" * MEGABYTE,
    "carriage returns": b"\r" * MEGABYTE,
    "noise": os.urandom(MEGABYTE),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_megabyte_takes_seconds_at_most(raw: bytes):
    started = time.process_time()
    assert isinstance(read(raw), Bounce | Complaint | AutoReply | Reply)
    assert time.process_time() - started < 5


PIECES = st.sampled_from(
    [
        b"From: MAILER-DAEMON@x.example\n",
        b"From: =?utf-8?b?=?= <\xff@x>\n",
        b"Subject: =?iso-2022-jp?B?GyRC?= Undeliverable\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        b'Content-Type: multipart/mixed; boundary=""\n',
        b"Content-Type: text/plain; charset=no-such\n",
        b"Content-Type: text/plain; charset*=a'b\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/global-delivery-status\n",
        b"Content-Type: message/feedback-report\n",
        b"Final-Recipient: rfc822; <ada@example.com>\n",
        b"Diagnostic-Code: smtp; 550 5.1.1 no such user\n",
        b"Feedback-Type: abuse\n",
        b"X-Failed-Recipients: a@b.cc, \xe9@x\n",
        b"To: undisclosed-recipients:;\n",
        b"<ada@example.com>: user unknown\n",
        b"\x1b$B\x1b(J",
        b"--b\n",
        b"--b--\n",
        b"\n",
        b"\r",
        b"\x00",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=30), max_size=25).map(b"".join))
@settings(max_examples=150, deadline=None)
def test_nothing_raises(raw: bytes):
    read_as = read(raw)
    assert isinstance(read_as, Bounce | Complaint | AutoReply | Reply)
    repr(read_as).encode()  # no half characters: what is read can be stored


@given(st.binary(max_size=400))
@settings(max_examples=80, deadline=None)
def test_a_report_cut_anywhere_is_read(tail: bytes):
    assert isinstance(read(DAEMON + tail), Bounce)
