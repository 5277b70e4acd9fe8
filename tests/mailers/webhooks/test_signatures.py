"""Who is who. What is signed here was signed by other libraries than those that check it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from svix.webhooks import Webhook as Svix

from nurture.mailers.mailgun import events as mailgun
from nurture.mailers.postmark import events as postmark
from nurture.mailers.resend import events as resend
from nurture.mailers.sendgrid import events as sendgrid
from nurture.mailers.ses import events as ses
from nurture.mailers.ses.certificates import Certificates
from nurture.mailers.ses.sns import is_certificate, subscription_url
from tests.mailers.webhooks import signing
from tests.mailers.webhooks.signing import CERTIFICATE_URL, SIGNING_KEY, TOPIC, WHSEC, Call

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"


def knows(provider, call: Call, secret: str, now: datetime = NOW, **more) -> bool:
    return provider.verify(call.headers, call.body, secret, now, **more)


def fetch(url: str) -> bytes:
    assert url == CERTIFICATE_URL
    return signing.certificate()


def never(url: str) -> bytes:
    raise AssertionError(f"{url} was asked for")


# Postmark


@pytest.mark.parametrize("shown", ["hook:pass", "hook:", ":", "", "hook:p\u00e4ss:wor", "hook:p\u00e4ss:word "])
def test_postmark_is_known_by_the_right_password_alone(shown):
    assert knows(postmark, signing.postmark({}), signing.POSTMARK)
    assert not knows(postmark, signing.postmark({}, shown), signing.POSTMARK)


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer aG9vazpwYXNz", "Basic aG9va"])
def test_what_is_no_basic_auth_is_nobody(header):
    assert not postmark.verify({"authorization": header}, b"", "hook:pass", NOW)


# SendGrid


def test_sendgrid_is_known_by_its_key():
    call = signing.sendgrid([{"event": "open"}], NOW)
    assert knows(sendgrid, call, signing.sendgrid_secret())
    assert knows(sendgrid, call, f"{signing.sendgrid_secret(1)}, {signing.sendgrid_secret()}")
    assert not knows(sendgrid, call, signing.sendgrid_secret(1))


def test_a_changed_body_timestamp_or_signature_is_not_sendgrids():
    call = signing.sendgrid([{"event": "open"}], NOW)
    key = signing.sendgrid_secret()
    assert not knows(sendgrid, Call(call.body + b" ", call.headers), key)
    for name, value in (("timestamp", str(int(NOW.timestamp()) - 1)), ("signature", "AAAA"), ("signature", "\u00e9")):
        changed = {**call.headers, f"x-twilio-email-event-webhook-{name}": value}
        assert not knows(sendgrid, Call(call.body, changed), key)
    assert not knows(sendgrid, Call(call.body), key)


@pytest.mark.parametrize("key", ["", "nonsense", base64.b64encode(b"0" * 91).decode(), "-----BEGIN PUBLIC KEY-----"])
def test_with_a_key_that_is_none_nobody_is_known(key):
    assert not knows(sendgrid, signing.sendgrid([], NOW), key)


# Mailgun


def test_mailgun_is_known_by_its_signing_key_in_json_and_in_forms():
    assert knows(mailgun, signing.mailgun({"event": "opened"}, NOW), f"an-older-key,{SIGNING_KEY}")
    assert not knows(mailgun, signing.mailgun({"event": "opened"}, NOW, key="another"), SIGNING_KEY)
    fields = signing.mailgun_signature(NOW) | {"event": "opened"}
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    assert knows(mailgun, Call(body, {"content-type": FORM}), SIGNING_KEY)


def test_of_fields_of_one_name_the_first_is_mailguns_own():
    fields = [*signing.mailgun_signature(NOW).items(), ("signature", "of-somebody"), ("token", "x")]
    body = "&".join(f"{name}={value}" for name, value in fields).encode()
    assert knows(mailgun, Call(body, {"content-type": FORM}), SIGNING_KEY)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"signature": 3}', b'{"signature": {"token": []}}', b"\xff=\xff"]
)
def test_what_has_no_signature_is_not_mailguns(body):
    assert not mailgun.verify({"content-type": "application/json"}, body, SIGNING_KEY, NOW)


# Resend


def test_resend_is_known_by_standard_webhooks_and_by_svix():
    call = signing.resend({"type": "email.sent"}, NOW)
    assert knows(resend, call, WHSEC)
    assert knows(resend, call, f"whsec_{base64.b64encode(b'older').decode()},{WHSEC}")
    svix = Svix(WHSEC).sign("msg_1", NOW, call.body.decode())
    assert knows(resend, Call(call.body, {**call.headers, "svix-signature": f"v1,AAAA v1a,AAAA {svix}"}), WHSEC)
    spelled = {name.replace("svix-", "webhook-"): value for name, value in call.headers.items()}
    assert knows(resend, Call(call.body, spelled), WHSEC)


def test_another_body_id_time_or_secret_is_not_resends():
    call = signing.resend({"type": "email.sent"}, NOW)
    assert not knows(resend, Call(call.body + b" ", call.headers), WHSEC)
    assert not knows(resend, Call(call.body, {**call.headers, "svix-id": "msg_2"}), WHSEC)
    assert not knows(resend, Call(call.body, {**call.headers, "svix-timestamp": str(int(NOW.timestamp()) + 1)}), WHSEC)
    assert not knows(resend, call, "whsec_" + base64.b64encode(b"another").decode())
    assert not knows(resend, call, "whsec_")
    assert not knows(resend, Call(call.body, {}), WHSEC)


# Amazon


@pytest.mark.parametrize("version", ["1", "2"])
def test_sns_is_known_by_its_certificate(version):
    call = signing.sns({"eventType": "Send"}, NOW, version=version)
    assert knows(ses, call, TOPIC, fetch=fetch)
    assert knows(ses, signing.sns("x", NOW, version=version, Subject="Amazon SES"), f"arn:other,{TOPIC}", fetch=fetch)


def test_what_was_changed_or_signed_by_another_key_is_not_snss():
    for call in (
        signing.sns("x", NOW, forged={"Message": "y"}),
        signing.sns("x", NOW, forged={"Subject": "y"}),
        signing.sns("x", NOW, forged={"Signature": "AAAA"}),
        signing.sns("x", NOW, forged={"SignatureVersion": "1"}),
        signing.sns("x", NOW, forged={"SignatureVersion": "3"}),
        signing.sns("x", NOW, number=1),
    ):
        assert not knows(ses, call, TOPIC, fetch=fetch)


def test_nothing_is_fetched_for_another_topic_or_from_another_host():
    assert not knows(ses, signing.sns("x", NOW, TopicArn="arn:aws:sns:eu-west-1:666:ses"), TOPIC, fetch=never)
    for url in HOSTILE:
        assert not knows(ses, signing.sns("x", NOW, SigningCertURL=url), TOPIC, fetch=never)


NAME = "/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"
HOSTILE = [
    f"http://sns.eu-west-1.amazonaws.com{NAME}",
    f"https://sns.eu-west-1.amazonaws.com.evil.example{NAME}",
    f"https://evil.example/sns.eu-west-1.amazonaws.com{NAME}",
    f"https://sns.eu-west-1.amazonaws.com@evil.example{NAME}",
    f"https://evil.example\\@sns.eu-west-1.amazonaws.com{NAME}",
    f"https://evil.example#@sns.eu-west-1.amazonaws.com{NAME}",
    f"https://sns.eu-west-1.amazonaws.com:8443{NAME}",
    f"https://s3.eu-west-1.amazonaws.com{NAME}",
    f"https://bucket.s3.amazonaws.com{NAME}",
    f"https://sns.amazonaws.com{NAME}",
    f"https://snsxeu-west-1.amazonaws.com{NAME}",
    "https://sns.eu-west-1.amazonaws.com/?Action=GetQueue&x=.pem",
    f"https://sns.eu-west-1.amazonaws.com{NAME}?redirect=https://evil.example",
    f"https://sns.eu-west-1.amazonaws.com/../evil{NAME}",
    f" https://sns.eu-west-1.amazonaws.com{NAME}",
    f"https://sns.eu-west-1.amazonaws.com\n{NAME}",
    "", "//", "https://", "https://[", "file:///etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("host", ["us-east-1", "eu-central-2", "us-gov-west-1", "ap-southeast-3", "cn-north-1"])
def test_the_hosts_of_sns_are_known(host):
    end = ".cn" if host.startswith("cn-") else ""
    assert is_certificate(f"https://sns.{host}.amazonaws.com{end}{NAME}")


def test_a_certificate_is_fetched_once():
    asked = []
    kept = Certificates(lambda url: asked.append(url) or signing.certificate())
    for _ in range(3):
        assert knows(ses, signing.sns("x", NOW), TOPIC, fetch=kept)
    assert asked == [CERTIFICATE_URL]


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"<html>"])
def test_what_is_no_certificate_proves_nothing(pem):
    assert not knows(ses, signing.sns("x", NOW), TOPIC, fetch=lambda _: pem)


def test_a_certificate_is_good_for_its_time():
    late = NOW + timedelta(days=4000)
    assert not knows(ses, signing.sns("x", late), TOPIC, late, fetch=fetch)


def confirmation(url: str) -> bytes:
    return json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": url}).encode()


def test_only_snss_own_confirmation_is_visited():
    good = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
    assert subscription_url(confirmation(good)) == good
    for bad in (
        good.replace("ConfirmSubscription", "Unsubscribe"),
        good.replace(TOPIC, "arn:other"),
        good.replace("https", "http"),
        good.replace("amazonaws.com", "evil.example"),
        "",
    ):
        assert subscription_url(confirmation(bad)) is None
    assert subscription_url(json.dumps({"Type": "Notification", "SubscribeURL": good}).encode()) is None


# Time


@pytest.mark.parametrize(
    ("provider", "sign", "secret", "within"),
    [
        (sendgrid, lambda at: signing.sendgrid([], at), signing.sendgrid_secret, sendgrid.WITHIN),
        (mailgun, lambda at: signing.mailgun({}, at), lambda: SIGNING_KEY, mailgun.WITHIN),
        (resend, lambda at: signing.resend({}, at), lambda: WHSEC, resend.WITHIN),
        (ses, lambda at: signing.sns("x", at), lambda: TOPIC, timedelta(hours=25)),
    ],
    ids=["sendgrid", "mailgun", "resend", "ses"],
)
def test_a_call_is_good_as_long_as_it_may_be_tried_again_and_no_longer(provider, sign, secret, within):
    more = {"fetch": fetch} if provider is ses else {}
    second = timedelta(seconds=1)
    assert knows(provider, sign(NOW - within), secret(), **more)
    assert not knows(provider, sign(NOW - within - second), secret(), **more)
    assert knows(provider, sign(NOW + timedelta(minutes=4)), secret(), **more)
    assert not knows(provider, sign(NOW + timedelta(minutes=6)), secret(), **more)
