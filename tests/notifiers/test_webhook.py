import base64
import time

import httpx
import orjson
import pytest
import svix.webhooks as svix
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from nurture.errors import NotifierError, SettingsError
from nurture.notifiers.webhook import WebhookNotifier, body_of
from tests.notifiers.packets import NASTY, NEWS, bare_packet, news, notice, packet, packet_with
from tests.notifiers.receiver import Reply, receiver

NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()


def test_a_receiver_with_the_standard_library_verifies_it():
    with receiver(Reply(status=204, body=b"")) as hook:
        WebhookNotifier(hook.url, [NEW]).notify(notice())
    [request] = hook.got
    payload = Webhook(NEW).verify(request.body, dict(request.headers))
    assert payload["type"] == "lead.requalified"
    assert payload["timestamp"] == "2026-03-03T20:05:00+00:00"
    assert payload["data"] == packet()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("nurture/")


def test_a_forged_body_is_not_verified():
    with receiver() as hook:
        WebhookNotifier(hook.url, [NEW]).notify(notice())
    [request] = hook.got
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(request.body.replace(b"Maria", b"Mario"), dict(request.headers))


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["new", "old"])
def test_while_a_secret_is_changed_both_verify(secret):
    with receiver() as hook:
        WebhookNotifier(hook.url, [NEW, OLD]).notify(notice())
    assert Webhook(secret).verify(hook.got[0].body, dict(hook.got[0].headers))


def test_a_retry_keeps_the_id_and_signs_its_own_time():
    clock = iter([time.time() - 60, time.time()])
    with receiver(Reply(status=500), Reply()) as hook:
        notifier = WebhookNotifier(hook.url, [NEW], seconds=lambda: next(clock))
        with pytest.raises(NotifierError):
            notifier.notify(notice())
        notifier.notify(notice())
    first, second = (request.headers for request in hook.got)
    assert first["webhook-id"] == second["webhook-id"] == "ntc_42_webhook"
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) in {59, 60, 61}
    assert hook.got[0].body == hook.got[1].body


@pytest.mark.parametrize(
    ("status", "permanent"), [(410, True), (400, False), (404, False), (429, False), (500, False), (503, False)]
)
def test_only_gone_is_for_good(status, permanent):
    with (
        receiver(Reply(status=status, body=b"no\r\nthanks", headers={"Retry-After": "7"})) as hook,
        pytest.raises(NotifierError, match=f"answered {status}: no thanks") as caught,
    ):
        WebhookNotifier(hook.url, [NEW]).notify(notice())
    assert caught.value.permanent is permanent
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [("Fri, 01 Jan 2100 00:00:00 GMT", 1e8, 1e10), ("Thu, 01 Jan 2015 00:00:00 GMT", 0, 0), ("soon", None, None)],
)
def test_retry_after_may_be_a_date(value, low, high):
    with (
        receiver(Reply(status=503, headers={"Retry-After": value})) as hook,
        pytest.raises(NotifierError) as caught,
    ):
        WebhookNotifier(hook.url, [NEW]).notify(notice())
    waited = caught.value.retry_after
    assert waited is None if low is None else low <= waited <= high


def test_a_redirect_is_not_followed():
    with (
        receiver() as elsewhere,
        receiver(Reply(status=307, headers={"Location": elsewhere.url})) as hook,
        pytest.raises(NotifierError, match="redirects are not followed") as caught,
    ):
        WebhookNotifier(hook.url, [NEW]).notify(notice())
    assert not elsewhere.got
    assert not caught.value.permanent


def test_no_answer_in_time_is_tried_again():
    with receiver(Reply(wait=0.6)) as hook, pytest.raises(NotifierError, match="no answer in time") as caught:
        WebhookNotifier(hook.url, [NEW], timeout=httpx.Timeout(0.1)).notify(notice())
    assert not caught.value.permanent


def test_a_body_that_drips_holds_nobody_up():
    with receiver(Reply(body=b"x" * 40, drip=0.02)) as hook:
        started = time.monotonic()
        WebhookNotifier(hook.url, [NEW], timeout=httpx.Timeout(0.1)).notify(notice())
        took = time.monotonic() - started
    assert took < 0.6


