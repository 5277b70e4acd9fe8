"""`Idempotency-Key`: once is once, however often it is sent."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from nurture.flows import follow_up
from nurture.flows.issue_key import issue_key
from nurture.flows.keep_house import keep_house
from tests.web.api.conftest import REP, as_program, problem
from tests.web.people import NOW, rows

CALL = {"kind": "call", "outcome": "not_reached", "note": "Voice mail.", "by": REP}


def named(name):
    return {"idempotency-key": name}


def attempts(app):
    return rows(app.engine, "SELECT count(*) AS n FROM attempt")[0]["n"]


def execute(app, query):
    with app.engine.begin() as db:
        db.execute(text(query))


def test_the_same_call_is_answered_as_before_and_done_once(api, app, handoff):
    path = f"/api/handoffs/{handoff}/attempts"
    first = api.post(path, json=CALL, headers=named("one"))
    execute(app, "UPDATE attempt SET at = at - interval '1 day'")  # no double click, that would be heard once anyway
    again = [api.post(path, json=CALL, headers=named(name)) for name in ("one", '"one"')]
    assert "idempotent-replayed" not in first.headers
    assert [one.headers["idempotent-replayed"] for one in again] == ["true", "true"]
    assert [(one.status_code, one.content) for one in again] == [(200, first.content)] * 2
    assert attempts(app) == 1
    assert api.post(path, json=CALL, headers=named("two")).json()["attempts"] == 2


def test_what_was_created_is_told_with_its_status_again(api):
    lead = {"email": "kim@buyer.example"}
    assert [api.post("/api/leads", json=lead, headers=named("k")).status_code for _ in range(2)] == [201, 201]
    assert api.post("/api/leads", json=lead).status_code == 200


@pytest.mark.parametrize("changed", ["body", "path"])
def test_another_call_under_the_same_name_is_refused(api, app, handoff, changed):
    path = f"/api/handoffs/{handoff}/attempts"
    assert api.post(path, json=CALL, headers=named("one")).status_code == 200
    if changed == "body":
        response = api.post(path, json={**CALL, "kind": "mail"}, headers=named("one"))
    else:
        response = api.post(f"/api/handoffs/{handoff}/accept", json={"by": REP}, headers=named("one"))
    problem(response, 422, "key-reused")
    assert attempts(app) == 1


def test_an_error_has_changed_nothing_so_the_name_may_be_used_for_what_was_mended(api, app, handoff):
    path = f"/api/handoffs/{handoff}/attempts"
    problem(api.post(path, json={**CALL, "kind": "cal"}, headers=named("one")), 422, "invalid")
    assert rows(app.engine, "SELECT * FROM api_answer") == []
    assert api.post(path, json=CALL, headers=named("one")).status_code == 200


def test_each_key_of_the_api_has_names_of_its_own(api, app, site, handoff):
    path = f"/api/handoffs/{handoff}/contacted"
    assert api.post(path, headers=named("one")).status_code == 200
    with as_program(site, issue_key(app, "hubspot", read_only=False, now=NOW)) as other:
        response = other.post("/api/leads", json={"email": "kim@buyer.example"}, headers=named("one"))
    assert response.status_code == 201


def test_of_two_at_once_one_is_done_and_the_other_told_to_wait(api, app, handoff, monkeypatch):
    begun, go_on, accept = threading.Event(), threading.Event(), follow_up.accept

    def slow(*args, **kwargs):
        begun.set()
        assert go_on.wait(10)
        accept(*args, **kwargs)

    monkeypatch.setattr(follow_up, "accept", slow)
    path = f"/api/handoffs/{handoff}/accept"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api.post, path, headers=named("one"))
        assert begun.wait(10)
        said = api.post(path, headers=named("one"))
        go_on.set()
        assert first.result().status_code == 200
    problem(said, 409, "in-flight")
    assert said.headers["retry-after"] == "1"
    assert api.post(path, headers=named("one")).headers["idempotent-replayed"] == "true"


def test_a_call_that_nobody_finished_may_be_made_again_once_its_lease_is_over(api, app, handoff):
    path = f"/api/handoffs/{handoff}/attempts"
    api.post(path, json=CALL, headers=named("one"))
    execute(app, "UPDATE api_answer SET status = NULL, body = NULL")
    problem(api.post(path, json=CALL, headers=named("one")), 409, "in-flight")
    execute(app, "UPDATE api_answer SET leased_until = clock_timestamp() - interval '1 second'")
    problem(api.post(path, json={**CALL, "kind": "mail"}, headers=named("one")), 422, "key-reused")
    response = api.post(path, json=CALL, headers=named("one"))
    assert (response.status_code, response.json()["attempts"]) == (200, 1)


def test_answers_are_kept_for_two_days(api, app, handoff):
    path = f"/api/handoffs/{handoff}/accept"
    api.post(path, headers=named("old"))
    api.post(path, headers=named("young"))
    execute(app, "UPDATE api_answer SET at = at - interval '47 hours'")
    keep_house(app, NOW)
    assert len(rows(app.engine, "SELECT * FROM api_answer")) == 2
    execute(app, "UPDATE api_answer SET at = at - interval '2 hours' WHERE ctid = (SELECT min(ctid) FROM api_answer)")
    keep_house(app, NOW)
    assert len(rows(app.engine, "SELECT * FROM api_answer")) == 1


def test_a_name_that_is_too_old_is_free_again(api, app, handoff):
    path = f"/api/handoffs/{handoff}"
    api.post(f"{path}/accept", headers=named("one"))
    execute(app, "UPDATE api_answer SET at = at - interval '49 hours'")
    assert api.post(f"{path}/contacted", headers=named("one")).json()["state"] == "contacted"


def test_of_what_a_client_calls_its_call_only_the_hash_is_kept(api, app, handoff):
    api.post(f"/api/handoffs/{handoff}/accept", headers=named("order-of-maria@buyer.example"))
    assert "order-of-maria" not in rows(app.engine, "SELECT to_jsonb(a)::text AS text FROM api_answer a")[0]["text"]


@pytest.mark.parametrize("name", ["", '""', "x" * 256, "with space", 'a"b', "é"])
def test_a_name_that_is_none_is_refused(api, handoff, name):
    headers = {"idempotency-key": name.encode("latin-1")}
    problem(api.post(f"/api/handoffs/{handoff}/accept", headers=headers), 400, "malformed")


def test_looking_needs_no_name(api, handoff, app):
    assert api.get("/api/handoffs", headers=named("one")).status_code == 200
    assert rows(app.engine, "SELECT * FROM api_answer") == []
