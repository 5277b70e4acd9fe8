"""Every call in anymail's own tests gives the event that anymail makes of it."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from nurture.mailers.webhooks import WEBHOOKS

PROVIDERS = {
    "postmark": "postmark",
    "sendgrid": "sendgrid",
    "mailgun": "mailgun",
    "amazon_ses": "ses",
    "resend": "resend",
}
WORDS = {
    "event.event_type": "type",
    "event.recipient": "recipient",
    "event.reject_reason": "reject_reason",
    "event.event_id": "event_id",
    "event.message_id": "message_id",
    "event.mta_response": "said",
}
SNS = {
    "Type": "Notification",
    "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc",
    "Timestamp": "2018-03-26T17:58:59.675Z",
    "TopicArn": "arn:aws:sns:us-east-1:1234567890:SES_Events",
    "Subject": "Amazon SES Email Event Notification",
}
TOKENS = {"timestamp": "1534108637", "token": "651869375b9df3c98fc15c4889b102119add1235c38fc92824", "signature": "x"}


def cases(shared_data, name: str) -> list[dict[str, Any]]:
    path = shared_data("esp_webhooks_anymail") / f"{name}_webhooks.json"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the checkout")
    return json.loads(path.read_text())


def call(name: str, case: dict[str, Any]) -> tuple[bytes, str, dict[str, str]]:
    """The body, its content type and the headers, as the provider would send it."""
    payload = next(value for key, value in case["payloads"].items() if key.startswith("raw"))
    if name == "amazon_ses":
        return json.dumps(SNS | {"Message": json.dumps(payload)}).encode(), "text/plain; charset=UTF-8", {}
    if name == "mailgun" and "Legacy" in case["test"]:
        fields = [
            (key, one) for key, value in payload.items() for one in (value if isinstance(value, list) else [value])
        ]
        fields += list(case["payloads"].get("metadata", {}).items())
        return urlencode(fields).encode(), "application/x-www-form-urlencoded", {}
    if name == "mailgun":
        payload = {"signature": TOKENS, "event-data": payload}
    return json.dumps(payload).encode(), "application/json", {"svix-id": "msg_1"}


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_call_is_read_as_anymail_reads_it(shared_data, name):
    for case in cases(shared_data, name):
        events = WEBHOOKS[PROVIDERS[name]].read(*call(name, case))
        said = {word: getattr(events[-1], ours) for word, ours in WORDS.items() if word in case["expected"]}
        expected = {word: case["expected"][word] for word in said}
        plain = {word: value for word, value in expected.items() if not isinstance(value, dict)}
        if plain.get("event.mta_response", "") is None:
            del plain["event.mta_response"]  # ours may have the provider's words where no server said anything
        assert {word: said[word] for word in plain} == plain, case["test"]
