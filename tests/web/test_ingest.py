import gzip
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import pytest
from sqlalchemy.exc import DataError, OperationalError

from nurture.flows.ingest import ingest as really_ingest
from nurture.web import ingest
from nurture.web.gathering import Gathering
from nurture.web.segment import BATCH_LIMIT
from tests.web.people import NOW, add_lead, add_mail, browser, rows

KEY = ("wk_test", "")
IDENTIFY = {"userId": "u1", "messageId": "i1", "traits": {"email": "maria.rossi@acme.example"}}


def page(n, path="/pricing", **more):
    return {"type": "page", "messageId": f"p{n}", "userId": "u1", "properties": {"path": path}, **more}


def stored(app):
    return rows(app.engine, "SELECT kind, name, path, lead_id, message_id FROM event ORDER BY id")


def storing_by(monkeypatch, store):
    """From the first request on."""
    monkeypatch.setattr(ingest, "Gathering", partial(Gathering, store=store))


def test_an_event_is_stored_before_the_client_hears_200(client, app):
    assert client.post("/v1/identify", json=IDENTIFY, auth=KEY).json() == {"success": True}
    response = client.post("/v1/page", json=page(1), auth=KEY)
    assert response.status_code == 200
    assert response.content == b'{"success": true}'
    [lead] = rows(app.engine, "SELECT id, email FROM lead")
    assert lead["email"] == "maria.rossi@acme.example"
    assert [(e["kind"], e["path"], e["lead_id"]) for e in stored(app)] == [
        ("identify", None, lead["id"]),
        ("page", "/pricing", lead["id"]),
    ]


def test_the_same_batch_twice_is_one(client, app):
    body = {"batch": [{"type": "identify", **IDENTIFY}, page(1), page(2)], "sentAt": NOW.isoformat()}
    for _ in range(3):
        assert client.post("/v1/batch", json=body, auth=KEY).status_code == 200
    assert len(stored(app)) == 3


def test_a_visit_becomes_an_offer_to_sales(client, app, nudges):
    """The first walk: what a lead does on the site hands it over, in the same transaction."""
    lead_id = add_lead(app.engine)
    add_mail(app.engine, lead_id)
    track = {"type": "track", "event": "Webinar Attended", "messageId": "t1", "userId": "u1",
             "properties": {"minutes": 45}}  # fmt: skip
    identify = {"type": "identify", **IDENTIFY, "timestamp": NOW.isoformat()}
    body = {"batch": [identify, page(1, timestamp=NOW.isoformat()), {**track, "timestamp": NOW.isoformat()}]}
    assert client.post("/v1/batch", json=body, auth=KEY).status_code == 200
    [handoff] = rows(app.engine, "SELECT state, grade, score_micro, because FROM handoff")
    assert (handoff["state"], handoff["grade"], handoff["score_micro"]) == ("offered", "A", 50_000_000)
    assert rows(app.engine, "SELECT stage FROM lead") == [{"stage": "mql"}]
    assert "notices" in nudges


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (json.dumps(page(1)).encode(), {"content-type": "text/plain"}),
        (json.dumps(page(1)).encode(), {"content-type": "application/x-www-form-urlencoded"}),
        (json.dumps(page(1)).encode(), {}),
        (gzip.compress(json.dumps(page(1)).encode()), {"content-encoding": "gzip"}),
        (gzip.compress(json.dumps(page(1)).encode()), {"content-type": "application/x-www-form-urlencoded"}),
    ],
    ids=["text", "form", "nothing", "gzip", "gzip as form"],
)
@pytest.mark.parametrize("route", ["/v1/page", "/v1/p"])
def test_clients_lie_about_content_types(client, app, route, content, headers):
    assert client.post(route, content=content, headers=headers, auth=KEY).status_code == 200
    assert len(stored(app)) == 1


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (lambda c: c.post("/v1/page", json=page(1)), 401, "bad_write_key"),
        (lambda c: c.post("/v1/page", json=page(1), auth=("other", "")), 401, "bad_write_key"),
        (lambda c: c.post("/v1/page", content=b"{", auth=KEY), 400, "bad_json"),
        (lambda c: c.post("/v1/batch", json={"batch": 1}, auth=KEY), 400, "bad_batch"),
        (lambda c: c.post("/v1/batch", content=b" " * (BATCH_LIMIT + 1), auth=KEY), 400, "too_large"),
        (lambda c: c.post("/v1/batch", content=iter([b" " * 300_000] * 4), auth=KEY), 400, "too_large"),
        (lambda c: c.post("/v1/nothing", json=page(1), auth=KEY), 404, "not_found"),
        (lambda c: c.get("/v1/page", auth=KEY), 405, "method_not_allowed"),
        (lambda c: c.put("/v1/page", json=page(1), auth=KEY), 405, "method_not_allowed"),
    ],
)
def test_an_error_has_what_clients_look_for(client, app, request_, status, code):
    response = request_(client)
    assert response.status_code == status
    body = response.json()
    assert (body["success"], body["code"]) == (False, code)
    assert body["message"]
    assert response.headers["access-control-allow-origin"] == "*"
    assert stored(app) == []


