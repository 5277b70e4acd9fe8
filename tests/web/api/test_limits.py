"""How often, how much, how many at once; and what is answered when the database does not."""

import asyncio
import gzip
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from nurture.db import make_engine
from nurture.flows import follow_up
from nurture.web.api import room
from nurture.web.api.gate import BATCH_LIMIT, BODY_LIMIT
from nurture.web.api.problems import Problem
from nurture.web.api.rates import Rates
from nurture.web.api.strict_json import faults, read_json
from nurture.web.application import make_web
from tests.web.api.conftest import as_program, problem
from tests.web.fuzz import DAMAGES, VALID
from tests.web.people import rows

JSON = {"content-type": "application/json"}


def left(headers):
    return headers["ratelimit"]


def test_a_key_has_so_many_calls_a_minute_and_they_come_back():
    clock = [0.0]
    rates = Rates(120, clock=lambda: clock[0])
    assert [left(rates.take("crm")) for _ in range(2)] == ['"calls";r=119;t=1', '"calls";r=118;t=1']
    for _ in range(118):
        rates.take("crm")
    with pytest.raises(Problem) as refused:
        rates.take("crm")
    assert refused.value.headers["retry-after"] == "1"
    assert left(refused.value.headers) == '"calls";r=0;t=60'
    assert left(rates.take("other")) == '"calls";r=119;t=1'
    clock[0] += 0.5
    assert left(rates.take("crm")) == '"calls";r=0;t=60'
    clock[0] += 600
    assert left(rates.take("crm")) == '"calls";r=119;t=1'
    assert Rates(0).take("crm") == {}


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 200))
@settings(max_examples=50)
def test_no_key_ever_has_more_than_its_share(pauses, quota):
    clock, taken, waits = [0.0], 0, []
    rates = Rates(quota, clock=lambda: clock[0])
    for pause in pauses:
        clock[0] += pause
        for _ in range(5):
            try:
                rates.take("crm")
                taken += 1
            except Problem as told:
                waits.append(int(told.headers["retry-after"]))
    assert all(wait >= 1 for wait in waits)
    assert taken <= quota + clock[0] * quota / 60 + 1e-6