def test_nobody_there_is_tried_again():
    with pytest.raises(NotifierError, match="could not be reached") as caught:
        WebhookNotifier("http://127.0.0.1:1/hook", [NEW]).notify(notice())
    assert not caught.value.permanent


@pytest.mark.parametrize("text", NASTY)
def test_a_body_stays_under_twenty_kilobytes_and_says_what_was_cut(text):
    body = body_of(notice(packet_with(text * 30)))
    assert len(body) < 20_000
    data = orjson.loads(body)["data"]
    assert data["url"] == packet()["url"]
    assert data["handoff"] == packet()["handoff"]
    assert data["left_out"]["texts_cut"]
    assert data["left_out"]["timeline"] + len(data["timeline"]) == 60 + 12
    assert data["timeline"] == sorted(data["timeline"], key=lambda did: did["at"], reverse=True)


@given(st.dictionaries(st.text(max_size=300), st.text(max_size=3000), max_size=60))
@settings(max_examples=30, deadline=None)
def test_attributes_of_any_size_fit(attributes):
    full = packet()
    body = body_of(notice(packet(lead={**full["lead"], "attributes": attributes})))
    assert len(body) < 20_000


def test_a_body_of_twenty_kilobytes_to_the_octet_is_one_too_many():
    def body(length):
        return body_of(notice(packet(lead={**packet()["lead"], "attributes": {"note": "x" * length}})))

    longest = 19_999 - len(body(0))
    assert len(body(longest)) == 19_999
    assert len(body(longest + 1)) < 19_999


@pytest.mark.parametrize("kind", NEWS)
def test_each_kind_is_a_type_and_says_beside_the_packet_what_is_its_own(kind):
    with receiver() as hook:
        WebhookNotifier(hook.url, [NEW]).notify(news(kind, recipient=None))
    payload = Webhook(NEW).verify(hook.got[0].body, dict(hook.got[0].headers))
    assert payload["type"] == kind
    assert payload["data"]["lead"]["email"] == "maria.rossi@acme.example"
    assert payload["data"].get("news", {}) == NEWS[kind]


def test_another_library_verifies_it_too():
    """Svix began the specification; its headers have names of its own."""
    with receiver() as hook:
        WebhookNotifier(hook.url, [NEW, OLD]).notify(notice())
    [request] = hook.got
    headers = {name.replace("webhook-", "svix-"): value for name, value in request.headers.items()}
    svix.Webhook(OLD).verify(request.body, headers)
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(OLD).verify(request.body + b" ", headers)


@given(st.text(max_size=12_000), st.sampled_from(sorted(NEWS)))
@settings(max_examples=40, deadline=None)
def test_no_body_is_ever_too_long_nor_loses_where_to_answer(text, kind):
    data = packet_with(text)
    full = {**data, "lead": {**data["lead"], "email": text, "attributes": {text + str(n): text for n in range(30)}}}
    body = body_of(notice(full, kind=kind))
    assert len(body) < 20_000
    told = orjson.loads(body)
    assert (told["type"], told["data"]["url"], told["data"]["handoff"]["id"]) == (kind, data["url"], 42)


def test_a_short_packet_is_sent_whole():
    assert orjson.loads(body_of(notice(bare_packet())))["data"] == bare_packet()


@pytest.mark.parametrize("secrets", [[], ["whsec_"], ["whsec_c2hvcnQ="], ["whsec_not base64!!"], [NEW, "x"]])
def test_a_malformed_secret_is_refused_at_the_start(secrets):
    with pytest.raises(SettingsError, match="HANDOFF_WEBHOOK_SECRET"):
        WebhookNotifier("https://crm.example/hook", secrets)


@pytest.mark.parametrize("url", ["", "ftp://crm.example/x", "https://", "http://[::1", "crm.example/hook"])
def test_a_malformed_url_is_refused_and_not_repeated(url):
    with pytest.raises(SettingsError, match="HANDOFF_WEBHOOK_URL") as caught:
        WebhookNotifier(url, [NEW])
    assert "crm.example" not in str(caught.value)
