from datetime import UTC, datetime

import pytest

from nurture.segment.message import read_event
from nurture.segment.secrets_in_urls import without_secrets
from nurture.segment.visitor import VISITOR

NOW = datetime(2026, 3, 3, tzinfo=UTC)
TOKEN = "AAE-_x9"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"https://a.example/?{VISITOR}={TOKEN}", "https://a.example/"),
        (f"https://a.example/x?b=%20c&{VISITOR}={TOKEN}#top", "https://a.example/x?b=%20c#top"),
        (f"https://a.example/x?{VISITOR}={TOKEN}&b=1", "https://a.example/x?b=1"),
        (f"https://a.example/x?a=1&{VISITOR}={TOKEN}&b=1", "https://a.example/x?a=1&b=1"),
        (f"?{VISITOR}={TOKEN}", ""),
        (f"{VISITOR}={TOKEN}", ""),
        (f"/login?next=%2Fx%3F{VISITOR}%3D{TOKEN}%26b%3D1", "/login?next=%2Fx%3Fb%3D1"),
        (f"https://a.example/#/route?{VISITOR}={TOKEN}", "https://a.example/#/route"),
        (f"see https://a.example/?{VISITOR}={TOKEN} there", "see https://a.example/ there"),
        ("https://a.example/?visitor=1", "https://a.example/?visitor=1"),
        (f"a word on {VISITOR}", f"a word on {VISITOR}"),
    ],
)
def test_the_token_goes_and_the_rest_of_a_url_stays(text, left):
    assert without_secrets(text) == left


def test_what_holds_texts_is_looked_through():
    url = f"https://a.example/?{VISITOR}={TOKEN}"
    assert without_secrets({"a": [{"url": url}, 1, None], url: True}) == {
        "a": [{"url": "https://a.example/"}, 1, None],
        "https://a.example/": True,
    }


@pytest.mark.parametrize("where", ["properties", "context", "both", "batch"])
def test_a_client_may_tell_whose_it_is_in_any_of_its_urls_and_none_is_kept(where):
    url, plain = f"https://a.example/pricing?{VISITOR}={TOKEN}", "https://a.example/pricing"
    in_properties, in_context = where in ("properties", "both"), where in ("context", "both")
    message = {
        "type": "page",
        "anonymousId": "a1",
        "properties": {"url": url if in_properties else plain, "referrer": url, "search": f"?{VISITOR}={TOKEN}"},
        "traits": {"landed_on": url},
        "context": {"page": {"url": url if in_context else plain}} if where != "batch" else {},
    }
    if where == "batch":
        del message["properties"]["url"]
    batch = {"page": {"url": url}} if where == "batch" else {}
    event = read_event(message, batch, None, "Mozilla/5.0", NOW, 0)
    assert event.url == url
    assert event.path == "/pricing"
    assert TOKEN not in f"{event.properties}{event.traits}{event.path}"


def test_a_page_or_event_that_is_named_by_its_url_is_named_without_the_token():
    url = f"https://a.example/x?{VISITOR}={TOKEN}"
    page = read_event({"type": "page", "anonymousId": "v", "name": url}, {}, None, "", NOW, 0)
    track = read_event({"type": "track", "anonymousId": "v", "event": f"Saw {url}"}, {}, None, "", NOW, 0)
    assert (page.name, track.name) == ("https://a.example/x", "Saw https://a.example/x")
