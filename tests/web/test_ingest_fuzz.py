"""Whatever comes in is taken or refused, never answered with a 5xx, and costs the good events beside it nothing."""

import gzip
import itertools
import json
import socket
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nurture.app import App
from nurture.web.openapi import document
from nurture.web.segment import BATCH_LIMIT
from tests.web import fuzz
from tests.web.people import rows

KEY = ("wk_test", "")
PAGE = {"type": "page", "userId": "u1", "messageId": "good", "properties": {"path": "/pricing"}}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]  # fmt: skip
ACCEPTED = [positive_data_acceptance]
QUIET = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False)


def send_all(client: httpx.Client, app: App, examples: int) -> None:
    """So many requests of every kind; then whether the good events are there."""
    numbers = itertools.count()
    good: set[str] = set()

    @settings(QUIET, max_examples=examples)
    @given(fuzz.requests(lambda: next(numbers)))
    def send(sent: fuzz.Sent) -> None:
        response = client.post(sent.path, content=sent.body, headers=sent.headers, auth=None if sent.headers else KEY)
        assert response.status_code == 200 or 400 <= response.status_code < 500
        assert response.json()["success"] is (response.status_code == 200)
        if sent.must_be_taken:
            assert response.status_code == 200, response.text
            good.add(sent.must_be_taken)

    send()
    stored = {row["message_id"] for row in rows(app.engine, "SELECT message_id FROM event WHERE path = '/pricing'")}
    assert good
    assert good <= stored


def describe_all(site: str, examples: int) -> None:
    """So many requests of every operation of the description, as it says and as it does not."""
    schema = schemathesis.openapi.from_dict(document("http://nurture.example"))
    with requests.Session() as session:
        session.trust_env = False
        ask = partial(ask_all, session, site, examples)
        for found in schema.get_all_operations():
            operation = found.ok()
            ask(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), [*CHECKS, *ACCEPTED])
            if operation.method == "post":
                ask(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), CHECKS)


def ask_all(session: requests.Session, site: str, examples: int, cases: SearchStrategy[Any], checks: list[Any]) -> None:
    @settings(QUIET, max_examples=examples)
    @given(cases)
    def ask(case: Any) -> None:
        key = {} if case.method.upper() == "GET" else {"x-write-key": "wk_test"}
        case.validate_response(case.call(base_url=site, session=session, headers=key), checks=checks)

    ask()


def test_bodies_that_nobody_should_send(client, app):
    send_all(client, app, 100)


def test_requests_made_of_the_description(site, app):
    describe_all(site, 2)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(4))
def test_ten_thousand_bodies_that_nobody_should_send(client, app, part):
    send_all(client, app, 2500)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_thousand_requests_made_of_the_description(site, app):
    describe_all(site, 40)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (gzip.compress(b" " * 50_000_000), "too_large"),
        (gzip.compress(json.dumps({"batch": [PAGE]}).encode())[:-9], "bad_gzip"),
        (json.dumps({"batch": [PAGE] * 2501}).encode(), "too_many"),
        (b'{"batch":' + b"[" * 200_000, "bad_json"),
        (b'{"context":' + b'{"x":' * 60 + b"1" + b"}" * 60 + b',"batch":[]}', "too_deep"),
        (b'{"batch": [' + b"9" * 200_000 + b"]}", None),
        (b'{"batch": [{"userId": "' + b"\xed\xa0\x80" + b'"}]}', None),
        (b'{"batch": [{"userId": "\\ud800", "type": "page"}]}', None),
        ('{"batch": ["é"]}'.encode("latin-1"), "bad_json"),
        (b" " * (BATCH_LIMIT + 1), "too_large"),
    ],
    ids=[
        "bomb",
        "cut gzip",
        "2501",
        "deep",
        "deep context",
        "long number",
        "raw surrogate",
        "surrogate",
        "latin-1",
        "long",
    ],
)
def test_well_known_bad_bodies(client, app, body, code):
    response = client.post("/v1/batch", content=body, auth=KEY)
    assert response.json().get("code") == code
    assert response.status_code == (200 if code is None else 400)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/page HTTP/1.1\r\nhost: x\r\nauthorization: Basic \xff\xfe\x80\r\n",
        b"POST /v1/page HTTP/1.1\r\nhost: x\r\nauthorization: Basic d2tfdGVzdDo=\r\nauthorization: x\r\n",
        b"POST /v1/page HTTP/1.1\r\nhost: x\r\ncontent-encoding: \xf0\x9f\x92\xa9\r\n",
        b"POST /v1/\xff%00%ff/../page HTTP/1.1\r\nhost: x\r\n",
        b"POST /v1/page%00 HTTP/1.1\r\nhost: x\r\n",
        b"POST /v1/projects/%ff%00/settings HTTP/1.1\r\nhost: x\r\n",
        b"OPTIONS /v1/t HTTP/1.1\r\nhost: x\r\naccess-control-request-headers: \x80,\xff\r\n",
        b"BREW /v1/t HTTP/1.1\r\nhost: x\r\n",
        b"POST /v1/t HTTP/1.1\r\nhost: x\r\nuser-agent: " + b"\xe9" * 5000 + b"\r\n",
        b"POST /v1/t HTTP/1.1\r\nhost: x\r\nbad\x00name: 1\r\n",
        b"POST /v1/t HTTP/1.1\r\n",
    ],
)
def test_headers_that_no_library_would_send(site, client, app, head):
    body = json.dumps({**PAGE, "writeKey": "wk_test", "event": "E"}).encode()
    address = urlsplit(site)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(head + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        status = int(raw.makefile("rb").readline().split()[1])
    assert status in (200, 204) or 400 <= status < 500
    assert client.post("/v1/page", json=PAGE, auth=KEY).status_code == 200


@pytest.mark.parametrize("declared", [True, False])
def test_who_sends_far_too_much_hears_why(site, app, declared):
    address = urlsplit(site)
    head = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        if declared:
            raw.sendall(head + b"content-length: 4000000\r\n\r\n" + b" " * 4_000_000)
        else:
            raw.sendall(head + b"transfer-encoding: chunked\r\n\r\n" + b"f4240\r\n%s\r\n" % (b" " * 1_000_000) * 4)
            raw.sendall(b"0\r\n\r\n")
        answer = raw.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"too_large" in answer


def test_who_asks_first_need_not_send_what_is_too_much(site, app):
    address = urlsplit(site)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(b"POST /v1/batch HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4000000\r\n\r\n")
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("length", [b"1000", b"-1", b"1e3", b"99999999999999999999", b"12, 13"])
def test_a_length_that_is_not_that_of_the_body(site, client, app, length):
    address = urlsplit(site)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(b"POST /v1/page HTTP/1.1\r\nhost: x\r\ncontent-length: " + length + b"\r\n\r\n{}")
        raw.shutdown(socket.SHUT_WR)
        answered = raw.makefile("rb").readline()
    assert not answered or 400 <= int(answered.split()[1]) < 500
    assert client.post("/v1/page", json=PAGE, auth=KEY).status_code == 200
