"""`/hooks/{provider}` over real HTTP: who is let in, what is answered, what is in the database by then."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event

from nurture.app import App
from nurture.mail.links import message_id
from nurture.mail_settings import MailSettings
from nurture.mailers.webhooks import WEBHOOKS
from nurture.models import Delivery
from nurture.web import hooks
from nurture.web.application import make_web
from tests.mailers.webhooks import signing
from tests.web.people import NOW, SECRET, add, add_lead, add_mail, browser, rows

ADDRESS = "maria.rossi@acme.example"
SECRETS = {
    "postmark": signing.POSTMARK,
    "mailgun": signing.SIGNING_KEY,
    "ses": signing.TOPIC,
    "resend": signing.WHSEC,
}


def real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - calls are signed by the real clock


@pytest.fixture
def app(app: App) -> App:
    """With a secret for each provider."""
    mail = MailSettings(webhook_secrets=SECRETS | {"sendgrid": signing.sendgrid_secret()})
    return replace(app, settings=replace(app.settings, mail=mail))


@pytest.fixture
def mail(app):
    """A mail that was sent to a lead; its id."""
    return add_mail(app.engine, add_lead(app.engine))


def token(delivery_id: int) -> str:
    return message_id(SECRET, delivery_id, "acme.example").strip("<>").partition("@")[0]


def post(client: httpx.Client, provider: str, call: signing.Call) -> httpx.Response:
    return client.post(f"/hooks/{provider}", content=call.body, headers=call.headers)


def hard_bounce(provider: str, delivery_id: int) -> signing.Call:
    """A hard bounce of this mail, as the provider reports it."""
    name, words = token(delivery_id), "550 5.1.1 user unknown"
    match provider:
        case "postmark":
            said = {"RecordType": "Bounce", "ID": 4, "Type": "HardBounce", "Email": ADDRESS, "Details": words,
                    "MessageID": "m", "BouncedAt": "2026-03-03T12:00:00Z", "Metadata": {"nurture": name}}  # fmt: skip
            return signing.postmark(said)
        case "sendgrid":
            said = [{"event": "bounce", "type": "bounce", "email": ADDRESS, "reason": words, "status": "5.1.1",
                     "timestamp": 1772539200, "sg_event_id": "s1", "nurture": name}]  # fmt: skip
            return signing.sendgrid(said, real_now())
        case "mailgun":
            said = {"event": "failed", "severity": "permanent", "reason": "bounce", "recipient": ADDRESS, "id": "g1",
                    "timestamp": 1772539200.5, "user-variables": {"nurture": name},
                    "delivery-status": {"code": 550, "message": words}}  # fmt: skip
            return signing.mailgun(said, real_now())
        case "ses":
            said = {"eventType": "Bounce", "mail": {"tags": {"nurture": [name.replace(".", "-", 1)]}, "messageId": "m"},
                    "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [
                        {"emailAddress": ADDRESS, "status": "5.1.1", "diagnosticCode": words}]}}  # fmt: skip
            return signing.sns(said, real_now())
        case _:
            said = {"type": "email.bounced", "created_at": "2026-03-03T12:00:00Z", "data": {
                "email_id": "m", "to": [ADDRESS], "tags": {"nurture": name.replace(".", "-", 1)},
                "bounce": {"type": "Permanent", "subType": "General", "message": words}}}  # fmt: skip
            return signing.resend(said, real_now())


@pytest.fixture
def client(app, serving):
    """A caller; Amazon's certificate is at hand."""
    switch, address = serving
    known = dict(WEBHOOKS)
    visited: list[str] = []

    def verify(headers, body, secret, now):
        return WEBHOOKS["ses"].verify(headers, body, secret, now, fetch=lambda _: signing.certificate())

    known["ses"] = replace(WEBHOOKS["ses"], verify=verify, visit=lambda url: visited.append(url) or b"")
    web = FastAPI()
    web.router.routes.extend(hooks.routes(app, known))
    switch.app = web
    with browser(address) as client:
        client.visited = visited
        yield client


