"""`/api/handoffs`: what the rep's page shows and does."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from bench.answers import answered, faults, offer
from nurture.web.application import make_web
from tests.web.api.conftest import KEY, OTHER, REP, problem
from tests.web.people import NOW, add_handoff, add_lead, browser, rows

JSON = {"content-type": "application/json"}


def states(app):
    return [row["state"] for row in rows(app.engine, "SELECT state FROM handoff ORDER BY id")]


def log(app):
    return [(row["what"], row["by"]) for row in rows(app.engine, "SELECT what, by FROM handoff_change ORDER BY id")]


def test_a_handoff_is_shown_with_its_packet_its_log_and_its_attempts(api, app, handoff):
    api.post(f"/api/handoffs/{handoff}/accept", json={"by": REP})
    api.post(f"/api/handoffs/{handoff}/attempts",
             json={"kind": "call", "outcome": "reached", "note": "Wants a quote.", "by": REP})  # fmt: skip
    said = api.get(f"/api/handoffs/{handoff}").json()
    assert (said["id"], said["lead"], said["state"]) == (handoff, "maria.rossi@acme.example", "contacted")
    assert (said["score"], said["owner"], said["attempts"]) == (61.5, REP, 1)
    assert said["packet"]["lead"]["name"] == "Maria Rossi"
    assert [(one["kind"], one["outcome"], one["note"]) for one in said["attempts_made"]] == [
        ("call", "reached", "Wants a quote.")
    ]
    assert [one["what"] for one in said["log"]] == ["accepted", "attempt", "contacted"]
    assert said["attempts_made"] == api.get(f"/api/handoffs/{handoff}/attempts").json()["attempts"]
    with browser(str(api.base_url)) as rep:
        assert "Maria Rossi" in rep.get(said["url"].removeprefix("http://nurture.example")).text


def test_a_lead_is_worked_to_the_end(api, app, handoff):
    path = f"/api/handoffs/{handoff}"
    steps = [
        ("accept", {"by": REP}, "accepted"),
        ("attempts", {"kind": "mail", "outcome": "not_reached", "by": REP}, "accepted"),
        ("contacted", {"note": "called back", "by": REP}, "contacted"),
        ("outcome", {"outcome": "qualified", "by": REP}, "qualified"),
        ("outcome", {"state": "won", "by": REP}, "won"),
    ]
    for act, body, state in steps:
        response = api.post(f"{path}/{act}", json=body)
        assert (response.status_code, response.json()["state"]) == (200, state), response.text
    assert rows(app.engine, "SELECT stage FROM lead") == [{"stage": "customer"}]
    said = problem(api.post(f"{path}/reject", json={"reason": "not_ready", "by": REP}), 409, "conflict")
    assert f"was won by {REP}" in said["detail"]


def test_the_second_rep_is_told_what_the_first_one_did(api, app, handoff):
    assert api.post(f"/api/handoffs/{handoff}/accept", json={"by": REP}).status_code == 200
    assert api.post(f"/api/handoffs/{handoff}/accept", json={"by": REP}).status_code == 200
    said = problem(api.post(f"/api/handoffs/{handoff}/accept", json={"by": OTHER}), 409, "conflict")
    assert f"was accepted by {REP} on Tue 3 Mar at 14:05" in said["detail"]
    assert log(app) == [("accepted", REP)]


def test_a_program_that_names_nobody_takes_the_lead_from_nobody(api, app, handoff):
    for body in (None, {}):
        said = api.post(f"/api/handoffs/{handoff}/accept", json=body).json()
        assert (said["state"], said["owner"], said["answered_by"]) == ("accepted", REP, "API: api")
    assert api.post(f"/api/handoffs/{handoff}/contacted").json()["owner"] == REP


def test_a_rejection_keeps_its_reason_and_note(api, app, handoff):
    said = api.post(f"/api/handoffs/{handoff}/reject", json={"reason": "not_ready", "note": "May.", "by": REP}).json()
    assert (said["state"], said["reason"], said["note"], said["answered_by"]) == ("rejected", "not_ready", "May.", REP)
    assert rows(app.engine, "SELECT n FROM cycle ORDER BY n DESC LIMIT 1") == [{"n": 3}]


def test_lost_needs_a_reason_of_the_agreement(api, app, handoff):
    api.post(f"/api/handoffs/{handoff}/accept", json={"by": REP})
    for body, detail in (({}, "needs a reason"), ({"reason": "no_budgt"}, "did you mean `no_budget`?")):
        said = problem(api.post(f"/api/handoffs/{handoff}/outcome", json={"outcome": "lost", "by": REP, **body}),
                       422, "invalid")  # fmt: skip
        assert said["errors"][0]["pointer"] == "/reason"
        assert detail in said["detail"]
    assert states(app) == ["accepted"]


def test_a_handoff_can_be_given_to_somebody_else(api, app, handoff):
    said = api.post(f"/api/handoffs/{handoff}/reassign", json={"to": OTHER, "because": "on holiday", "by": REP}).json()
    assert said["owner"] == OTHER
    assert api.post(f"/api/handoffs/{handoff}/reassign").json()["owner"] not in (None, OTHER)
    said = problem(api.post(f"/api/handoffs/{handoff}/reassign", json={"to": "nobody"}), 422, "invalid")
    assert said["errors"][0]["pointer"] == "/to"


def test_links_that_are_out_can_be_revoked(api, app, handoff):
    before = api.get(f"/api/handoffs/{handoff}").json()["url"]
    after = api.post(f"/api/handoffs/{handoff}/revoke-links").json()["url"]
    assert before != after
    with browser(str(api.base_url)) as rep:
        assert rep.get(before.removeprefix("http://nurture.example")).status_code == 410
        assert rep.get(after.removeprefix("http://nurture.example")).status_code == 200


def test_an_attempt_is_logged_once_however_often_it_is_sent(api, app, handoff):
    body = {"kind": "meeting", "outcome": "reached", "at": "2026-03-03T13:30:00-06:00", "by": REP}
    for _ in range(3):
        assert api.post(f"/api/handoffs/{handoff}/attempts", json=body).json()["attempts"] == 1
    said = problem(api.post(f"/api/handoffs/{handoff}/attempts", json={**body, "at": "2026-03-09T13:30:00Z"}), 422,
                   "invalid")  # fmt: skip
    assert said["errors"][0]["pointer"] == "/at"


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"kind": "cal", "outcome": "reached"}, "/kind", "did you mean `call`?"),
        ({"kind": "call"}, "/outcome", "it is missing"),
        ({"kind": "call", "outcome": "reached", "nots": "x"}, "/nots", "did you mean `note`?"),
        ({"kind": "call", "outcome": "reached", "at": "2026-03-03T13:30:00"}, "/at", "needs its offset"),
        ({"kind": "call", "outcome": "reached", "at": 1772539200}, "/at", "has to be a text"),
        ({"kind": "call", "outcome": "reached", "at": "0001-01-01T00:00:00+14:00"}, "/at", "before 1970"),
        ({"kind": "call", "outcome": "reached", "note": "x\ud800"}, "/note", "cannot be kept"),
        ({"kind": "call", "outcome": "reached", "note": "x" * 10_001}, "/note", "at most 10000 characters"),
        ({"kind": "call", "outcome": "reached", "by": 7}, "/by", "string"),
        ([], "", "has to be a JSON object"),
        ("call", "", "has to be a JSON object"),
        (None, "", "the body is missing"),
    ],
)
def test_what_cannot_be_taken_is_said_with_its_place(api, app, handoff, body, pointer, detail):
    content = b"" if body is None else json.dumps(body).encode()
    response = api.post(f"/api/handoffs/{handoff}/attempts", content=content, headers=JSON)
    said = problem(response, 422, "invalid")
    assert any(error["pointer"] == pointer and detail in error["detail"] for error in said["errors"]), said
    assert states(app) == ["offered"]


def test_nobody_s_handoff_is_found(api, handoff):
    for path in ("/api/handoffs/4711", "/api/handoffs/4711/attempts"):
        assert problem(api.get(path), 404, "not-found")["detail"] == "No handoff 4711."
    for act in ("accept", "contacted", "reassign", "revoke-links"):
        problem(api.post(f"/api/handoffs/4711/{act}"), 404, "not-found")
    for wrong in ("x", "0", "-1", "9" * 30, "1.5"):
        assert problem(api.get(f"/api/handoffs/{wrong}"), 422, "invalid")["errors"][0]["parameter"] == "id"


def test_handoffs_come_page_by_page_the_newest_first(api, app):
    made = [add_handoff(app.engine, add_lead(app.engine, email=f"l{n}@b.example", key=f"k{n}")) for n in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        said = api.get(f"/api/handoffs?limit=2{cursor and f'&cursor={cursor}'}").json()
        seen += [one["id"] for one in said["handoffs"]]
        cursor = said["next"]
    assert seen == made[::-1]
    leads_cursor = api.get("/api/leads?limit=1").json()["next"]
    problem(api.get(f"/api/handoffs?cursor={leads_cursor}"), 422, "invalid")


def test_what_comes_while_somebody_turns_the_pages_hides_nothing_and_shows_nothing_twice(api, app):
    def come(name: str) -> int:
        return add_handoff(app.engine, add_lead(app.engine, email=f"{name}@b.example", key=name))

    made = [come(f"l{n}") for n in range(5)]
    seen: dict[str, list[int]] = {"handoffs": [], "leads": []}
    cursors: dict[str, str | None] = {"handoffs": "", "leads": ""}
    for turn in range(6):
        for what, cursor in cursors.items():
            if cursor is not None:
                said = api.get(f"/api/{what}?limit=2{cursor and f'&cursor={cursor}'}").json()
                seen[what] += [one["id"] if what == "handoffs" else one["email"] for one in said[what]]
                cursors[what] = said["next"]
        if turn < 2:
            come(f"new{turn}")
            api.post(f"/api/handoffs/{made[turn]}/accept", json={"by": REP})
    assert cursors == {"handoffs": None, "leads": None}
    assert seen["handoffs"] == made[::-1], "newer ones stand before the first page"
    assert seen["leads"] == [f"{name}@b.example" for name in ("l0", "l1", "l2", "l3", "l4", "new0", "new1")]


def test_handoffs_can_be_picked(api, app):
    first = add_handoff(app.engine, add_lead(app.engine, email="a@b.example", key="ka"), owner=OTHER)
    old = add_handoff(app.engine, add_lead(app.engine, email="c@b.example", key="kc"), state="won",
                      offered_at=NOW - timedelta(days=60), closed_at=NOW - timedelta(days=20))  # fmt: skip
    api.post(f"/api/handoffs/{first}/accept", json={"by": OTHER})
    since = quote((NOW - timedelta(days=1)).isoformat())
    for query, found in (
        ("state=open", [first]), ("state=won", [old]), ("state=offered", []), (f"owner={OTHER.upper()}", [first]),
        ("lead=C@b.example", [old]), ("lead=x@b.example", []), (f"since={since}", [first]),
        (f"changed_since={since}", [first]), ("", [old, first]),
    ):  # fmt: skip
        assert [one["id"] for one in api.get(f"/api/handoffs?{query}").json()["handoffs"]] == found, query


def test_reasons_say_what_they_lead_to(api):
    said = {one["reason"]: one for one in api.get("/api/reasons").json()["reasons"]}
    assert said["no_budget"] == {"reason": "no_budget", "label": "No budget this year", "then": "nurture",
                                 "wait_days": 90}  # fmt: skip
    assert said["competitor"]["then"] == "suppress"
    assert "no_follow_up" not in said


def answer_all(app, serving, *, reps, count):
    """Let so many reps answer so many handoffs at once, and see whether all that they were told is true."""
    switch, address = serving
    switch.app = make_web(replace(app, settings=replace(app.settings, api_rate=0)))
    offers = offer(app, count)
    assert len(offers) == count
    floor, _ = asyncio.run(answered(int(address.rpartition(":")[2]), offers, reps=reps, seed=7, key=KEY))
    assert list(faults(app.engine, floor.told)) == []
    assert {one.status for one in floor.told} == {200, 303, 409}
    assert {one.way for one in floor.told} == {"api", "page"}
    assert floor.replayed


def test_many_reps_answer_at_once_by_the_api_and_the_page_and_all_of_it_is_true(app, serving):
    answer_all(app, serving, reps=12, count=48)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_reps_answer_five_thousand_handoffs_at_once(app, serving):
    answer_all(app, serving, reps=50, count=5000)
