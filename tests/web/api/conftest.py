"""A program with the key of the environment, on the application of the tests."""

from collections.abc import Iterator

import httpx
import pytest

from tests.web.people import add_handoff, add_lead, browser

KEY = "ak_test"
REP, OTHER = "rep.one@acme.example", "rep.two@acme.example"


def as_program(site: str, key: str = KEY) -> httpx.Client:
    """A client that shows a key."""
    client = browser(site)
    client.headers["authorization"] = f"Bearer {key}"
    return client


@pytest.fixture
def api(site: str) -> Iterator[httpx.Client]:
    """A program that may do everything."""
    with as_program(site) as client:
        yield client


@pytest.fixture
def handoff(app) -> int:
    """A lead that was offered an hour ago."""
    return add_handoff(app.engine, add_lead(app.engine))


def problem(response: httpx.Response, status: int, code: str) -> dict:
    """The problem that an answer is; it is one of this kind, told as every one is."""
    said = response.json()
    assert (response.status_code, said["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert said["status"] == status
    assert said["type"] == f"http://nurture.example/docs#problem-{code}"
    assert said["title"]
    assert said["detail"][-1] in ".?!)", said["detail"]
    assert "Traceback" not in response.text
    return said