@pytest.mark.parametrize("provider", WEBHOOKS)
def test_a_hard_bounce_suppresses_the_address_whoever_reports_it(client, app, mail, provider):
    call = hard_bounce(provider, mail)
    answers = [post(client, provider, call) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    (report,) = rows(app.engine, "SELECT provider, type, severity, delivery_id, said, raw FROM mail_report")
    assert (report["provider"], report["type"], report["severity"]) == (provider, "bounced", "hard")
    assert report["delivery_id"] == mail
    assert report["said"] == "550 5.1.1 user unknown"
    assert b"5.1.1" in bytes(report["raw"])
    (kept,) = rows(app.engine, "SELECT reason, how FROM suppression")
    assert kept == {"reason": "bounced", "how": f"{provider}: bounced (hard), delivery {mail}"}
    assert rows(app.engine, "SELECT left_as FROM enrollment") == [{"left_as": "bounced"}]


@pytest.mark.parametrize("provider", WEBHOOKS)
def test_whoever_shows_no_secret_or_a_wrong_one_is_refused_and_nothing_is_kept(client, app, mail, provider):
    call = hard_bounce(provider, mail)
    for header in ("authorization", "x-twilio-email-event-webhook-signature", "svix-signature"):
        call.headers.pop(header, None)
    call.body = call.body.replace(b'ignature": "', b'ignature": "AAAA')
    for headers in (call.headers, {}):
        answer = post(client, provider, signing.Call(call.body, headers))
        assert answer.status_code == 401
        assert ADDRESS not in answer.text
    assert rows(app.engine, "SELECT FROM mail_report") == []


@pytest.mark.parametrize("provider", [*WEBHOOKS, "smtp", "nobody", "%2e%2e"])
def test_where_no_secret_is_set_there_is_no_hook(app, mail, serving, provider):
    switch, address = serving
    switch.app = make_web(replace(app, settings=replace(app.settings, mail=MailSettings())))
    with browser(address) as client:
        call = hard_bounce(provider, mail)
        assert post(client, provider, call).status_code == 404
    assert rows(app.engine, "SELECT FROM mail_report") == []


def test_the_hook_is_a_post(client):
    assert client.get("/hooks/postmark").status_code == 405


@pytest.mark.parametrize("said", ["nothing", 4, [], {"RecordType": None}, {}, None])
def test_what_cannot_be_read_is_a_400(client, said):
    assert post(client, "postmark", signing.postmark(said)).status_code == 400


@pytest.mark.parametrize("said", [[4], [{"event": 1}], [[]], "x", None])
def test_what_is_no_list_of_events_is_a_400(client, said):
    assert post(client, "sendgrid", signing.sendgrid(said, real_now())).status_code == 400


def test_more_than_a_provider_sends_is_not_read(client):
    call = signing.resend({"type": "x" * 1_100_000}, real_now())
    assert post(client, "resend", call).status_code == 413


def test_without_a_database_the_provider_is_asked_to_try_again(app, serving):
    switch, address = serving
    switch.app = make_web(replace(app, engine=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")))
    with browser(address) as client:
        answer = post(client, "postmark", hard_bounce("postmark", 1))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "Traceback" not in answer.text


def test_without_amazons_certificate_the_caller_is_asked_to_try_again(app, client, serving):
    def away(url):
        raise OSError("not there")

    def verify(headers, body, secret, now):
        return WEBHOOKS["ses"].verify(headers, body, secret, now, fetch=away)

    web = FastAPI()
    web.router.routes.extend(hooks.routes(app, {"ses": replace(WEBHOOKS["ses"], verify=verify)}))
    serving[0].app = web
    assert post(client, "ses", hard_bounce("ses", 1)).status_code == 503


def test_a_subscription_is_confirmed_by_visiting_sns_and_only_it(client):
    url = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={signing.TOPIC}&Token=t"
    asked = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": url}
    assert post(client, "ses", signing.sns("You have chosen…", real_now(), **asked)).status_code == 200
    assert client.visited == [url]
    asked["SubscribeURL"] = url.replace("sns.eu", "sns.evil.eu")
    assert post(client, "ses", signing.sns("You have chosen…", real_now(), **asked)).status_code == 200
    assert post(client, "ses", signing.sns("x", real_now(), number=1, **asked)).status_code == 401
    assert client.visited == [url]


def test_a_token_of_mailgun_says_one_thing_only(client, app, mail):
    """Its signature does not cover the event, so whoever has seen a call could say anything by it."""
    call = hard_bounce("mailgun", mail)
    opened = json.loads(call.body)
    opened["event-data"] |= {"event": "complained", "id": "forged"}
    assert post(client, "mailgun", call).status_code == 200
    forged = signing.Call(json.dumps(opened).encode(), call.headers)
    assert post(client, "mailgun", forged).status_code == 401
    assert post(client, "mailgun", call).status_code == 200
    assert rows(app.engine, "SELECT type FROM mail_report") == [{"type": "bounced"}]


def test_mailgun_may_say_the_same_with_another_token(client, app, mail):
    said = json.loads(hard_bounce("mailgun", mail).body)["event-data"]
    for name in ("one", "two"):
        assert post(client, "mailgun", signing.mailgun(said, real_now(), name)).status_code == 200
    assert len(rows(app.engine, "SELECT FROM mail_report")) == 1


def test_a_thousand_events_at_once_are_a_handful_of_statements(client, app, mail):
    lead = rows(app.engine, "SELECT lead_id FROM delivery")[0]["lead_id"]
    (enrolled,) = rows(app.engine, "SELECT id FROM enrollment")
    at = NOW - timedelta(days=60)
    mail = {
        "lead_id": lead, "enrollment_id": enrolled["id"], "campaign": "not-ready", "cycle": 2, "template": "t",
        "state": "sent", "slot_at": at, "slot_until": at, "zone": "UTC", "queued_at": at, "sent_at": at,
    }  # fmt: skip
    more = [add(app.engine, Delivery, **mail, step=f"s{n}", local_on=at.date() - timedelta(days=n)) for n in range(20)]
    said = [
        {"event": "delivered", "email": ADDRESS, "timestamp": 1772539200 + n, "sg_event_id": f"e{n}",
         "nurture": token(more[n % 20])}
        for n in range(1000)
    ]  # fmt: skip
    counted: list[str] = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    assert post(client, "sendgrid", signing.sendgrid(said, real_now())).status_code == 200
    assert len(counted) < 15
    assert len(rows(app.engine, "SELECT FROM mail_report WHERE type = 'delivered'")) == 1000


def test_a_mail_that_came_in_is_read_as_one(client, app, mail):
    """A reply, whose reference names the mail that it answers."""
    raw = f"From: {ADDRESS}\r\nIn-Reply-To: <{token(mail)}@acme.example>\r\n\r\nCall me, please.\r\n"
    said = {"FromFull": {}, "RawEmail": raw, "OriginalRecipient": "in@news.acme.example", "MessageID": "m"}
    for _ in range(2):
        assert post(client, "postmark", signing.postmark(said)).status_code == 200
    assert rows(app.engine, "SELECT kind, delivery_id FROM event") == [{"kind": "reply", "delivery_id": mail}]
    assert rows(app.engine, "SELECT left_as FROM enrollment") != [{"left_as": None}]
    assert rows(app.engine, "SELECT FROM mail_report") == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=10), some, max_size=4),
    max_leaves=12,
)
_NAMES = [
    "RecordType", "Type", "Email", "Recipient", "MessageID", "BouncedAt", "Metadata", "FromFull", "Headers",
    "Attachments", "RawEmail", "TextBody", "event", "email", "timestamp", "reason", "status", "type", "sg_event_id",
    "nurture", "event-data", "delivery-status", "message", "headers", "user-variables", "recipient", "severity",
    "id", "signature", "code", "eventType", "mail", "bounce", "bouncedRecipients", "destination", "tags", "content",
    "receipt", "action", "Message", "data", "to", "created_at", "subType", "bounceType", "complaint", "delivery",
]  # fmt: skip
_LIKELY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(
        ["Bounce", "HardBounce", "Delivery", "Received", "email.bounced", "failed", "bounce", "dropped", ADDRESS, "0",
         "2026-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "1e999", "\x00", "a\x00b@c.example"]),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), some, max_size=9),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_JSON | _LIKELY | st.dictionaries(st.sampled_from(_NAMES), _LIKELY, min_size=3))
def test_no_signed_call_whatever_it_says_is_our_mistake(client, said):
    at = real_now()
    for provider, call in (
        ("postmark", signing.postmark(said)),
        ("sendgrid", signing.sendgrid(said if isinstance(said, list) else [said], at)),
        ("mailgun", signing.mailgun(said, at, token=uuid4().hex)),
        ("ses", signing.sns(said, at)),
        ("resend", signing.resend(said, at)),
    ):
        assert post(client, provider, call).status_code in (200, 400), (provider, said)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), kind=st.sampled_from([
    "application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=\"\"", "\xff"]))  # fmt: skip
def test_no_body_whatever_its_kind_is_our_mistake(client, body, kind):
    at = real_now()
    body = body.replace(b"|", b"\r\n--x\r\nContent-Disposition: form-data; name=email\r\n\r\n")
    call = signing.sendgrid(None, at, body=body, kind=kind)
    assert post(client, "sendgrid", signing.Call(call.body, {k: v.encode("latin-1") for k, v in call.headers.items()}))
    for provider in ("sendgrid", "mailgun", "ses", "resend", "postmark"):
        headers = {**call.headers, **signing.postmark({}).headers, "content-type": kind}
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = post(client, provider, signing.Call(body, encoded))
        assert answer.status_code in (200, 400, 401), provider
