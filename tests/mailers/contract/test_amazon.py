"""SES as moto plays it, and the signature as botocore would have it, of what really went over the wire."""

import email
import email.policy
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nurture.mailers.ses.tags import tag_of, token_of
from tests.mailers.contract.houses import HttpHouse, send
from tests.mailers.contract.letters import LETTERS, letter, rendered, seen
from tests.mailers.contract.providers import SECRET

WITH_KEY = "ses://AKIAOFTHETESTS000000:s3cret%2Fof%2Bthe%3Dtests%2Fabcdefghijklmnopqrst@eu-west-1"


@pytest.mark.parametrize("kind", LETTERS)
def test_moto_takes_our_mails_and_has_them_whole(moto_url: str, amazon: Any, kind: str) -> None:
    amazon.verify_domain("news.acme.example")
    mail = letter(kind)
    (receipt,) = send(f"{WITH_KEY}?api={moto_url}&configuration_set=nurture", mail)
    assert receipt.outcome == "sent", receipt.reply
    (kept,) = amazon.sent_messages
    assert kept.source == "ada@news.acme.example"
    assert set(kept.destinations) >= {"lead1@example.com"}
    assert seen(kept.raw_data.encode(), mail.recipient) == rendered(mail)
    assert email.message_from_string(kept.raw_data, policy=email.policy.default)["Message-ID"] == mail.message_id
    assert kept.id in receipt.reply


def test_a_sender_that_is_not_verified_harms_no_mail(moto_url: str, amazon: Any) -> None:
    troubles: list[bool] = []
    (receipt,) = send(
        f"{WITH_KEY}?api={moto_url}", letter(), look=lambda connection: troubles.append(connection.unusable)
    )
    assert (receipt.outcome, troubles) == ("held", [True])
    assert "MessageRejected" in receipt.reply
    assert not amazon.sent_messages


@pytest.mark.parametrize("name", ["ses"])
@pytest.mark.parametrize("token", [None, "a/session+token=of/the+tests=="])
def test_the_request_on_the_wire_is_signed_as_botocore_signs_it(house: HttpHouse, token: str | None) -> None:
    url = house.url + (f"&session_token={token.replace('+', '%2B')}" if token else "")
    send(url, letter())
    (asked,) = house.stub.asked
    signed = {"content-type": asked.headers["content-type"]}
    request = AWSRequest("POST", f"http://{urlsplit(house.stub.url).netloc}{asked.path}", signed, asked.body)
    at = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    keys = Credentials("AKIAOFTHETESTS000000", SECRET, token)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=at):
        botocore.auth.SigV4Auth(keys, "ses", "eu-west-1").add_auth(request)
    assert asked.headers["authorization"] == request.headers["Authorization"]
    assert asked.headers.get("x-amz-security-token") == token
    assert asked.headers["host"] == urlsplit(house.stub.url).netloc


@pytest.mark.parametrize("name", ["ses"])
def test_the_configuration_set_goes_along_where_one_is_named(house: HttpHouse) -> None:
    send(f"{house.url}&configuration_set=nurture", letter())
    send(house.url, letter(number=2))
    first, second = (asked.json() for asked in house.stub.asked)
    assert first["ConfigurationSetName"] == "nurture"
    assert "ConfigurationSetName" not in second


def test_a_token_survives_being_a_tag() -> None:
    for token in ("d.abc", "d.a-b_c", "d.-a.b-", "d."):
        assert token_of(tag_of(token)) == token
