from datetime import UTC, datetime

import pytest

from nurture.segment.landing import with_campaign
from nurture.segment.message import read_event

NOW = datetime(2026, 3, 3, tzinfo=UTC)
URL = "https://a.example/x?utm_source=news%20letter&utm_campaign=spring&b=1&utm_medium=#top"


def page(**more):
    return {"type": "page", "anonymousId": "a1", **more}


@pytest.mark.parametrize(
    "message",
    [page(properties={"url": URL}), page(properties={"path": "/x"}, context={"page": {"url": URL}})],
    ids=["properties", "context"],
)
def test_the_campaign_of_a_pages_url_is_among_its_properties(message):
    properties = read_event(message, {}, None, "Mozilla/5.0", NOW, 0).properties
    assert (properties["utm_source"], properties["utm_campaign"]) == ("news letter", "spring")
    assert "utm_medium" not in properties


def test_a_campaign_that_the_client_took_apart_itself_is_told_by_the_same_names():
    context = {"campaign": {"name": "spring", "source": "newsletter", "other": "x", "term": 5}, "page": {"url": URL}}
    properties = read_event(page(context=context), {}, None, "Mozilla/5.0", NOW, 0).properties
    assert properties == {"utm_campaign": "spring", "utm_source": "newsletter"}


def test_what_the_client_says_itself_stays():
    assert with_campaign({"utm_source": "x"}, {}, URL) == {"utm_source": "x", "utm_campaign": "spring"}


def test_other_events_have_the_properties_that_they_came_with():
    message = {"type": "track", "event": "E", "anonymousId": "a1", "context": {"page": {"url": URL}}}
    assert read_event(message, {}, None, "Mozilla/5.0", NOW, 0).properties == {}


@pytest.mark.parametrize("url", [None, "https://[x?utm_source=a", "?utm_source=" + "a&b=" * 500, "utm_source"])
def test_what_cannot_be_taken_apart_has_no_campaign(url):
    assert with_campaign({"a": 1}, {"campaign": "x"}, url) == {"a": 1}


def test_no_value_is_longer_than_it_needs_to_be():
    assert len(str(with_campaign({}, {}, "?utm_source=" + "a" * 999)["utm_source"])) == 255