def test_who_calls_too_often_is_told_when_to_come_back(app, serving):
    switch, address = serving
    switch.app = make_web(replace(app, settings=replace(app.settings, api_rate=3)))
    with as_program(address) as client:
        answers = [client.get("/api/reasons") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"calls";q=3;w=60'
    assert answers[2].headers["ratelimit"].startswith('"calls";r=0;')
    said = problem(answers[3], 429, "too-many")
    assert answers[3].headers["retry-after"] == "20"
    assert "wait 20 seconds" in said["detail"]


def test_what_comes_when_all_turns_are_taken_waits_for_its_own():
    async def turns():
        two, worked, most = room.Room(2), 0, 0

        async def work():
            nonlocal worked, most
            async with two:
                worked += 1
                most = max(most, worked)
                await asyncio.sleep(0)
                worked -= 1

        await asyncio.gather(*(work() for _ in range(20)))
        return most

    assert asyncio.run(turns()) == 2


@pytest.mark.parametrize("most_waiting", [0, 5])
def test_who_would_wait_too_long_is_told_to_come_back(most_waiting):
    async def late():
        one = room.Room(1, waits_for=0.01, most_waiting=1 + most_waiting)
        async with one:
            if not most_waiting:
                waiting = asyncio.create_task(one.__aenter__())
                await asyncio.sleep(0)
            try:
                async with one:
                    pytest.fail("there was a turn")
            finally:
                if not most_waiting:
                    with pytest.raises(Problem):
                        await waiting

    with pytest.raises(Problem) as told:
        asyncio.run(late())
    assert told.value.kind.status == 503
    assert told.value.headers["retry-after"] == "2"


def test_more_calls_than_connections_are_all_answered(app, serving, handoff):
    engine = make_engine(app.engine.url.render_as_string(hide_password=False), pool_size=1)
    switch, address = serving
    switch.app = make_web(replace(app, engine=engine, settings=replace(app.settings, pool_size=1)))
    try:
        with as_program(address) as client, ThreadPoolExecutor(12) as pool:
            names = [{"idempotency-key": f"k{n}"} for n in range(24)]
            path = f"/api/handoffs/{handoff}/accept"
            answers = list(pool.map(lambda name: client.post(path, headers=name), names))
        assert [one.status_code for one in answers] == [200] * 24
    finally:
        engine.dispose()


def test_a_database_that_is_away_is_a_503_and_no_traceback(app, serving, handoff):
    engine = make_engine("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1", pool_size=1)
    switch, address = serving
    switch.app = make_web(replace(app, engine=engine))
    with as_program(address) as client:
        for response in (client.get("/api/leads"), client.post("/api/leads", json={"email": "a@b.example"}),
                         client.post(f"/api/handoffs/{handoff}/accept", headers={"idempotency-key": "k"})):  # fmt: skip
            problem(response, 503, "away")
            assert response.headers["retry-after"] == "5"
    with as_program(address, "nur_" + "0" * 48 + "f1e1ea92") as client:  # its checksum is right, so it has to be asked
        assert client.get("/api/leads").status_code in (401, 503)


def test_a_transaction_that_was_in_anothers_way_may_be_sent_again(api, handoff, monkeypatch):
    class Deadlock(Exception):
        sqlstate = "40P01"

    def deadlocked(*_, **__):
        raise OperationalError("SELECT 1", {}, Deadlock())

    monkeypatch.setattr(follow_up, "accept", deadlocked)
    problem(api.post(f"/api/handoffs/{handoff}/accept", headers={"idempotency-key": "k"}), 503, "away")
    monkeypatch.undo()
    assert api.post(f"/api/handoffs/{handoff}/accept", headers={"idempotency-key": "k"}).status_code == 200


def test_a_mistake_of_ours_is_a_500_that_shows_nothing_of_itself(api, handoff, monkeypatch, caplog):
    def broken(*_, **__):
        raise ZeroDivisionError("maria.rossi@acme.example")

    monkeypatch.setattr(follow_up, "accept", broken)
    for headers in ({}, {"idempotency-key": "k"}):
        with caplog.at_level(logging.ERROR):
            said = problem(api.post(f"/api/handoffs/{handoff}/accept", headers=headers), 500, "broken")
        assert "maria" not in json.dumps(said)
    assert caplog.text.count("ZeroDivisionError") >= 2
    monkeypatch.undo()
    assert api.post(f"/api/handoffs/{handoff}/accept", headers={"idempotency-key": "k"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "status", "code", "detail"),
    [
        (b'{"reason": ', JSON, 400, "malformed", "line 1, column 12"),
        (b'{"a": 1, "a": 2}', JSON, 400, "malformed", "`a` stands twice"),
        (b'{"a": NaN}', JSON, 400, "malformed", "no NaN"),
        (b'{"a": "\xff"}', JSON, 400, "malformed", "octet 8"),
        ('{"a": "b"}'.encode("utf-16"), JSON, 400, "malformed", "not UTF-8"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, JSON, 400, "malformed", "more than 32 deep"),
        (b"[" * 60_000, JSON, 400, "malformed", "more than 32 deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", JSON, 400, "malformed", "more than 400 digits"),
        (b'{"a": 0.' + b"9" * 5000 + b"}", JSON, 400, "malformed", "more than 400 digits"),
        (b'{"note": 1e999}', JSON, 422, "invalid", "`note`: it is a number beyond 64 bits"),
        (b'{"note": 99999999999999999999}', JSON, 422, "invalid", "beyond 64 bits"),
        (b'{"a\\u0000": 1}', JSON, 422, "invalid", "cannot be kept"),
        (b"reason=not_ready", {"content-type": "application/x-www-form-urlencoded"}, 415, "media-type", "json"),
        (b"{}", {}, 415, "media-type", "application/json"),
        (b"{}", {"content-type": "application/json; charset=latin-1"}, 415, "media-type", "UTF-8"),
        (b"{}", {**JSON, "content-encoding": "br"}, 415, "media-type", "plain or as gzip"),
        (b"{}", {**JSON, "content-encoding": "gzip"}, 422, "invalid", "reason"),
        (gzip.compress(b"{}")[:-9], {**JSON, "content-encoding": "gzip"}, 400, "malformed", "gzip"),
        (gzip.compress(b" " * 70_000), {**JSON, "content-encoding": "gzip"}, 413, "too-large", "65,536"),
        (b" " * (BODY_LIMIT + 1), JSON, 413, "too-large", "65,536 octets"),
        (b"", {}, 422, "invalid", "missing"),
        (b"[]", JSON, 422, "invalid", "JSON object"),
    ],
    ids=range(22),
)
def test_what_cannot_be_read_is_said_in_one_sentence(api, app, handoff, content, headers, status, code, detail):
    said = problem(api.post(f"/api/handoffs/{handoff}/reject", content=content, headers=headers), status, code)
    assert detail in said["detail"]
    assert rows(app.engine, "SELECT state FROM handoff") == [{"state": "offered"}]


def test_gzip_and_other_names_of_json_are_read(api, handoff):
    path, body = f"/api/handoffs/{handoff}/accept", json.dumps({"by": "é@b.example"}).encode()
    for content, headers in (
        (gzip.compress(body), {**JSON, "content-encoding": "gzip"}),
        (b"\xef\xbb\xbf" + body, {"content-type": 'application/vnd.crm+json; charset="UTF-8"'}),
    ):
        assert api.post(path, content=content, headers=headers).status_code == 200


def test_a_batch_may_be_larger(api):
    lead = {"email": "a@b.example", "attributes": {f"a{n}": "x" * 1000 for n in range(100)}}
    assert api.post("/api/leads/batch", json={"leads": [lead] * 15}).json()["created"] == 15
    problem(api.post("/api/leads/batch", content=b" " * (BATCH_LIMIT + 1), headers=JSON), 413, "too-large")


def test_an_address_that_is_none_of_the_apis_and_a_method_that_does_not_work(api, handoff):
    problem(api.get("/api/leads/%0A/x"), 404, "not-found")
    assert "`/api/handofs`" in problem(api.get("/api/handofs"), 404, "not-found")["detail"]
    for path, method, allow in (
        ("/api/leads", "DELETE", "GET, POST"), ("/api/leads", "PATCH", "GET, POST"),
        ("/api/leads/batch", "PUT", "GET, POST"), (f"/api/handoffs/{handoff}/accept", "GET", "POST"),
        (f"/api/handoffs/{handoff}/attempts", "PUT", "GET, POST"),
        ("/api/leads/a@b.example/reject", "GET", "POST"), ("/api/reasons", "POST", "GET"),
    ):  # fmt: skip
        response = api.request(method, path)
        problem(response, 405, "wrong-method")
        assert set(response.headers["allow"].split(", ")) <= set(allow.split(", "))


@given(st.sampled_from(DAMAGES), st.integers(0, len(VALID) - 1))
@settings(max_examples=150)
def test_whatever_the_octets_are_they_are_read_or_refused(damage, at):
    status, found = 400, []
    try:
        found = list(faults(read_json(damage(VALID, at))))
    except Problem as told:
        status = told.kind.status
    assert status == 400
    assert all(fault.pointer is not None for fault in found)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab[{\"\\", max_size=3), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(anything, st.booleans())
@settings(max_examples=150)
def test_json_that_is_sound_is_read_as_it_is(said, ascii_only):
    body = json.dumps(said, ensure_ascii=ascii_only).encode()
    assert read_json(body) == said
    assert list(faults(said)) == []
