"""The addresses that bounces and replies come to: they name their delivery, and cannot be made up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.grammar.addresses import parse_address
from nurture.mail import links
from nurture.mail_settings import LONGEST_INBOUND_LOCAL

SECRET = "a secret of the tests"
INBOUND = "in@news.acme.example"
IDS = st.integers(min_value=0, max_value=2**63 - 1)
BOUNCE = links.bounce_address(SECRET, 123, INBOUND)
REPLY = links.reply_address(SECRET, 123, INBOUND)


@given(IDS)
def test_an_address_names_its_delivery_and_what_it_is_for(delivery_id: int) -> None:
    bounce, reply = (write(SECRET, delivery_id, INBOUND) for write in (links.bounce_address, links.reply_address))
    assert links.read_inbound_address(SECRET, bounce) == ("b", delivery_id)
    assert links.read_inbound_address(SECRET, reply) == ("r", delivery_id)


def test_it_is_the_inbound_address_with_something_behind_a_plus() -> None:
    assert BOUNCE.startswith("in+b.")
    assert REPLY.startswith("in+r.")
    assert BOUNCE.endswith("@news.acme.example")
    assert len(BOUNCE.partition("@")[0]) <= 24


@given(IDS)
def test_the_longest_local_part_allowed_leaves_room_for_any_delivery(delivery_id: int) -> None:
    address = links.reply_address(SECRET, delivery_id, f"{'i' * LONGEST_INBOUND_LOCAL}@acme.example")
    assert parse_address(address) == address


@pytest.mark.parametrize(
    "arrived",
    [
        BOUNCE.upper(),
        BOUNCE.title(),
        f"<{BOUNCE}>",
        f"Acme <{BOUNCE}>",
        f"  {BOUNCE}\r\n",
        BOUNCE.partition("@")[0],
        f"SRS0=xyz=TT=news.acme.example={BOUNCE.partition('@')[0]}@forwarder.example",
        f"prvs=1234567890={BOUNCE}",
        BOUNCE.replace("news.acme.example", "mx1.acme.example"),
    ],
)
def test_it_is_read_however_mail_servers_bring_it(arrived: str) -> None:
    assert links.read_inbound_address(SECRET, arrived) == ("b", 123)


def test_no_character_of_it_can_be_changed_and_none_added() -> None:
    start = BOUNCE.index(".") + 1
    end = BOUNCE.index("@")
    for place in range(start, end):
        for other in "abcdefghijklmnopqrstuvwxyz234567189=.-":
            if other != BOUNCE[place]:
                changed = BOUNCE[:place] + other + BOUNCE[place + 1 :]
                assert links.read_inbound_address(SECRET, changed) is None
    for changed in (BOUNCE.replace("@", "a@"), BOUNCE.replace("@", "aa@"), BOUNCE[: end - 1] + BOUNCE[end:]):
        assert links.read_inbound_address(SECRET, changed) is None


def test_a_bounce_is_no_reply_and_another_secret_opens_nothing() -> None:
    assert links.read_inbound_address(SECRET, BOUNCE.replace("+b.", "+r.")) is None
    assert links.read_inbound_address(SECRET + "!", BOUNCE) is None


@given(st.text(max_size=80) | st.from_regex(r"in\+[brx]\.[a-z2-7]{0,70}@acme\.example", fullmatch=True))
@settings(max_examples=80)
def test_whatever_is_no_address_of_ours_is_none(text: str) -> None:
    assert links.read_inbound_address(SECRET, text) is None
