"""Whatever somebody writes, it reaches a person."""

from email import message_from_bytes
from email.policy import default

import pytest

from nurture.notifiers.passed_on import PassedOn, passed_on
from tests.rules.examples import NOW

HOSTILE = {
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5000)
    ),
    "mails in mails": b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "octets": bytes(range(256)) * 10,
    "a long line": b"Subject: x\r\n\r\n" + b"a" * 5000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_came_in_can_be_passed_on_as_it_came(raw: bytes) -> None:
    writer, subject = "Jo\r\nBcc: x@y.example", "Re:\nBcc: x@y.example\x00"
    what = PassedOn(7, writer, "jo@buyer.example", subject, "Hello\r\n.\r\nBcc: z", "They wait.", raw, NOW)
    mail = passed_on(what, sender="Ada <ada@acme.example>", recipient="rep@acme.example")
    read = message_from_bytes(mail.data, policy=default)
    assert (read["To"], read["Reply-To"], read["Bcc"]) == ("rep@acme.example", "jo@buyer.example", None)
    _, attached = read.iter_parts()
    assert attached.get_payload(decode=True) == raw
    assert max(map(len, mail.data.split(b"\r\n"))) <= 998
