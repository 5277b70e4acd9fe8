from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.segment import secrets_in_urls
from nurture.segment.message import read_event
from nurture.segment.secrets_in_urls import may_have_secrets, without_secrets
from nurture.segment.visitor import VISITOR
from nurture.web.keys import WriteKeys
from nurture.web.segment import Decoded, decode

NOW = datetime(2026, 3, 3, tzinfo=UTC)
PAGE = "https://a.example/thanks"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{PAGE}?email=a%40b.example&pw=sesame", f"{PAGE}?email=a%40b.example&pw="),
        (f"{PAGE}?pw=a%26b%23c&x=1", f"{PAGE}?pw=&x=1"),
        (f"{PAGE}?password=x&token=y&b=1#top", f"{PAGE}?password=&token=&b=1#top"),
        ("?user%5Bpassword%5D=x&user%5Bpin%5D=4711", "?user%5Bpassword%5D=&user%5Bpin%5D="),
        ("?user[password_confirmation]=x", "?user[password_confirmation]="),
        ("?resetToken=x&apiKey=y&PHPSESSID=z", "?resetToken=&apiKey=&PHPSESSID="),
        ("?key=k&sid=s&otp=1&auth=a&session=b", "?key=&sid=&otp=&auth=&session="),
        ("?card_number=4111&cvv=123&iban=DE02", "?card_number=&cvv=&iban="),
        ("token=x&b=1", "token=&b=1"),
        (f"{PAGE}#access_token=x&state=1", f"{PAGE}#access_token=&state=1"),
        (f"{PAGE}#/reset?token=x", f"{PAGE}#/reset?token="),
        ("https://a.example/x;jsessionid=0F3A?b=1", "https://a.example/x;jsessionid=?b=1"),
        ("/login?next=%2Fx%3Ftoken%3Dabc%26b%3D1&c=2", "/login?next=%2Fx%3Ftoken%3D%26b%3D1&c=2"),
        ("/login?next=%2Fx%3Fpw%3Da%2526b%26b%3D1", "/login?next=%2Fx%3Fpw%3D%26b%3D1"),
        ("/a?n=%252Fx%253Ftoken%253Dabc%2526b%253D1", "/a?n=%252Fx%253Ftoken%253D%2526b%253D1"),
        (f"see {PAGE}?token=x there", f"see {PAGE}?token= there"),
        (f"{PAGE}?{VISITOR}=abc&pw=x", f"{PAGE}?pw="),
    ],
)
def test_values_that_are_secret_by_their_name_go_and_the_rest_stays(text, left):
    assert without_secrets(text) == left
    assert may_have_secrets(orjson.dumps({"properties": {"url": text}}))


@pytest.mark.parametrize(
    "text",
    [
        f"{PAGE}?utm_source=news&utm_term=keyword&code=SPRING&keywords=a&monkey=1&author=b&sidebar=1&pinned=1&q=token",
        f"{PAGE}?compass=n&passenger=2&discard=1&hotkeys=1&design=1",
        "key=C major", "What? token = 5", "the token", "https://a.example/token/x",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_secret_stays_and_costs_no_second_look(text):
    assert without_secrets(text) == text


def test_a_body_without_secrets_is_not_looked_through():
    event = {"type": "page", "anonymousId": "v", "properties": {"url": f"{PAGE}?utm_source=a&code=b", "token": "x=1"}}
    assert not may_have_secrets(orjson.dumps(event))


def test_ids_of_hexadecimal_digits_are_no_encoded_sign():
    event = {
        "type": "page",
        "anonymousId": "3d3D8a4f-3d00",
        "messageId": "ajs-3d",
        "properties": {"url": f"{PAGE}?a=%20"},
    }
    assert not may_have_secrets(orjson.dumps(event))


@given(
    st.lists(st.sampled_from(["%", "25", "3", "d", "D", "=", "&", "?", "pw", "token", "a", "3d", "%3D"]), max_size=12)
)
def test_a_text_that_is_not_looked_through_has_nothing_in_it(parts):
    text = "".join(parts)
    assert without_secrets(text) == secrets_in_urls._IN_TEXT.sub(r"\1\2", text)


@pytest.mark.parametrize("name", ["url", "search", "referrer"])
def test_no_client_s_page_keeps_what_a_get_form_put_into_its_address(name):
    said = f"{PAGE}?pw=sesame&utm_source=news"
    message = {
        "type": "page", "anonymousId": "v", "name": said, "properties": {name: said, "deep": [{"x": said}]},
        "context": {"page": {"url": said, "path": said}, "traits": {"landed": said}},
    }  # fmt: skip
    event = read_event(message, {}, None, "", NOW, 0)
    assert "sesame" not in f"{event.properties}{event.traits}{event.path}{event.name}"
    assert event.properties[name] == f"{PAGE}?pw=&utm_source=news"
    assert event.properties["utm_source"] == "news"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "escaped"])
def test_a_request_s_secrets_are_found_however_it_is_written(encoding):
    text = orjson.dumps({"type": "page", "anonymousId": "v", "properties": {"url": f"{PAGE}?a=1&pw=sesame"}}).decode()
    body = text.replace("&", "\\u0026").encode() if encoding == "escaped" else text.encode(encoding)
    decoded = decode("page", {"x-write-key": "k1"}, body, WriteKeys({"k1": "web"}), NOW)
    assert isinstance(decoded, Decoded)
    assert decoded.events[0].properties["url"] == f"{PAGE}?a=1&pw="
