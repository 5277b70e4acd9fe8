"""Mails that providers took in come out as mails."""

import base64
import json
import time
from email import message_from_bytes
from email.policy import default

import httpx
import pytest

from nurture.mailers.webhooks import WEBHOOKS

RAW = b"From: Jo <jo@buyer.example>\r\nTo: in+r.abc@news.acme.example\r\nSubject: Re: hello\r\n\r\nNot now.\r\n"
TO = "in+r.abc@news.acme.example"


def mail_in(provider, body, kind="application/json"):
    (event,) = WEBHOOKS[provider].read(body, kind)
    assert event.type == "inbound"
    return event, message_from_bytes(event.inbound, policy=default)


def form(fields, **files):
    """As a client sends a form: its body and content type."""
    files = {name: (None, value) for name, value in {**fields, **files}.items()}
    request = httpx.Request("POST", "http://x", files=files)
    return request.read(), request.headers["content-type"]


@pytest.mark.parametrize(
    ("provider", "call"),
    [
        ("postmark", (json.dumps({"FromFull": {}, "RawEmail": RAW.decode(), "OriginalRecipient": TO}).encode(), "")),
        ("sendgrid", form({"email": RAW, "from": b"jo", "envelope": json.dumps({"to": [TO]}).encode()})),
        ("mailgun", form({"body-mime": RAW, "recipient": TO.encode(), "token": b"t"})),
        ("ses", (json.dumps({"Type": "Notification", "Message": json.dumps(
            {"notificationType": "Received", "content": RAW.decode(),
             "receipt": {"recipients": [TO]}})}).encode(), "")),
        ("ses", (json.dumps({"Type": "Notification", "Message": json.dumps(
            {"notificationType": "Received", "content": base64.b64encode(RAW).decode(), "mail": {"destination": [TO]},
             "receipt": {"action": {"type": "SNS", "encoding": "BASE64"}}})}).encode(), "")),
    ],
)  # fmt: skip
def test_a_whole_mail_comes_out_as_it_came(provider, call):
    event, _ = mail_in(provider, *call)
    assert event.inbound == RAW
    assert event.recipient == TO


def test_octets_of_a_mail_in_a_form_are_left_alone():
    raw = RAW + bytes(range(256)) + b"\r\n--x\n\r\x00"
    assert mail_in("sendgrid", *form({"email": raw}))[0].inbound == raw


PARTS = {
    "postmark": lambda: (json.dumps({
        "FromFull": {"Email": "jo@buyer.example", "Name": "Jö"}, "ToFull": [{"Email": TO, "Name": ""}],
        "Subject": "Re: hellö", "TextBody": "Not nöw.", "HtmlBody": "<p>Not nöw.</p>",
        "Headers": [{"Name": "In-Reply-To", "Value": "<d.x@acme.example>"},
                    {"Name": "Content-Type", "Value": "text/x"}],
        "Attachments": [{"Name": "a.txt", "Content": "aGk=", "ContentType": "text/plain"}, {"Content": "!"}],
    }).encode(), ""),
    "sendgrid": lambda: form({
        "from": "Jö <jo@buyer.example>".encode(), "to": TO.encode(), "subject": "Re: hellö".encode(),
        "text": "Not nöw.".encode("latin-1"), "html": "<p>Not nöw.</p>".encode(), "charsets": b'{"text": "iso-8859-1"}',
        "headers": b"In-Reply-To: <d.x@acme.example>\nContent-Type: text/x\n",
    }),
    "mailgun": lambda: form({
        "from": "Jö <jo@buyer.example>".encode(), "recipient": TO.encode(), "subject": "Re: hellö".encode(),
        "body-plain": "Not nöw.".encode(), "body-html": "<p>Not nöw.</p>".encode(),
        "message-headers": b'[["In-Reply-To", "<d.x@acme.example>"], ["Content-Type", "text/x"], 4]',
    }),
}  # fmt: skip


@pytest.mark.parametrize("provider", PARTS)
def test_a_mail_in_parts_is_put_together(provider):
    _, mail = mail_in(provider, *PARTS[provider]())
    assert mail["From"].addresses[0].addr_spec == "jo@buyer.example"
    assert mail["Subject"] == "Re: hellö"
    assert mail["In-Reply-To"] == "<d.x@acme.example>"
    assert mail.get_body(("plain",)).get_content().strip() == "Not nöw."
    assert mail.get_body(("html",)).get_content().strip() == "<p>Not nöw.</p>"


def test_attachments_come_with_it_where_they_can_be_read():
    _, mail = mail_in("postmark", *PARTS["postmark"]())
    assert [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()] == [("a.txt", "hi")]


@pytest.mark.parametrize("name", ["Subject", "From\r\nBcc", "X", "", "Ü", "To"])
@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.z", "<<>>", "=?utf-8?q?=FF?=", "a@b, c@d", "\x00", "é" * 500, "("])
def test_no_header_breaks_a_mail_or_gets_into_another(name, value):
    said = {"FromFull": {}, "Headers": [{"Name": name, "Value": value}], "TextBody": "hi"}
    _, mail = mail_in("postmark", json.dumps(said).encode())
    assert mail["Bcc"] is None
    assert mail.get_body(("plain",)).get_content().strip() == "hi"


def test_a_mail_that_is_kept_elsewhere_is_known_to_have_come():
    for provider, said in (
        ("ses", {"notificationType": "Received", "mail": {"messageId": "m"}, "receipt": {"action": {"type": "S3"}}}),
        ("resend", {"type": "email.received", "data": {"email_id": "m", "to": [TO]}}),
    ):
        (event,) = WEBHOOKS[provider].read(json.dumps(said).encode())
        assert (event.type, event.inbound) == ("inbound", None)
        assert "not in the notification" in event.said


def test_real_mails_of_postmark(shared_data):
    for name in ("", "-with-raw"):
        path = shared_data("esp_webhooks_anymail") / f"postmark-inbound-test-payload{name}.json"
        _, mail = mail_in("postmark", path.read_bytes())
        assert mail["Subject"] == "Test subject"
        assert mail["From"].addresses[0].addr_spec == "support@postmarkapp.com"
        assert "test text body" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize("name", ["To", "From", "Message-ID", "Resent-To", "X-Any"])
@pytest.mark.parametrize(
    "value", ["(" * 20_000, "a " * 10_000, '"\\"' * 6_000, "@," * 10_000, "=?utf-8?q?a?= " * 1_500]
)
def test_headers_that_are_made_to_hurt_are_taken_along_at_once(name, value):
    headers = [{"Name": name, "Value": value}] * 400
    began = time.thread_time()
    event = WEBHOOKS["postmark"].read(json.dumps({"FromFull": {}, "TextBody": "hi", "Headers": headers}).encode())[0]
    assert time.thread_time() - began < 6
    assert event.inbound.endswith(b"hi\r\n")
    assert max(map(len, event.inbound.split(b"\r\n"))) <= 998


def test_a_header_cannot_begin_another():
    said = {"FromFull": {}, "TextBody": "x", "Headers": [{"Name": "X-Any", "Value": "é\r\nBcc: a@b.example\n\nz"}]}
    _, mail = mail_in("postmark", json.dumps(said).encode())
    assert "Bcc" not in mail
    assert mail["X-Any"] == "é Bcc: a@b.example z"
