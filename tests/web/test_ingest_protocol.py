"""What a client of the Segment HTTP tracking API meets: routes, headers, answers, and whose events are whose."""

import asyncio
import gzip
import json
from datetime import timedelta
from functools import partial

import httpx
import pytest

from nurture.db import make_engine
from nurture.store import rejected_events
from nurture.web import ingest
from nurture.web.gathering import Gathering
from nurture.web.openapi import document
from nurture.web.openapi_messages import EXAMPLES
from nurture.web.segment import BATCH_LIMIT, CALLS, EVENT_LIMIT, EVENTS_LIMIT
from nurture.web.waiting import Busy
from tests.web.people import NOW, rows

KEY = ("wk_test", "")
SUCCESS = b'{"success": true}'
PAGE = {"type": "page", "messageId": "p1", "userId": "u1", "properties": {"path": "/pricing"}}


def stored(app, columns="kind, name, path, properties, source"):
    return rows(app.engine, f"SELECT {columns} FROM event ORDER BY id")


def rejected(app):
    return [(row["reason"], row["n"]) for row in rows(app.engine, "SELECT reason, count(*) AS n FROM rejected_event "
            "GROUP BY reason ORDER BY reason")]  # fmt: skip


@pytest.mark.parametrize("ending", ["", "/", "//"])
@pytest.mark.parametrize("name", CALLS)
def test_every_route_takes_its_example_with_a_slash_too(client, app, name, ending):
    for example in EXAMPLES[CALLS[name]].values():
        response = client.post(f"/v1/{name}{ending}", json=example, auth=KEY)
        assert (response.status_code, response.content) == (200, SUCCESS)
        assert response.headers["content-type"] == "application/json"
    assert rejected(app) == []


def test_an_address_that_ends_with_a_slash_is_no_trouble(site, app):
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{site}//v1/page", json=PAGE, auth=KEY).content == SUCCESS
    assert len(stored(app)) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allow"),
    [
        ("GET", "/v1/track", 405, "method_not_allowed", "POST, OPTIONS"),
        ("PUT", "/v1/b", 405, "method_not_allowed", "POST, OPTIONS"),
        ("DELETE", "/v1/batch/", 405, "method_not_allowed", "POST, OPTIONS"),
        ("POST", "/v1/openapi.json", 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/projects/wk_test/settings", 405, "method_not_allowed", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/tracks", 404, "not_found", None),
        ("POST", "/v1/Track", 404, "not_found", None),
        ("GET", "/v1/", 404, "not_found", None),
        ("GET", "/v1", 404, "not_found", None),
        ("GET", "/v1/projects/wk_test", 404, "not_found", None),
        ("GET", "/v1/projects/wrong/settings", 404, "not_found", None),
        ("GET", "/v1/projects//settings", 404, "not_found", None),
        ("GET", "/v1/projects/%F0%9F%92%A9/settings", 404, "not_found", None),
    ],
)
def test_what_there_is_not_is_said_as_clients_read_it(client, method, path, status, code, allow):
    response = client.request(method, path, auth=KEY)
    assert response.status_code == status
    assert response.headers.get("allow") == allow
    said = response.json()
    assert (said["success"], said["code"]) == (False, code)
    assert said["message"]


@pytest.mark.parametrize("path", ["/v1/track", "/v1/openapi.json", "/v1/nothing", "/v1/projects/wk_test/settings"])
def test_head_answers_without_a_body(client, path):
    response, full = client.head(path), client.get(path)
    assert response.status_code == full.status_code
    assert response.content == b""
    assert response.headers["content-length"] == str(len(full.content))


