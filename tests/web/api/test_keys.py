"""Who may call: keys of the environment and of the database, and what each may."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows.issue_key import issue_key, may_be_issued, revoke_key
from nurture.web.api import callers
from nurture.web.application import make_web
from tests.web.api.conftest import as_program, problem
from tests.web.people import NOW, browser, rows


@pytest.fixture
def forgetful(monkeypatch):
    """Processes that ask for the keys with every call."""
    monkeypatch.setattr(callers, "FRESH_FOR", -1.0)


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic YWtfdGVzdDo=", "Token ak_test", "Bearer é"]
)
def test_a_stranger_is_asked_for_a_key(site, authorization):
    headers = {} if authorization is None else {"authorization": authorization.encode("latin-1")}
    with browser(site) as client:
        for path in ("/api/leads", "/api/nothing", "/api/leads/maria@acme.example"):
            response = client.get(path, headers=headers)
            problem(response, 401, "no-key")
            assert response.headers["www-authenticate"].startswith('Bearer realm="Nurture"')
        problem(client.post("/api/leads", headers=headers, content=b"{"), 401, "no-key")


def test_anybody_may_read_the_description(site):
    with browser(site) as client:
        assert client.get("/api/openapi.json").json()["openapi"] == "3.1.0"
        assert client.get("/docs").status_code == 200


def test_each_key_of_the_environment_has_a_name_that_says_who_did_it(serving, app, handoff):
    switch, address = serving
    switch.app = make_web(replace(app, settings=replace(app.settings, api_key="hubspot:k1,reports:k2")))
    with as_program(address, "k1") as client:
        assert client.post(f"/api/handoffs/{handoff}/accept").json()["answered_by"] == "API: hubspot"
    with as_program(address, "k2") as client:
        assert client.get("/api/leads").status_code == 200
    with as_program(address, "hubspot:k1") as client:
        assert client.get("/api/leads").status_code == 401


def test_a_key_works_once_it_is_made_and_no_more_once_it_is_revoked(app, site, forgetful):
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    with as_program(site, key) as client:
        assert client.get("/api/leads").status_code == 200
        revoke_key(app, "hubspot", now=NOW)
        problem(client.get("/api/leads"), 401, "no-key")
        again = issue_key(app, "hubspot", read_only=False, now=NOW)
    with as_program(site, again) as client:
        assert client.get("/api/leads").status_code == 200


def test_a_process_believes_what_it_knows_of_keys_for_some_seconds_alone(app, site, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(callers.time, "monotonic", lambda: clock[0])
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    with as_program(site, key) as client:
        assert client.get("/api/leads").status_code == 200
        revoke_key(app, "hubspot", now=NOW)
        clock[0] += callers.FRESH_FOR + 0.1
        assert client.get("/api/leads").status_code == 401


def test_a_key_that_may_only_look_changes_nothing(app, site, handoff):
    key = issue_key(app, "reports", read_only=True, now=NOW)
    with as_program(site, key) as client:
        assert client.get("/api/handoffs").status_code == 200
        said = problem(client.post(f"/api/handoffs/{handoff}/accept"), 403, "read-only")
        assert "`reports`" in said["detail"]
        problem(client.post("/api/leads", json={"email": "a@b.example"}), 403, "read-only")
    assert rows(app.engine, "SELECT state FROM handoff") == [{"state": "offered"}]
    assert rows(app.engine, "SELECT count(*) AS n FROM lead") == [{"n": 1}]


def test_a_key_that_may_only_look_is_given_no_link_by_which_one_may_act(app, api, site, handoff):
    places = ["/api/handoffs", f"/api/handoffs/{handoff}", "/api/leads/maria.rossi@acme.example"]
    key = issue_key(app, "reports", read_only=True, now=NOW)
    with as_program(site, key) as client:
        assert [client.get(place).text.count("/h/") for place in places] == [0, 0, 0]
        assert client.get(places[1]).json()["url"] is None
        assert client.get(places[2]).json()["handoffs"][0]["url"] is None
    assert [api.get(place).text.count("/h/") for place in places] == [1, 1, 1]


def test_of_a_key_only_the_hash_is_kept(app):
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    [row] = rows(app.engine, "SELECT to_jsonb(k)::text AS text, hint FROM api_key k")
    assert key not in row["text"]
    assert key[4:40] not in row["text"]
    assert row["hint"] == key[-4:]


def test_no_key_stands_in_a_log(app, site, caplog):
    caplog.set_level(logging.DEBUG)
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    for shown in (key, key[:-1], "ak_test"):
        with as_program(site, shown) as client:
            client.get("/api/leads")
    assert key[:12] not in caplog.text
    assert "ak_test" not in caplog.text


def test_the_use_of_a_key_is_written_down_once_an_hour(app, serving):
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    used = "SELECT last_used_at FROM api_key"
    for minutes, written in ((0, NOW), (30, NOW), (90, NOW + timedelta(minutes=90))):
        now = NOW + timedelta(minutes=minutes)
        switch, address = serving
        switch.app = make_web(replace(app, now=lambda now=now: now))  # each a process that has just started
        with as_program(address, key) as client:
            assert [client.get("/api/leads").status_code for _ in range(2)] == [200, 200]
        assert rows(app.engine, used) == [{"last_used_at": written}]


def test_looking_again_costs_no_statement_of_keys(app, site, monkeypatch):
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    asked = []
    look_up = callers.Callers.look_up
    monkeypatch.setattr(callers.Callers, "look_up", lambda self, key: asked.append(1) or look_up(self, key))
    with as_program(site, key) as client:
        assert [client.get("/api/reasons").status_code for _ in range(5)] == [200] * 5
    assert len(asked) == 1


def test_most_guesses_are_refused_without_a_look_into_the_database(app, monkeypatch):
    key = issue_key(app, "hubspot", read_only=False, now=NOW)
    assert may_be_issued(key)
    wrong = [key[:-1] + ("0" if key[-1] != "0" else "1"), key[4:], "nur_", "", key + "0", "nur_" + "ü" * 56]
    monkeypatch.setattr(callers.api_keys, "valid", lambda _: pytest.fail("it was asked"))
    assert [callers.Callers(app).look_up(guess) for guess in wrong] == [None] * len(wrong)


def test_a_name_has_one_valid_key(app):
    with pytest.raises(UsageError, match=r"^'Hub Spot' is no name for a key; say a word of a-z"):
        issue_key(app, "Hub Spot", read_only=False, now=NOW)
    with pytest.raises(Conflict, match=r"^a key is called api already"):
        issue_key(app, "api", read_only=False, now=NOW)
    issue_key(app, "hubspot", read_only=False, now=NOW)
    with pytest.raises(Conflict, match=r"^a key is called hubspot already"):
        issue_key(app, "hubspot", read_only=True, now=NOW)
    with pytest.raises(NotFound, match=r"^no valid key is called hubspt \(did you mean `hubspot`\?\)$"):
        revoke_key(app, "hubspt", now=NOW)
    with pytest.raises(Conflict, match=r"^the key api stands in API_KEY"):
        revoke_key(app, "api", now=NOW)
