"""Clients for servers that others wrote, unchanged: every event arrives once, on the right lead, at the right time."""

from datetime import datetime, timedelta

import pytest

from tests.clients.playing import Outcome
from tests.clients.scenes import EVERY, GZIPS, MANY, SENDS_NO_SENT_AT

SOON = timedelta(seconds=8)
"""How long a client may take from the call to the sending: what no timestamp can tell from a wrong clock."""

pytestmark = [pytest.mark.parametrize("client", EVERY), pytest.mark.slow]
TOLD = ("first_name", "last_name", "title", "country", "employees", "company", "industry")


@pytest.mark.parametrize("scene", ["life"])
def test_every_call_arrives_once_on_the_right_lead(of: Outcome) -> None:
    assert of.errors == []
    assert of.stored == [
        ("page", "/pricing"),
        ("page", "/screen/settings"),
        ("page", "/trial"),
        ("track", "Brochure Opened"),
        ("identify", None),
        ("track", "Whitepaper Downloaded"),
        ("identify", None),
        ("page", "/pricing/robots"),
    ]


@pytest.mark.parametrize("scene", ["life"])
def test_the_traits_make_a_profile(of: Outcome) -> None:
    assert of.lead is not None
    kept = {name: of.lead[name] for name in TOLD}
    assert kept == {
        "first_name": "Maria", "last_name": "Rossi", "title": "VP Operations", "country": "US", "employees": 450,
        "company": "Acme Robotics", "industry": "manufacturing",
    }  # fmt: skip
    assert of.lead["grade"] == "A"


@pytest.mark.parametrize("scene", ["renamed"])
def test_an_alias_ties_another_user_id_to_the_same_lead(of: Outcome) -> None:
    assert of.users == [of.scene.user, f"{of.scene.user}-better"]
    assert of.stored == [("identify", None), ("track", "Robot Compared")]


@pytest.mark.parametrize("scene", ["overtaken"])
def test_what_arrives_before_the_word_who_it_was_is_not_lost(of: Outcome) -> None:
    assert of.stored == [("identify", None), ("page", "/pricing")]
    assert of.counted == 1


@pytest.mark.parametrize("scene", ["life"])
def test_what_the_visitor_did_before_counts_and_sales_hears_once(of: Outcome) -> None:
    """Two visits to the prices, the trial's page of the other browser, the paper."""
    assert of.counted == 4
    assert of.handoffs == 1


@pytest.mark.parametrize("scene", ["life", "many", "history", "refused", "cut", "lost"])
def test_everything_happened_when_the_client_says(of: Outcome) -> None:
    calls = [call for call in of.scene.calls if call["call"] not in ("alias", "flush")]
    times = sorted(datetime.fromisoformat(call["timestamp"]) for call in calls)
    assert len(of.events) == len(times)
    assert max(abs(event["occurred_at"] - at) for event, at in zip(of.events, times, strict=True)) < SOON


@pytest.mark.parametrize("scene", ["history"])
def test_what_happened_long_ago_counts_and_hands_nobody_over(of: Outcome) -> None:
    assert len(of.stored) == 3
    assert (of.counted, of.handoffs) == (2, 0)


@pytest.mark.parametrize("scene", ["behind", "ahead"])
def test_a_clock_that_is_an_hour_off_is_put_right(of: Outcome, client: str) -> None:
    """Told by `sentAt`. A client that sends none is believed, but nothing happens after it was received."""
    off = timedelta() if client in SENDS_NO_SENT_AT else of.scene.clock
    assert len(of.events) == 3
    for event, call in zip(of.events, of.scene.calls, strict=True):
        right = datetime.fromisoformat(call["timestamp"]) + off
        if client in SENDS_NO_SENT_AT:
            right = min(right, event["received_at"])
        assert abs(event["occurred_at"] - right) < SOON


@pytest.mark.parametrize("scene", ["many"])
def test_batches_arrive_whole(of: Outcome, client: str) -> None:
    assert [what for kind, what in of.stored if kind == "track"] == [f"Step {n}" for n in range(MANY)]
    assert {request.path for request in of.requests} == {"/v1/batch"}
    assert len(of.requests) < 25
    compressed = {request.headers.get("content-encoding") for request in of.requests}
    assert compressed == ({"gzip"} if client in GZIPS else {None})


@pytest.mark.parametrize("scene", ["many"])
def test_a_key_is_known_however_it_is_shown_and_names_the_source(of: Outcome, client: str) -> None:
    schemes = {request.headers["authorization"].split(" ")[0] for request in of.requests}
    bearer = client == "customerio-python"
    assert schemes == {"Bearer" if bearer else "Basic"}
    assert {event["source"] for event in of.events} == {"cdp" if bearer else "site"}
