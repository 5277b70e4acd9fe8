"""What a provider repeats of a mail in its events names the delivery again: sent by one file, read by its neighbour."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from nurture.mail import links
from nurture.mailers.webhooks import WEBHOOKS
from tests.mail.making import SECRET
from tests.mailers.contract.houses import HTTP, HttpHouse, send
from tests.mailers.contract.letters import letter
from tests.mailers.contract.providers import fields_of_form, text_of
from tests.mailers.contract.stub import Asked

AT = "2026-03-03T15:04:05.000Z"


def _of_postmark(asked: Asked) -> Any:
    (item,) = asked.json()
    return {
        "RecordType": "Delivery", "MessageID": "m", "Recipient": item["To"], "DeliveredAt": AT, "ServerID": 1,
        "MessageStream": item["MessageStream"], "Metadata": item["Metadata"],
    }  # fmt: skip


def _of_resend(asked: Asked) -> Any:
    (item,) = asked.json()
    tags = {tag["name"]: tag["value"] for tag in item["tags"]}
    return {"type": "email.delivered", "created_at": AT, "data": {"email_id": "m", "to": item["to"], "tags": tags}}


def _of_sendgrid(asked: Asked) -> Any:
    (person,) = asked.json()["personalizations"]
    event = {"event": "delivered", "timestamp": 1772550245, "sg_event_id": "e", "sg_message_id": "m.filter"}
    return [{"email": person["to"][0]["email"], **event, **person["custom_args"]}]


def _of_mailgun(asked: Asked) -> Any:
    fields = fields_of_form(asked)
    variables = {name[2:]: text_of(parts[0]) for name, parts in fields.items() if name.startswith("v:")}
    data = {"event": "delivered", "id": "e", "timestamp": 1772550245.5, "recipient": text_of(fields["to"][0])}
    return {
        "signature": {"timestamp": "1772550245", "token": "t", "signature": "s"},
        "event-data": {**data, "user-variables": variables, "message": {"headers": {"message-id": "m"}}},
    }


def _of_ses(asked: Asked) -> Any:
    mail = asked.json()
    tags = {tag["Name"]: [tag["Value"]] for tag in mail["EmailTags"]}
    to = mail["Destination"]["ToAddresses"]
    event = {
        "eventType": "Delivery",
        "mail": {"messageId": "m", "timestamp": AT, "destination": to, "tags": tags},
        "delivery": {"timestamp": AT, "recipients": to, "smtpResponse": "250 ok"},
    }
    return {"Type": "Notification", "MessageId": "n", "TopicArn": "arn:x", "Message": orjson.dumps(event).decode()}


EVENTS: dict[str, Callable[[Asked], Any]] = {
    "postmark": _of_postmark, "resend": _of_resend, "sendgrid": _of_sendgrid, "mailgun": _of_mailgun, "ses": _of_ses,
}  # fmt: skip


@pytest.mark.parametrize("name", HTTP)
def test_the_event_of_a_mail_names_its_delivery(house: HttpHouse) -> None:
    mail = letter(number=4711)
    send(house.url, mail)
    (event,) = WEBHOOKS[house.name].read(
        orjson.dumps(EVENTS[house.name](house.stub.asked[0])), "application/json", {"svix-id": "e"}
    )
    assert (event.type, event.recipient) == ("delivered", "lead4711@example.com")
    assert links.read_message_id(SECRET, event.delivery or "") == 4711