def test_other_pages_are_not_ours(client):
    assert client.get("/v1x").headers["content-type"].startswith("text/html")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("authorization,content-type,x-retry-count", "authorization,content-type,x-retry-count"),
        ("AnonymousId, x-something-new", "AnonymousId, x-something-new"),
        (None, "authorization, content-type, x-retry-count, x-write-key"),
        ("no\tname, really", "authorization, content-type, x-retry-count, x-write-key"),
        ("x" * 501, "authorization, content-type, x-retry-count, x-write-key"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/t", "/v1/projects/wk_test/settings"])
def test_a_page_of_any_origin_may_send_what_its_client_sends(client, path, asked, allowed):
    headers = {"origin": "https://acme.example", "access-control-request-method": "POST"}
    response = client.options(path, headers=headers | ({"access-control-request-headers": asked} if asked else {}))
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert response.headers["access-control-allow-headers"] == allowed
    assert int(response.headers["access-control-max-age"]) > 600


def test_a_page_may_read_every_answer(client):
    answers = [
        client.post("/v1/page", json=PAGE, auth=KEY),
        client.post("/v1/page", json=PAGE),
        client.post("/v1/nothing"),
        client.get("/v1/projects/wk_test/settings"),
        client.get("/v1/projects/wrong/settings"),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 404, 200, 404]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    assert {answer.headers["access-control-expose-headers"] for answer in answers} == {"Retry-After, X-RateLimit-Reset"}


def test_a_browser_is_told_to_send_here_and_nowhere_else(client):
    said = client.get("/v1/projects/wk_test/settings").json()
    assert list(said["integrations"]) == ["Segment.io"]
    ours = said["integrations"]["Segment.io"]
    assert (ours["apiKey"], ours["apiHost"], ours["protocol"]) == ("wk_test", "nurture.example/v1", "http")
    assert said["plan"]["track"]["__default"]["enabled"] is True
    assert said["edgeFunction"] == {}
    assert said["remotePlugins"] == said["middlewareSettings"]["routingRules"] == []
    assert said["metrics"]["sampleRate"] == 0
    assert "http" not in json.dumps(said).replace('"protocol": "http"', "")


def test_too_much_at_once_is_asked_to_come_again(client, app, monkeypatch):
    class Full(Gathering):
        def submit(self, *_, **__):
            raise Busy

    monkeypatch.setattr(ingest, "Gathering", Full)
    response = client.post("/v1/page", json=PAGE, auth=KEY)
    assert (response.status_code, response.json()["code"]) == (429, "busy")
    assert response.headers["retry-after"] == response.headers["x-ratelimit-reset"] == "2"
    assert stored(app) == []


def test_without_a_database_the_client_keeps_its_events(client, app):
    away = make_engine("postgresql://nobody@127.0.0.1:1/none", pool_size=1)
    object.__setattr__(app, "engine", away)
    for body in (PAGE, {"batch": [7]}):
        response = client.post("/v1/batch" if "batch" in body else "/v1/page", json=body, auth=KEY)
        assert (response.status_code, response.json()["code"]) == (503, "try_again")
        assert response.headers["retry-after"] == "2"
    away.dispose()


@pytest.mark.parametrize(("ago", "offers"), [(timedelta(hours=1), 1), (timedelta(days=60), 0)])
def test_a_hand_that_was_raised_long_ago_is_history(client, app, ago, offers):
    said = {"type": "track", "event": "Demo Requested", "messageId": "d", "timestamp": (NOW - ago).isoformat()}
    body = {"batch": [said], "sentAt": NOW.isoformat(), "context": {"traits": {"email": "jo@buyer.example"}}}
    assert client.post("/v1/batch", json=body, auth=KEY).content == SUCCESS
    assert rows(app.engine, "SELECT occurred_at FROM event") == [{"occurred_at": NOW - ago}]
    assert len(rows(app.engine, "SELECT id FROM handoff")) == offers


def test_each_key_has_its_own_messages(site, app):
    object.__setattr__(app.settings, "write_key", "website:k1,app:k2")
    with httpx.Client(base_url=site, trust_env=False) as client:
        for auth in (("k1", ""), ("k2", ""), ("k1", "")):
            assert client.post("/v1/page", json=PAGE, auth=auth).content == SUCCESS
        assert client.post("/v1/page", json=PAGE, auth=("website", "")).status_code == 401
        assert client.get("/v1/projects/k2/settings").json()["integrations"]["Segment.io"]["apiKey"] == "k2"
    assert [event["source"] for event in stored(app)] == ["website", "app"]


def test_a_group_tells_of_the_leads_company(client, app):
    client.post("/v1/identify", json={"userId": "u1", "traits": {"email": "jo@buyer.example", "title": "VP"}}, auth=KEY)
    traits = {"name": "Initech", "industry": "Technology", "employees": 329, "plan": "enterprise", "id": "x"}
    client.post("/v1/group", json={"userId": "u1", "groupId": "libraries", "traits": traits}, auth=KEY)
    [lead] = rows(app.engine, "SELECT title, company, industry, employees, attributes FROM lead")
    assert lead == {
        "title": "VP", "company": "Initech", "industry": "Technology", "employees": 329,
        "attributes": {"company_plan": "enterprise"},
    }  # fmt: skip
    assert stored(app, "kind, properties")[1] == {"kind": "identify", "properties": {"groupId": "libraries"}}


def test_what_is_of_no_use_can_be_looked_up(client, app):
    bad = [7, {"type": "page", "messageId": "lost", "writeKey": "wk_test"}, {"type": "merge", "userId": "u"}]
    assert client.post("/v1/batch", json={"batch": [*bad, PAGE]}, auth=KEY).content == SUCCESS
    assert len(stored(app)) == 1
    kept = rows(app.engine, "SELECT source, reason, message_id, body FROM rejected_event ORDER BY id")
    assert [(one["source"], one["message_id"]) for one in kept] == [("segment", None), ("segment", "lost"),
                                                                    ("segment", None)]  # fmt: skip
    assert [one["reason"] for one in kept][:2] == ["it is no object", "it has no userId, anonymousId or e-mail address"]
    assert "wk_test" not in "".join(one["body"] for one in kept)


def test_an_event_whose_time_cannot_be_read_is_stored_and_can_be_looked_up(client, app):
    assert client.post("/v1/page", json={**PAGE, "timestamp": "yesterday"}, auth=KEY).content == SUCCESS
    assert len(stored(app)) == 1
    assert rejected(app) == [("its timestamp cannot be read: it is kept, as of when it came in", 1)]


def test_a_value_that_the_database_refuses_is_looked_up_too(client, app, monkeypatch):
    from psycopg.errors import NumericValueOutOfRange
    from sqlalchemy.exc import DataError

    def refuses(*_):
        raise DataError("insert", {}, NumericValueOutOfRange("out of range"))

    monkeypatch.setattr(ingest, "Gathering", partial(Gathering, store=refuses))
    assert client.post("/v1/page", json=PAGE, auth=KEY).content == SUCCESS
    [kept] = rows(app.engine, "SELECT reason, message_id, body FROM rejected_event")
    assert (kept["reason"], kept["message_id"]) == ("the database refuses a value in it", "p1")
    assert json.loads(kept["body"])["properties"] == {"path": "/pricing"}


def test_a_flood_of_useless_events_fills_nothing(client, app):
    for _ in range(3):
        assert client.post("/v1/batch", json={"batch": [7] * EVENTS_LIMIT}, auth=KEY).content == SUCCESS
    assert rejected(app) == [("it is no object", 3 * rejected_events.KEPT_AT_ONCE)]
    assert rows(app.engine, "SELECT count FROM rejected_day") == [{"count": 3 * EVENTS_LIMIT}]


def padded(length: int, **more: object) -> bytes:
    """A page of exactly so many octets."""
    shell = json.dumps({**PAGE, "context": {"x": ""}, **more}).encode()
    return shell.replace(b'{"x": ""}', b'{"x": "' + b"a" * (length - len(shell)) + b'"}')


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_event_has_32_kb_and_a_batch_500(client, app, pack):
    fits, too_long = padded(EVENT_LIMIT), padded(EVENT_LIMIT + 1)
    assert (len(fits), len(too_long)) == (EVENT_LIMIT, EVENT_LIMIT + 1)
    assert client.post("/v1/page", content=pack(fits), auth=KEY).content == SUCCESS
    assert client.post("/v1/page", content=pack(too_long), auth=KEY).json()["code"] == "too_large"
    full = b'{"batch": [' + b", ".join([padded(30_000)] * 17) + b"]}"
    exactly = full[:-1] + b" " * (BATCH_LIMIT - len(full)) + b"}"
    assert client.post("/v1/batch", content=pack(exactly), auth=KEY).content == SUCCESS
    assert client.post("/v1/batch", content=pack(exactly + b" "), auth=KEY).json()["code"] == "too_large"
    assert (
        client.post("/v1/batch", content=pack(b'{"batch": [%s]}' % padded(EVENT_LIMIT + 99)), auth=KEY).content
        == SUCCESS
    )
    assert rejected(app) == [("it is larger than 32 KB", 1)]


def test_a_batch_has_2500_events(client, app):
    light = {"type": "page", "userId": "u"}
    most = {"batch": [light] * EVENTS_LIMIT}
    assert client.post("/v1/batch", json={"batch": [light] * (EVENTS_LIMIT + 1)}, auth=KEY).json()["code"] == "too_many"
    assert stored(app) == []
    assert client.post("/v1/batch", content=gzip.compress(json.dumps(most).encode()), auth=KEY).content == SUCCESS
    assert len(stored(app)) == EVENTS_LIMIT


def test_a_batchs_context_stands_under_each_messages_own(client, app):
    sender = {"traits": {"email": "jo@buyer.example"}, "page": {"path": "/a", "url": "https://x.example/a"}}
    messages = [
        {"type": "page", "messageId": "1", "userId": "u"},
        {"type": "page", "messageId": "2", "userId": "u", "context": {"page": {"path": "/b"}, "traits": None}},
        {"type": "identify", "messageId": "3", "userId": "u", "context": None, "integrations": None},
    ]
    body = {"batch": messages, "context": sender, "integrations": {"All": True}}
    assert client.post("/v1/batch", json=body, auth=KEY).content == SUCCESS
    assert [event["path"] for event in stored(app)] == ["/a", "/b", None]
    assert rows(app.engine, "SELECT email FROM lead") == [{"email": "jo@buyer.example"}]


def test_the_demos_clock_is_asked_beside_the_loop(client, app):
    asked = []

    def clock():
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        asked.append(1)
        return NOW

    object.__setattr__(app.settings, "stepped_clock", True)
    object.__setattr__(app, "now", clock)
    assert client.post("/v1/page", json=PAGE, auth=KEY).content == SUCCESS
    assert asked == [1]


def test_the_messages_of_segments_own_tester_are_all_taken(client, app, shared_data):
    """From segmentio/library-e2e-tester, fixtures/: no ids, no times, and text in them that looks like a template."""
    messages = [json.loads(path.read_text()) for path in sorted(shared_data("events_segment_e2e").glob("*.json"))]
    assert len(messages) == 11
    for message in messages:
        assert client.post(f"/v1/{message['type']}", json=message, auth=KEY).content == SUCCESS
    assert client.post("/v1/batch", json={"batch": messages}, auth=KEY).content == SUCCESS
    assert rejected(app) == []
    kinds = [event["kind"] for event in stored(app)]
    assert (kinds.count("identify"), kinds.count("page"), kinds.count("track")) == (8, 6, 4)
    assert {event["path"] for event in stored(app) if event["name"] == "Detail Menu Page Item"} == {
        "/screen/detail-menu-page-item"
    }
    assert "{{id}}" in json.dumps([event["properties"] for event in stored(app)])
    [lead] = rows(app.engine, "SELECT email, first_name, last_name, company, employees FROM lead")
    # Of his two user ids one is tied to the address; the groups are the other one's, whom a public key does not tie.
    assert lead == {"email": "peter@initech.com", "first_name": "Peter", "last_name": "Gibbons", "company": None,
                    "employees": None}  # fmt: skip


def test_the_description_has_every_route_and_is_served(client):
    served = client.get("/v1/openapi.json").json()
    assert served == json.loads(json.dumps(document("http://nurture.example")))
    assert set(served["paths"]) == {f"/v1/{name}" for name in CALLS} | {
        "/v1/projects/{writeKey}/settings", "/v1/openapi.json",
    }  # fmt: skip
    assert served["servers"] == [{"url": "http://nurture.example"}]
    operations = [operation["operationId"] for path in served["paths"].values() for operation in path.values()]
    assert len(set(operations)) == len(operations)
