"""Each mock that lets our requests through is seen to refuse a request in which one thing is wrong."""

import base64
import dataclasses
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.mailers.contract.conftest import Gate
from tests.mailers.contract.houses import HTTP, HttpHouse, send
from tests.mailers.contract.letters import letter
from tests.mailers.contract.stub import Asked

Break = Callable[[Asked], Asked]


def body(change: Callable[[Any], Any]) -> Break:
    """Something else in the JSON."""

    def broken(asked: Asked) -> Asked:
        found = asked.json()
        change(found)
        return dataclasses.replace(asked, body=orjson.dumps(found))

    return broken


def octets(old: bytes, new: bytes) -> Break:
    """Something else in a form."""

    def broken(asked: Asked) -> Asked:
        assert old in asked.body
        return dataclasses.replace(asked, body=asked.body.replace(old, new))

    return broken


def header(name: str, value: str | None) -> Break:
    """Another header of the request, or none."""
    return lambda asked: dataclasses.replace(
        asked, headers={key: kept for key, kept in {**asked.headers, name: value}.items() if kept is not None}
    )


def path(text: str) -> Break:
    """Another path."""
    return lambda asked: dataclasses.replace(asked, path=text)


def no_json(asked: Asked) -> Asked:
    return dataclasses.replace(asked, body=asked.body[:-1])


BROKEN: dict[str, dict[str, Break]] = {
    "postmark": {
        "no token": header("x-postmark-server-token", None),
        "another path": path("/email"),
        "no JSON": no_json,
        "no sender": body(lambda items: items[0].pop("From")),
        "no recipient": body(lambda items: items[0].update(To="")),
        "no words": body(lambda items: (items[0].pop("HtmlBody"), items[0].pop("TextBody"))),
        "headers as an object": body(lambda items: items[0].update(Headers=[{"X": "y"}])),
        "a header that is a number": body(lambda items: items[0]["Headers"].append({"Name": "X", "Value": 1})),
        "long metadata": body(lambda items: items[0].update(Metadata={"nurture": "x" * 81})),
        "an unknown field": body(lambda items: items[0].update(Html="x")),
        "a wrong word": body(lambda items: items[0].update(TrackLinks="none")),
        "501 mails": body(lambda items: items.extend(items * 500)),
    },
    "resend": {
        "no key": header("authorization", None),
        "no agent": header("user-agent", None),
        "another path": path("/emails/batches"),
        "no JSON": no_json,
        "no recipient": body(lambda items: items[0].pop("to")),
        "a subject that is a number": body(lambda items: items[0].update(subject=1)),
        "no words": body(lambda items: (items[0].pop("html"), items[0].pop("text"))),
        "headers as a list": body(lambda items: items[0].update(headers=[{"name": "X", "value": "y"}])),
        "a dot in a tag": body(lambda items: items[0]["tags"].append({"name": "x", "value": "d.x"})),
        "an unknown field": body(lambda items: items[0].update(replyTo="x@example.com")),
        "101 mails": body(lambda items: items.extend(items * 100)),
        "a long key": header("idempotency-key", "x" * 257),
    },
    "sendgrid": {
        "no key": header("authorization", None),
        "another path": path("/v3/mail/sent"),
        "no JSON": no_json,
        "nobody": body(lambda mail: mail["personalizations"][0].pop("to")),
        "no address": body(lambda mail: mail["personalizations"][0].update(to=[{"email": "jo"}])),
        "a recipient that is a text": body(lambda mail: mail["personalizations"][0].update(to=["jo@example.com"])),
        "no sender": body(lambda mail: mail.pop("from")),
        "no subject": body(lambda mail: mail.update(subject="")),
        "no words": body(lambda mail: mail["content"][0].update(value="")),
        "HTML first": body(lambda mail: mail["content"].reverse()),
        "custom arguments as a list": body(lambda mail: mail["personalizations"][0].update(custom_args=["x"])),
        "a switch that is a word": body(lambda mail: mail["tracking_settings"]["open_tracking"].update(enable="no")),
        "a reserved header": body(lambda mail: mail["headers"].update(Subject="x")),
        "a header beyond ASCII": body(lambda mail: mail["headers"].update({"X-Word": "grün"})),
        "two lines in a header": body(lambda mail: mail["headers"].update({"X-Word": "a\r\nBcc: b"})),
    },
    "mailgun": {
        "no key": header("authorization", None),
        "another domain": path("/v3/acme.example/messages.mime"),
        "no form": header("content-type", "application/x-www-form-urlencoded"),
        "nobody": octets(b'name="to"', b'name="v:to"'),
        "no message": octets(b'name="message"', b'name="v:message"'),
        "a message that is no file": octets(b'; filename="message.eml"', b""),
        "no sender": octets(b"From: Ada", b"Form: Ada"),
        "an unknown field": octets(b'name="v:nurture"', b'name="nurture"'),
        "a wrong word": octets(b"\r\n\r\nno\r\n", b"\r\n\r\noff\r\n"),
        "long options": octets(b"\r\n\r\nd.", b"\r\n\r\n" + b"d" * 17_000),
    },
    "ses": {
        "another path": path("/v2/email/outbound-bulk-emails"),
        "no JSON": no_json,
        "no content": body(lambda mail: mail.pop("Content")),
        "no data": body(lambda mail: mail["Content"]["Raw"].pop("Data")),
        "data as it is": body(lambda mail: mail["Content"]["Raw"].update(Data="From: ü")),
        "recipients as a text": body(lambda mail: mail["Destination"].update(ToAddresses="jo@example.com")),
        "an unknown field": body(lambda mail: mail.update(Tags=[])),
        "a tag without a value": body(lambda mail: mail["EmailTags"].append({"Name": "x"})),
        "a dot in a tag": body(lambda mail: mail["EmailTags"].append({"Name": "x", "Value": "d.x"})),
        "8-bit data": body(lambda mail: mail["Content"]["Raw"].update(Data=base64.b64encode("ü".encode()).decode())),
        "a long line": body(lambda mail: mail["Content"]["Raw"].update(Data=base64.b64encode(b"x" * 999).decode())),
    },
}


@pytest.mark.parametrize("name", HTTP)
def test_a_good_request_goes_through_and_each_broken_one_does_not(house: HttpHouse, gate: Gate) -> None:
    send(house.url, letter())
    (asked,) = house.stub.asked
    assert gate(asked) == []
    assert [what for what, break_it in BROKEN[house.name].items() if not gate(break_it(asked))] == []
