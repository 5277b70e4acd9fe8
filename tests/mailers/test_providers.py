"""SendGrid, Mailgun and SES: what each answer makes of a mail, what is asked of them, and what their URLs may say."""

import email
import email.policy
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from nurture.errors import SettingsError
from nurture.mailers import build_mailer
from nurture.mailers.http import Answer, HttpMailer, Provider, Unfit, ordinary
from nurture.mailers.verdicts import DEAD, HELD, POLICY, REFUSED, UNKNOWN, UNUSABLE, Verdict
from nurture.messages import Mail

URLS = {
    "sendgrid": "sendgrid://SG.key-of-the-tests",
    "mailgun": "mailgun://key-of-the-tests@news.acme.example",
    "ses": "ses://AKIAOFTHETESTS:secret-of-the-tests@eu-west-1",
}


def _errors(*said: str | None) -> Any:
    return {"errors": [{"field": said[place], "message": said[place + 1]} for place in range(0, len(said), 2)]}


ANSWERS: list[tuple[str, int, Any, Verdict]] = [
    ("sendgrid", 400, _errors("personalizations.0.to.0.email", "Does not contain a valid address."), REFUSED),
    ("sendgrid", 400, _errors("content.1.value", "The content value must be a string"), REFUSED),
    ("sendgrid", 400, _errors("personalizations.0.custom_args", "too long"), POLICY),
    ("sendgrid", 400, _errors("subject", "too short", "personalizations.0.to", "is wrong"), REFUSED),
    ("sendgrid", 400, _errors("from.email", "does not match"), UNUSABLE),
    ("sendgrid", 400, _errors("headers", "reserved", "content", "x"), UNUSABLE),
    ("sendgrid", 400, _errors(None, "Bad Request"), POLICY),
    ("sendgrid", 400, b"<html>", POLICY),
    ("sendgrid", 401, _errors(None, "Maximum credits exceeded"), HELD),
    ("sendgrid", 401, _errors(None, "The provided authorization grant is invalid, expired, or revoked"), UNUSABLE),
    ("sendgrid", 403, _errors("from", "does not match a verified Sender Identity"), UNUSABLE),
    ("sendgrid", 413, _errors(None, "content too large"), REFUSED),
    ("sendgrid", 429, _errors(None, "too many requests"), HELD),
    ("sendgrid", 500, _errors(None, "internal server error"), UNKNOWN),
    ("mailgun", 400, {"message": "'to' parameter is not a valid address. please check documentation"}, REFUSED),
    ("mailgun", 400, {"message": "to parameter is not a valid address. please check documentation"}, REFUSED),
    ("mailgun", 400, {"message": "Message is too large"}, REFUSED),
    ("mailgun", 400, {"message": "from parameter is missing"}, POLICY),
    ("mailgun", 400, {"message": "Sandbox subdomains are for tests. Add the address to authorized recipients"}, POLICY),
    ("mailgun", 401, b"Forbidden", UNUSABLE),
    ("mailgun", 402, {"message": "payment required"}, HELD),
    ("mailgun", 403, {"message": "Domain news.acme.example is not allowed to send"}, UNUSABLE),
    ("mailgun", 404, {"message": "Domain not found: news.acme.example"}, UNUSABLE),
    ("mailgun", 413, b"", REFUSED),
    ("mailgun", 429, {"message": "Too many requests"}, HELD),
    ("mailgun", 502, b"", UNKNOWN),
    ("ses", 400, ("MessageRejected", "Email address is not verified. Failed the check: x"), UNUSABLE),
    ("ses", 400, ("MessageRejected", "Transaction failed: Virus found"), REFUSED),
    ("ses", 400, ("MessageRejected", "Something new"), POLICY),
    ("ses", 400, ("BadRequestException", "Missing final '@domain'"), REFUSED),
    ("ses", 400, ("BadRequestException", "Illegal address"), REFUSED),
    ("ses", 400, ("BadRequestException", "Something new"), POLICY),
    ("ses", 400, ("MailFromDomainNotVerifiedException", "The sending domain isn't verified"), UNUSABLE),
    ("ses", 400, ("SendingPausedException", "paused"), UNUSABLE),
    ("ses", 400, ("AccountSuspendedException", "suspended"), UNUSABLE),
    ("ses", 400, ("LimitExceededException", "limit"), HELD),
    ("ses", 429, ("TooManyRequestsException", "Daily message quota exceeded"), HELD),
    ("ses", 400, ("Throttling", "Maximum sending rate exceeded."), HELD),
    ("ses", 404, ("NotFoundException", "Configuration set <x> does not exist."), UNUSABLE),
    ("ses", 403, ("ExpiredTokenException", "The security token included in the request is expired"), UNUSABLE),
    ("ses", 403, ("SignatureDoesNotMatch", "The request signature we calculated does not match"), UNUSABLE),
    ("ses", 503, ("ServiceUnavailable", ""), HELD),
    ("ses", 500, ("InternalFailure", ""), UNKNOWN),
]  # fmt: skip
MAIL = Mail(
    7, "ada@news.acme.example", "jo@example.com", "<d.TOKEN@news.acme.example>",
    b"From: Ada <ada@news.acme.example>\r\nTo: jo@example.com\r\nSubject: hi\r\n"
    b"Message-ID: <d.TOKEN@news.acme.example>\r\n"
    b"List-Id: =?utf-8?b?R3LDvMOfZQ==?= <l.acme.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n",
)  # fmt: skip


