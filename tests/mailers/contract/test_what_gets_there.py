"""Whichever way a mail goes: what was rendered gets there, whole and undamaged, to nobody else."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.mailers.contract.conftest import Gate
from tests.mailers.contract.houses import NAMES, HttpHouse, SmtpHouse, send
from tests.mailers.contract.letters import LETTERS, letter, rendered
from tests.mailers.contract.providers import PROVIDERS, fields_of_form, octets_of

HOSTILE = {
    "a line break": "Eve\r\nBcc: victim@example.org",
    "an address": "Eve <victim@example.org>, ",
    "quotes and commas": '"Eve", victim@example.org; "',
    "markup": "<script>alert(1)</script>&amp;",
    "a form's end": '"\r\n\r\n--nurture\r\nContent-Disposition: form-data; name="bcc"\r\n\r\nvictim@example.org',
    "json": '"}],"cc":[{"email":"victim@example.org"}],"x":[{"y":"',
    "substitutions": "{{unsubscribe}} %unsubscribe_url% %recipient% [unsubscribe] -name-",
    "encoded words": "=?utf-8?q?Eve=0D=0ABcc=3A_victim=40example.org?=",
    "nothing that shows": "\u200b\u202e\u2028",
}
ADDRESSES = (
    "jo@example.com, victim@example.org", "jo@example.com;victim@example.org", "jo@example.com victim@example.org",
    "jo@example.com>\r\nRCPT TO:<victim@example.org", "jo@example.com\r\nBcc: victim@example.org",
    "Jo <jo@example.com>", "jo", "", "a@b@c.example",
)  # fmt: skip


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("name", NAMES)
def test_every_field_and_part_gets_there_as_rendered(house: Any, gate: Gate, kind: str) -> None:
    mails = [letter(kind, number) for number in (1, 2)]
    if isinstance(house, HttpHouse):
        house.stub.answer = lambda asked: (
            house.provider.taken(asked) if not gate(asked) else pytest.fail(str(gate(asked)))
        )
    assert [receipt.outcome for receipt in send(house.url, *mails)] == ["sent", "sent"]
    assert house.seen() == [rendered(mail) for mail in mails]


@pytest.mark.parametrize("name", ["smtp", "mailgun", "ses"])
def test_a_finished_message_goes_through_octet_for_octet(house: Any) -> None:
    mail = letter()
    send(house.url, mail)
    if isinstance(house, SmtpHouse):
        assert house.mails[0].content == mail.data
        return
    (asked,) = house.stub.asked
    if house.name == "ses":
        assert base64.b64decode(asked.json()["Content"]["Raw"]["Data"]) == mail.data
    else:
        assert octets_of(fields_of_form(asked)["message"][0], asked) == mail.data


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pixel_stay_ours(house: Any) -> None:
    send(house.url, letter())
    switched_off: dict[str, Callable[[Any], object]] = {
        "postmark": lambda asked: (
            [(item["TrackOpens"], item["TrackLinks"]) for item in asked.json()] == [(False, "None")]
        ),
        "sendgrid": lambda asked: not any(part["enable"] for part in asked.json()["tracking_settings"].values()),
        "mailgun": lambda asked: fields_of_form(asked)["o:tracking"][0].get_payload() == "no",
    }
    if house.name in switched_off:
        assert switched_off[house.name](house.stub.asked[0])
    ((found),) = house.seen()
    assert "/c/" in found.html
    assert "/o/" in found.html


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_adds_no_field_and_no_recipient(house: Any) -> None:
    hostile = [letter(number=at, first_name=word, last_name=word) for at, word in enumerate(HOSTILE.values(), 1)]
    plain = letter(number=100, last_name="Smith")
    receipts = send(house.url, plain, *hostile)
    assert {receipt.outcome for receipt in receipts} == {"sent"}
    usual, *found = house.seen()
    assert found == [rendered(mail) for mail in hostile]
    assert [mail.recipient for mail in found] == [f"lead{at}@example.com" for at in range(1, len(HOSTILE) + 1)]
    for mail in found:
        assert (mail.sender, mail.reply_to, mail.headers.keys()) == (usual.sender, usual.reply_to, usual.headers.keys())
    if isinstance(house, HttpHouse):
        first, *others = shapes(house)
        assert all(other == first for other in others)


def shapes(house: HttpHouse) -> list[Any]:
    """What each mail's part of the requests is made of, without the texts in it."""
    if house.name == "mailgun":
        return [sorted(fields_of_form(asked)) for asked in house.stub.asked]
    found = [shape(asked.json()) for asked in house.stub.asked]
    return found[0] if PROVIDERS[house.name].many else found


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in sorted(value.items())}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_one_plain_address_is_refused_before_anything_leaves(house: Any) -> None:
    bad = [replace(letter(number=at), recipient=address) for at, address in enumerate(ADDRESSES, 1)]
    *receipts, last = send(house.url, *bad, letter(number=100))
    assert [receipt.outcome for receipt in receipts] == ["refused"] * len(ADDRESSES)
    assert all("address" in receipt.reply for receipt in receipts)
    assert last.outcome == "sent"
    assert [found.recipient for found in house.seen()] == ["lead100@example.com"]
