"""Segment's client for browsers, unchanged, in Chromium, on a page of another origin, with faults on the way."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from nurture.workspace import Workspace
from tests.clients.browsing import NO_BROWSER, Visit, Visited, browse
from tests.clients.conftest import Once
from tests.clients.fault_proxy import Cut, Says
from tests.clients.scenes import HOUR, Scene
from tests.databases import empty

pytestmark = [pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER), pytest.mark.slow]

TRAITS = "{email, firstName: 'Maria', title: 'VP Operations', country: 'US', employees: 450}"
AT_ONCE = {"strategy": "batching", "config": {"size": 20, "timeout": 200}}
NEVER = {"strategy": "batching", "config": {"size": 100, "timeout": 60_000}}
RETRY_AFTER = 2
"""Seconds; longer than the client would wait of its own accord."""
SOON = timedelta(seconds=8)


def scene(name: str, **changes: object) -> Scene:
    return Scene("segment-browser", name, **changes)  # type: ignore[arg-type]


VISITS = [
    Visit(
        scene("anonymous", clock=HOUR, script=[Says(500), Says(429, RETRY_AFTER)]),
        f"""await analytics.page();
            await analytics.track("Webinar Attended", {{minutes: 45}});
            await analytics.identify("user-anonymous", {TRAITS});
            await analytics.group("acme", {{name: "Acme Robotics", industry: "manufacturing"}});""",
        events=4,
    ),
    Visit(
        scene("batches", script=[Says(503), Says(429, RETRY_AFTER)]),
        f"""analytics.page();
            analytics.identify("user-batches", {TRAITS});
            analytics.track("Webinar Attended", {{minutes: 45}});""",
        events=3,
        delivery=AT_ONCE,
    ),
    Visit(
        scene("leaves"),
        f"""await analytics.identify("user-leaves", {TRAITS});
            await analytics.track("Whitepaper Downloaded");""",
        events=2,
        delivery=NEVER,
        leaves=True,
    ),
    Visit(
        scene("hurries"),
        """await analytics.identify("user-hurries", {email});
           analytics.track("Whitepaper Downloaded"); await 0;""",
        events=2,
        delivery={"config": {"keepalive": True}},
        leaves=True,
    ),
    Visit(
        scene("cut", script=[Cut(after=False), Cut(after=True)]),
        f"""await analytics.identify("user-cut", {TRAITS});
            await analytics.track("Webinar Attended", {{minutes: 45}});""",
        events=2,
        inline=True,
    ),
    Visit(
        scene("stranger", key="wk_wrong"),
        """await analytics.identify("user-stranger", {email}); await analytics.track("Webinar Attended");""",
        events=0,
        inline=True,
    ),
    Visit(
        scene("heavy"),
        """await analytics.identify("user-heavy", {email});
           await analytics.track("Novel Read", {text: "x".repeat(40000)});""",
        events=1,
        inline=True,
    ),
    Visit(
        scene("alias"),
        """await analytics.page(); await analytics.alias("user-alias");""",
        events=2,
        user="user-alias",
        inline=True,
    ),
]


@pytest.fixture(scope="session")
def visited(
    once: Once[dict[str, Visited]], engine: Engine, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Visited]:
    """What became of every visit."""

    def make() -> dict[str, Visited]:
        empty(engine)
        return browse(engine, workspace, tmp_path_factory.mktemp("browser"), VISITS)

    return once("browser", make)


@pytest.mark.parametrize("name", [visit.scene.name for visit in VISITS])
def test_the_page_speaks_to_nobody_else(visited: dict[str, Visited], name: str) -> None:
    assert visited[name].hosts == {"127.0.0.1"}


def test_what_a_visitor_did_before_is_attributed_and_counts_once(visited: dict[str, Visited]) -> None:
    of = visited["anonymous"].of
    assert sorted(of.stored, key=str) == [
        ("identify", None), ("identify", None), ("page", "/pricing"), ("track", "Webinar Attended"),
    ]  # fmt: skip
    assert (of.counted, of.handoffs, of.users) == (2, 1, ["user-anonymous"])
    assert of.lead is not None
    assert (of.lead["first_name"], of.lead["industry"], of.lead["grade"]) == ("Maria", "manufacturing", "A")


def test_each_kind_of_call_has_its_letter_and_asks_first(visited: dict[str, Visited]) -> None:
    found = visited["anonymous"]
    assert {request.path for request in found.of.requests} == {"/v1/p", "/v1/t", "/v1/i", "/v1/g"}
    asked = {(request.method, request.path) for request in found.asked}
    assert ("GET", "/v1/projects/wk_test/settings") in asked
    assert ("OPTIONS", "/v1/p") in asked
    assert {request.status for request in found.asked} <= {200, 204}
    assert all(request.headers["origin"] != f"http://{request.headers['host']}" for request in found.of.requests)


@pytest.mark.parametrize("name", ["anonymous", "batches"])
def test_it_waits_as_long_as_it_is_told(visited: dict[str, Visited], name: str) -> None:
    """Only because the answer lets a page's script read `Retry-After`."""
    requests = visited[name].of.requests
    assert {500, 503, 429} & {request.status for request in requests}
    [told] = [request for request in requests if request.status == 429]
    ids = {message["messageId"] for message in told.messages}
    again = next(r for r in requests if r.began > told.began and ids & {m["messageId"] for m in r.messages})
    assert again.began - told.ended >= RETRY_AFTER - 0.05