@lru_cache
def provider(scheme: str) -> Provider:
    mailer = build_mailer(URLS[scheme])
    assert isinstance(mailer, HttpMailer)
    return mailer.provider


def answer(status: int, said: Any) -> Answer:
    """As it comes: SES names its errors in a header, or in the body."""
    if isinstance(said, tuple):
        kind, message = said
        return Answer(status, {"x-amzn-errortype": f"{kind}:http://x.example/"}, orjson.dumps({"message": message}))
    return Answer(status, {}, said if isinstance(said, bytes) else orjson.dumps(said))


@pytest.mark.parametrize(("scheme", "status", "said", "verdict"), ANSWERS)
def test_an_answer_says_whose_fault_it_is(scheme: str, status: int, said: Any, verdict: Verdict) -> None:
    found = answer(status, said)
    assert (provider(scheme).verdict(found) or ordinary(status)) == verdict
    if not isinstance(said, bytes):
        assert provider(scheme).words(found)


def test_nobody_is_suppressed_for_what_an_api_says_of_an_address() -> None:
    assert DEAD not in [verdict for *_, verdict in ANSWERS]


def test_ses_names_its_errors_in_the_body_too() -> None:
    body = orjson.dumps({"__type": "com.amazonaws.ses#SendingPausedException", "Message": "paused for now"})
    assert provider("ses").verdict(Answer(400, {}, body)) == UNUSABLE
    assert provider("ses").words(Answer(400, {}, body)) == "SendingPausedException: paused for now"


def test_what_ses_says_of_a_signature_does_not_repeat_what_was_signed() -> None:
    said = (
        "The request signature we calculated does not match. Consult the service documentation for details.\n\n"
        "The Canonical String for this request should have been\n'POST\nx-amz-security-token:hush'\n"
    )
    words = provider("ses").words(answer(403, ("SignatureDoesNotMatch", said)))
    assert words.endswith("for details.")
    assert "hush" not in words


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b"{}", b'{"errors": 3}', b'{"errors": [1, null]}', b"\xff\xfe"])
@pytest.mark.parametrize("scheme", URLS)
def test_whatever_an_answer_is_made_of_it_is_judged(scheme: str, said: bytes) -> None:
    for status in (200, 202, 301, 400, 401, 402, 403, 404, 409, 418, 422, 500):
        found = Answer(status, {}, said)
        assert provider(scheme).words(found) is not None
        assert (provider(scheme).verdict(found) or ordinary(status)).outcome in (
            "refused",
            "put_off",
            "held",
            "unknown",
        )
        assert [verdict.outcome for verdict, _ in provider(scheme).each([MAIL], found)] == ["sent"]


@pytest.mark.parametrize("scheme", URLS)
def test_the_same_mail_makes_the_same_request(scheme: str) -> None:
    first, second = (provider(scheme).request([MAIL]) for _ in range(2))
    assert (first.path, first.content, first.repeatable) == (second.path, second.content, False)


def test_sendgrid_gets_fields_as_they_stand_in_a_mail() -> None:
    fields = orjson.loads(provider("sendgrid").request([MAIL]).content)["headers"]
    assert fields["List-Id"].isascii()
    read = email.message_from_string(f"List-Id: {fields['List-Id']}\r\n\r\n", policy=email.policy.default)
    assert read["List-Id"] == "Grüße <l.acme.example>"


def test_sendgrid_takes_no_mail_without_a_subject_or_words() -> None:
    for data in (MAIL.data.replace(b"Subject: hi\r\n", b""), MAIL.data.removesuffix(b"hi\r\n")):
        with pytest.raises(Unfit):
            provider("sendgrid").request([replace(MAIL, data=data)])