def test_good_events_beside_bad_ones_are_kept(client, app):
    body = {"batch": [None, {"type": "page"}, page(1), {"type": "merge", "userId": "u"}, page(2)]}
    assert client.post("/v1/batch", json=body, auth=KEY).status_code == 200
    assert [event["message_id"] for event in stored(app)] == ["p1", "p2"]


def test_strange_values_are_stored_or_set_aside(client, app):
    traits = {"email": "x@acme.example", "employees": "9" * 25, "company": {"employees": -5}, "title": ["a"], "n": None}
    strange = [
        {"type": "identify", "userId": "u1", "messageId": "a", "traits": traits},
        {"type": "page", "userId": "u1", "messageId": "b\u0000", "properties": {"path": "/\u0000", "url": "http://[x"}},
        {"type": "track", "userId": "u1", "messageId": "c", "event": "\ud800", "properties": {"x": "\ud800"}},
        page(1, timestamp="0001-01-01T00:00:00Z"),
        page(2, timestamp="9999-12-31T23:59:59Z", sentAt="0001-01-01T00:00:00Z"),
    ]
    assert client.post("/v1/batch", content=json.dumps({"batch": strange}), auth=KEY).status_code == 200
    assert len(stored(app)) == 5


def test_a_value_that_the_database_refuses_costs_only_its_own_event(client, app, monkeypatch):
    def refuses(app_, events, now):
        if any(event.message_id == "p3" for event in events):
            raise DataError("insert", {}, ValueError("out of range"))
        return really_ingest(app_, events, now)

    storing_by(monkeypatch, refuses)
    body = {"batch": [page(n) for n in range(7)]}
    assert client.post("/v1/batch", json=body, auth=KEY).status_code == 200
    assert {event["message_id"] for event in stored(app)} == {f"p{n}" for n in (0, 1, 2, 4, 5, 6)}


def test_a_browser_may_ask_first(client):
    response = client.options(
        "/v1/t",
        headers={"origin": "https://acme.example", "access-control-request-method": "POST",
                 "access-control-request-headers": "authorization,x-retry-count"},
    )  # fmt: skip
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "x-retry-count" in response.headers["access-control-allow-headers"]
    assert "Retry-After" in response.headers["access-control-expose-headers"]


def test_where_nothing_can_be_stored_the_client_is_asked_to_come_again(client, app, monkeypatch):
    def down(*_):
        raise OperationalError("connect", {}, ConnectionError("refused"))

    storing_by(monkeypatch, down)
    response = client.post("/v1/page", json=page(1), auth=KEY)
    assert response.status_code == 503
    assert response.json()["code"] == "try_again"
    assert response.headers["retry-after"] == "2"
    assert "retry-after" in response.headers["access-control-expose-headers"].lower()


def test_a_mistake_of_ours_is_one_that_clients_try_again(client, monkeypatch):
    def broken(*_):
        raise KeyError("a mistake")

    storing_by(monkeypatch, broken)
    response = client.post("/v1/page", json=page(1), auth=KEY)
    assert response.status_code == 500
    assert response.json() == {
        "success": False, "code": "internal", "message": "The events could not be stored; send them again later.",
    }  # fmt: skip


def test_a_client_that_hangs_up_half_way_leaves_nothing(site, client, app):
    address = urlsplit(site)
    with socket.create_connection((address.hostname, address.port)) as raw:
        raw.sendall(b"POST /v1/page HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
    assert client.get("/healthz").status_code == 200
    assert stored(app) == []


def test_many_writers_for_one_lead_lose_nothing(site, app):
    add_lead(app.engine, stage="nurture", grade="D", title=None, country=None, employees=None)

    def write(n):
        with browser(site) as client:
            body = {"batch": [{"type": "identify", **IDENTIFY, "messageId": f"i{n}"}, page(n, "/docs")]}
            return client.post("/v1/batch", json=body, auth=KEY).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(24))) == {200}
    assert len(stored(app)) == 48
    assert rows(app.engine, "SELECT sum(count) AS n FROM signal_day")[0]["n"] == 24


def test_no_personal_data_in_the_log(client, app, caplog):
    with caplog.at_level("DEBUG", logger="nurture"):
        client.post(
            "/v1/batch", json={"batch": [{"type": "x", **IDENTIFY}, {"type": "identify", **IDENTIFY}]}, auth=KEY
        )
    assert "set aside" in caplog.text
    assert "maria" not in caplog.text