def test_a_clock_that_is_an_hour_behind_is_put_right(visited: dict[str, Visited]) -> None:
    of = visited["anonymous"].of
    taken = [request for request in of.requests if request.stored]
    said = sorted(datetime.fromisoformat(message["timestamp"]) for request in taken for message in request.messages)
    for event, at in zip(of.events, said, strict=True):
        assert abs(event["occurred_at"] - (at + HOUR)) < SOON


def test_the_campaign_of_the_link_comes_along(visited: dict[str, Visited]) -> None:
    page = next(request for request in visited["anonymous"].of.requests if request.path == "/v1/p")
    assert page.json["context"]["campaign"] == {"source": "letter", "medium": "email", "name": "spring"}


def test_batches_arrive_once(visited: dict[str, Visited]) -> None:
    of = visited["batches"].of
    assert {request.path for request in of.requests} == {"/v1/b"}
    assert sorted(of.stored, key=str) == [("identify", None), ("page", "/pricing"), ("track", "Webinar Attended")]
    assert (of.counted, of.handoffs, of.users) == (2, 1, ["user-batches"])


@pytest.mark.parametrize("name", ["leaves", "hurries"])
def test_what_is_said_last_survives_the_page(visited: dict[str, Visited], name: str) -> None:
    assert visited[name].of.stored == [("identify", None), ("track", "Whitepaper Downloaded")]


def test_a_broken_connection_loses_nothing_and_counts_nothing_twice(visited: dict[str, Visited]) -> None:
    of = visited["cut"].of
    assert sorted(of.stored, key=str) == [("identify", None), ("track", "Webinar Attended")]
    assert of.counted == 1


def test_a_wrong_key_stops_the_client(visited: dict[str, Visited]) -> None:
    of = visited["stranger"].of
    assert [(request.path, request.status) for request in of.requests] == [("/v1/i", 401), ("/v1/t", 401)]
    assert of.errors == ["delivery_failure", "delivery_failure"]
    assert of.lead is None


def test_an_event_that_is_too_large_is_given_up_and_costs_nothing_else(visited: dict[str, Visited]) -> None:
    of = visited["heavy"].of
    assert [(request.path, request.status) for request in of.requests] == [("/v1/i", 200), ("/v1/t", 400)]
    assert of.errors == ["delivery_failure"]
    assert of.stored == [("identify", None)]


def test_what_a_visitor_did_before_an_alias_is_attributed(visited: dict[str, Visited]) -> None:
    assert sorted(visited["alias"].of.stored, key=str) == [("identify", None), ("page", "/pricing")]
    assert visited["alias"].of.counted == 1