def test_a_mail_of_mailgun_is_not_cut_short_by_what_it_says() -> None:
    first = provider("mailgun").request([MAIL])
    boundary = first.headers["content-type"].partition("boundary=")[2].encode()
    mail = replace(MAIL, data=MAIL.data + b"\r\n--" + boundary + b"--\r\n")
    second = provider("mailgun").request([mail])
    assert second.headers["content-type"] != first.headers["content-type"]
    assert mail.data in second.content


@given(data=st.binary(max_size=300), name=st.from_regex(r"[A-Za-z0-9_.-]{1,30}", fullmatch=True))
def test_a_form_is_read_by_others_as_it_was_written(data: bytes, name: str) -> None:
    mail = replace(MAIL, data=data, message_id=f"<d.{name}@news.acme.example>")
    request = provider("mailgun").request([mail])
    kind, options = parse_options_header(request.headers["content-type"])
    reader = FormDataParser(stream_factory=lambda *_, **__: BytesIO())
    _, fields, files = reader.parse(BytesIO(request.content), kind, len(request.content), options)
    assert files["message"].read() == data
    assert fields["to"] == "jo@example.com"
    assert fields["v:nurture"] == f"d.{name}"
    assert (len(fields), len(files)) == (5, 1)


@pytest.mark.parametrize(
    "data", [b"Subject: x\r\n\r\nhi\r\n", b"From: a@x.example, b@x.example\r\n\r\nhi\r\n", b"From: \r\n\r\n"]
)
def test_ses_asks_who_sends(data: bytes) -> None:
    with pytest.raises(Unfit):
        provider("ses").request([replace(MAIL, data=data)])


@pytest.mark.parametrize(
    ("url", "api", "at_once"),
    [
        ("sendgrid://SG.key", "https://api.sendgrid.com", 8),
        ("sendgrid://SG.key?region=eu&connections=2", "https://api.eu.sendgrid.com", 2),
        ("mailgun://key@news.acme.example", "https://api.mailgun.net", 8),
        ("mailgun://key@news.acme.example?region=eu", "https://api.eu.mailgun.net", 8),
        ("ses://AKIA:a%2Fb@eu-west-1", "https://email.eu-west-1.amazonaws.com", 8),
        ("ses://AKIA:a%2Fb@us-gov-west-1", "https://email.us-gov-west-1.amazonaws.com", 8),
        ("ses://AKIA:a%2Fb@cn-north-1", "https://email.cn-north-1.amazonaws.com.cn", 8),
        ("ses://AKIA:a%2Fb@eu-west-1?api=http://127.0.0.1:5000/aws", "http://127.0.0.1:5000/aws", 8),
    ],
)
def test_a_url_says_where_to(url: str, api: str, at_once: int) -> None:
    mailer = build_mailer(url)
    assert isinstance(mailer, HttpMailer)
    assert mailer.options.api == api
    assert [connection.most for connection in mailer.connections] == [1] * at_once


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sendgrid://", "names no key: write sendgrid://KEY"),
        ("sendgrid://key@host", "names no key: write sendgrid://KEY"),
        ("sendgrid://key?region=us", "says region=us; allowed are global, eu"),
        ("sendgrid://key?regoin=eu", "did you mean `region`?"),
        ("mailgun://key", "names no key and domain: write mailgun://KEY@news.acme.example"),
        ("mailgun://key@localhost", "names no key and domain"),
        ("mailgun://api:key@news.acme.example", "names no key and domain"),
        ("mailgun://key@news.acme.example?region=europe", "says region=europe; allowed are us, eu"),
        ("mailgun://key@news.acme.example/v3", "percent-encoded"),
        ("ses://eu-west-1", "names no AWS key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("ses://AKIA@eu-west-1", "names no AWS key"),
        ("ses://AKIA:hush@europe", "names no region of AWS: write ses://eu-west-1"),
        ("ses://AKIA:hush@eu-west-1?configuration-set=x", "did you mean `configuration_set`?"),
        ("ses://AKIA:hush@eu-west-1?connections=100", "says connections=100; allowed are 1 to 64"),
    ],
)
def test_what_is_wrong_in_a_url_is_said_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=r"^MAIL_URL ") as raised:
        build_mailer(url)
    assert said in str(raised.value)
    assert "hush" not in str(raised.value)
    assert "AKIA" not in str(raised.value)


def test_a_mailer_shows_no_secret_of_its_own() -> None:
    mailer = build_mailer("ses://AKIAOFTHETESTS:hush-hush@eu-west-1?session_token=hush-token")
    assert isinstance(mailer, HttpMailer)
    assert not [secret for secret in ("hush", "AKIA") if secret in repr(mailer.options)]
    assert urlsplit(mailer.options.api).hostname == "email.eu-west-1.amazonaws.com"
