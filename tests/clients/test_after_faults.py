"""The same clients when things go wrong on the way: nothing is lost, nothing counts twice, and nobody hammers."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import real_clock
from nurture.workspace import Workspace
from tests.clients.fault_proxy import Request
from tests.clients.playing import THERE, Outcome, play
from tests.clients.scenes import (
    EVERY,
    OBEYS_RETRY_AFTER,
    RETRIES_A_401,
    RETRY_AFTER,
    SENDS_WHAT_IS_TOO_LARGE,
    WAITS,
    Author,
)

ONCE = [("identify", None), ("page", "/pricing"), ("track", "Webinar Attended")]

pytestmark = pytest.mark.slow
each = pytest.mark.parametrize("client", EVERY)


def ids(request: Request) -> set[str]:
    return {message["messageId"] for message in request.messages}


@each
@pytest.mark.parametrize("scene", ["refused", "cut", "lost", "slow"])
def test_every_event_counts_once(of: Outcome) -> None:
    assert of.stored == ONCE
    assert of.counted == 2
    assert of.handoffs == 1
    assert of.users == [of.scene.user]


@each
@pytest.mark.parametrize("scene", ["refused"])
def test_a_server_that_refuses_is_asked_again(of: Outcome) -> None:
    """500, then 429, then 503, then it takes what it is given."""
    assert [request.status for request in of.requests][:3] == [500, 429, 503]
    assert of.requests[-1].stored
    assert of.errors == []


@each
@pytest.mark.parametrize("scene", ["refused"])
def test_some_wait_as_long_as_they_are_told(of: Outcome, client: str) -> None:
    [told] = [n for n, request in enumerate(of.requests) if request.status == 429]
    again = next(r for r in of.requests[told + 1 :] if ids(r) & ids(of.requests[told]))
    waited = again.began - of.requests[told].ended
    if client in OBEYS_RETRY_AFTER:
        assert waited >= RETRY_AFTER - 0.05


@each
@pytest.mark.parametrize("scene", ["lost", "slow"])
def test_what_was_stored_but_not_confirmed_is_sent_again_under_the_same_ids(
    of: Outcome, client: str, scene: str
) -> None:
    first, *later = of.requests
    assert first.stored
    again = any(request.stored and ids(request) & ids(first) for request in later)
    assert again == (scene != "slow" or client not in WAITS)


@pytest.mark.parametrize("client", [client for client in EVERY if client not in RETRIES_A_401])
@pytest.mark.parametrize("scene", ["stranger"])
def test_a_wrong_key_stops_the_client(of: Outcome) -> None:
    sent = [message for request in of.requests for message in ids(request)]
    assert {request.status for request in of.requests} == {401}
    assert len(sent) == len(set(sent)) == 3
    assert of.errors
    assert of.lead is None


@each
@pytest.mark.parametrize("scene", ["damaged"])
def test_a_body_that_cannot_be_read_stops_the_client(of: Outcome) -> None:
    sent = [message for request in of.requests for message in ids(request)]
    assert {request.status for request in of.requests} == {400}
    assert len(sent) == len(set(sent)) == 3
    assert of.errors
    assert of.lead is None


@pytest.mark.parametrize("client", SENDS_WHAT_IS_TOO_LARGE)
@pytest.mark.parametrize("scene", ["heavy"])
def test_an_event_that_is_too_large_stops_the_client(of: Outcome) -> None:
    assert [request.status for request in of.requests] == [400]
    assert of.errors


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_nothing_is_lost_where_everything_goes_wrong(clean_db: Engine, workspace: Workspace, tmp_path: Path) -> None:
    author = Author(real_clock())
    scenes = [author.tour(client) for client in THERE]
    for of in play(clean_db, workspace, tmp_path, scenes, patience=180).values():
        assert (str(of.scene), of.stored, of.counted, of.handoffs) == (str(of.scene), ONCE, 2, 1)
