"""`/api/leads`: what is listed, taken in, and refused."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.flows import upsert_leads as flow
from nurture.flows.erase import erase
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.sheets.people import Person, Terms
from nurture.web.api import reports
from nurture.web.api.lead_said import Unfit, read_lead
from tests.web.api.conftest import OTHER, REP, problem
from tests.web.people import NOW, add_handoff, add_lead, rows

NEW = {
    "email": " Kim@Buyer.example",
    "first_name": "Kim",
    "title": "VP",
    "country": "US",
    "employees": 900,
    "seats": 40,
}


def test_a_new_lead_arrives_as_one_from_a_file(api, app):
    response = api.post("/api/leads", json=NEW)
    assert response.status_code == 201
    said = response.json()
    assert (said["email"], said["status"], said["grade"], said["stage"]) == (
        "kim@buyer.example",
        "created",
        "A",
        "nurture",
    )
    assert said["attributes"] == {"seats": 40}
    assert rows(app.engine, "SELECT campaign FROM enrollment") == [{"campaign": "not-ready"}]


def test_a_known_lead_is_updated_and_what_is_not_said_stays(api, app):
    api.post("/api/leads", json=NEW)
    said = api.post("/api/leads", json={"email": "KIM@buyer.example", "title": "CTO", "country": None, "first_name": "",
                                        "attributes": {"plan": "team"}})  # fmt: skip
    assert said.status_code == 200
    shown = said.json()
    assert (shown["status"], shown["title"], shown["country"], shown["first_name"]) == ("updated", "CTO", "US", "Kim")
    assert shown["attributes"] == {"seats": 40, "plan": "team"}
    assert rows(app.engine, "SELECT source FROM lead_change") == [{"source": "api"}]


def test_names_of_fields_are_read_as_in_a_file(api):
    said = api.post("/api/leads", json={"E-Mail": "kim@buyer.example", "firstName": "Kim", "Last Name": "Ng"}).json()
    assert (said["first_name"], said["last_name"], said["attributes"]) == ("Kim", "Ng", {})


def test_a_refused_lead_goes_where_its_reason_leads(api, app):
    body = {"email": "jon@buyer.example", "reject_reason": "no budget", "rejected_at": "2026-02-10"}
    said = api.post("/api/leads", json=body).json()
    assert (said["stage"], said["reason"], said["cycle"]) == ("nurture", "no_budget", 1)
    assert rows(app.engine, "SELECT refused_by FROM cycle WHERE reason IS NOT NULL") == [{"refused_by": "api"}]


def test_who_must_not_be_mailed_is_not(api, app):
    said = api.post("/api/leads", json={**NEW, "do_not_email": True}).json()
    assert said["suppressed"] == "unsubscribed"
    assert rows(app.engine, "SELECT count(*) AS n FROM enrollment WHERE status = 'active'") == [{"n": 0}]


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "/email", "an e-mail address is missing"),
        ({"email": "kim"}, "/email", "an e-mail address has one @"),
        ({"email": 7}, "/email", "it has to be a text"),
        ({"email": "a@b.example", "stage": "nurtur"}, "/stage", "`nurtur` is no stage (did you mean `nurture`?)"),
        ({"email": "a@b.example", "first_name": 1}, "/first_name", "it has to be a text"),
        ({"email": "a@b.example", "employees": True}, "/employees", "it has to be a number or a text"),
        ({"email": "a@b.example", "employees": 1.5}, "/employees", "`1.5` is not a whole number"),
        ({"email": "a@b.example", "tracking": 0}, "/tracking", "it has to be true or false"),
        ({"email": "a@b.example", "attributes": []}, "/attributes", "it has to be an object"),
        ({"email": "a@b.example", "attributes": {"a/b": "x" * 1100}}, "/attributes/a~1b", "at most 1,024 octets"),
        ({"email": "a@b.example", "x" * 101: 1}, "/" + "x" * 101, "1 to 100 characters"),
        ({"email": "a@b.example", "title": "x\0"}, "/title", "a character that cannot be kept"),
        ({"email": "a@b.example", "firstName": "a", "first_name": "b"}, "/first_name", "the same as firstName"),
        ({"email": "a@b.example", "reject_reason": "not_redy"}, "/reject_reason", "did you mean `not_ready`?"),
        ({"email": "a@b.example", "reject_reason": "not_ready", "rejected_at": "2030-01-01"}, None, "in the future"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_with_its_place(api, app, body, pointer, detail):
    said = problem(api.post("/api/leads", json=body), 422, "invalid")
    [error] = said["errors"]
    assert error.get("pointer") == (pointer or "")
    assert detail in error["detail"]
    assert detail in said["detail"]
    assert rows(app.engine, "SELECT count(*) AS n FROM lead") == [{"n": 0}]


def test_one_bad_lead_of_a_batch_spoils_no_other(api, app):
    add_lead(app.engine, email="known@buyer.example", key="k9")
    leads = [
        {"email": "known@buyer.example", "title": "CTO"}, {"email": "new@buyer.example"}, {"email": "bad"}, 17,
        {"email": "nul@buyer.example", "note": "\0"}, {"email": "big@buyer.example", "n": 2**70},
        {"email": "NEW@buyer.example", "title": "CEO"}, {"email": "deep@buyer.example", "stage": []},
    ]  # fmt: skip
    said = api.post("/api/leads/batch", json={"leads": leads}).json()
    statuses = [one["status"] for one in said["results"]]
    assert statuses == ["updated", "created", "rejected", "rejected", "rejected", "rejected", "created", "rejected"]
    assert (said["created"], said["updated"], said["rejected"]) == (2, 1, 5)
    pointers = [error["pointer"] for one in said["results"] for error in one["errors"]]
    assert pointers == ["/leads/2/email", "/leads/3", "/leads/4/note", "/leads/5/n", "/leads/7/stage"]
    assert rows(app.engine, "SELECT email, title FROM lead ORDER BY email") == [
        {"email": "known@buyer.example", "title": "CTO"}, {"email": "new@buyer.example", "title": "CEO"}
    ]  # fmt: skip


def test_a_batch_has_a_thousand_leads_at_most(api, app):
    leads = [{"email": f"lead{n}@buyer.example"} for n in range(1001)]
    said = problem(api.post("/api/leads/batch", json={"leads": leads}), 422, "invalid")
    assert said["errors"][0]["pointer"] == "/leads"
    assert api.post("/api/leads/batch", json={"leads": leads[:1000]}).json()["created"] == 1000


def test_a_value_that_the_database_refuses_spoils_its_own_lead_alone(app, monkeypatch):
    take_in = flow.take_in

    def refusing(app, people, now, *, by):
        if "bad@b.example" in people:
            rows(app.engine, "SELECT 1/0")
        return take_in(app, people, now, by=by)

    monkeypatch.setattr(flow, "take_in", refusing)
    people = [Person("good@b.example"), Person("bad@b.example")]
    became, _ = flow.upsert_leads(app, people, by="api", now=NOW)
    assert [one.status for one in became] == ["created", "rejected"]
    assert became[1].because == "the database refuses a value of it"


def test_who_was_erased_is_not_taken_in_again(api, app):
    api.post("/api/leads", json=NEW)
    erase(app, "kim@buyer.example", by="test", now=NOW)
    said = problem(api.post("/api/leads", json=NEW), 409, "conflict")
    assert "asked to be erased" in said["detail"]
    assert rows(app.engine, "SELECT count(*) AS n FROM lead") == [{"n": 0}]


def test_erasing_a_person_takes_the_answers_that_name_it(api, app):
    api.post("/api/leads", json=NEW, headers={"idempotency-key": "one"})
    assert "kim@buyer.example" in rows(app.engine, "SELECT body FROM api_answer")[0]["body"]
    erase(app, "kim@buyer.example", by="test", now=NOW)
    assert rows(app.engine, "SELECT * FROM api_answer") == []


def test_leads_come_page_by_page_each_once(api, app):
    made = [add_lead(app.engine, email=f"l{n}@buyer.example", key=f"k{n}") for n in range(7)]
    seen, path, pages = [], "/api/leads?limit=3", 0
    while path:
        response = api.get(path)
        seen += [lead["email"] for lead in response.json()["leads"]]
        pages += 1
        link = response.headers.get("link")
        assert (link is None) == (response.json()["next"] is None)
        path = "/api/leads" + link.split(">")[0].removeprefix("<") if link else None
    assert seen == [f"l{n}@buyer.example" for n in range(len(made))]
    assert pages == 3


def test_leads_can_be_picked(api, app):
    add_lead(app.engine, email="a@buyer.example", key="ka", stage="customer", grade="B", updated_at=NOW)
    add_lead(app.engine, email="b@buyer.example", key="kb")
    for query, found in (
        ("stage=customer", ["a@buyer.example"]),
        ("grade=A", ["b@buyer.example"]),
        (f"updated_since={quote((NOW - timedelta(days=1)).isoformat())}", ["a@buyer.example"]),
        ("email=B@buyer.example", ["b@buyer.example"]),
        ("email=c@buyer.example", []),
        ("", ["a@buyer.example", "b@buyer.example"]),
    ):
        assert [lead["email"] for lead in api.get(f"/api/leads?{query}").json()["leads"]] == found, query


def test_one_lead_is_shown_with_everything(api, app, handoff):
    said = api.get("/api/leads/Maria.Rossi@acme.example").json()
    assert said["email"] == "maria.rossi@acme.example"
    assert [one["id"] for one in said["handoffs"]] == [handoff]
    assert {"enrollment", "deliveries", "events", "cycles", "suppressed", "score"} <= said.keys()
    problem(api.get("/api/leads/nobody@acme.example"), 404, "not-found")
    assert problem(api.get("/api/leads/nobody"), 422, "invalid")["errors"][0]["parameter"] == "email"


def test_an_address_may_have_a_slash_or_a_percent_sign_in_it(api):
    for email in ("a/b@buyer.example", "a%2fb@buyer.example", "reject/x@buyer.example"):
        api.post("/api/leads", json={"email": email})
        assert api.get(f"/api/leads/{quote(email, safe='')}").json()["email"] == email
        path = f"/api/leads/{quote(email, safe='')}/reject"
        assert api.post(path, json={"reason": "not_ready"}).json()["email"] == email


def test_refusing_a_lead_rejects_its_open_handoff(api, app, handoff):
    response = api.post("/api/leads/maria.rossi@acme.example/reject",
                        json={"reason": "no_budget", "note": "June", "by": REP})  # fmt: skip
    assert response.json() == {"email": "maria.rossi@acme.example", "stage": "nurture", "cycle": 3,
                               "reason": "no_budget", "mail_from": "2026-06-01T20:05:00+00:00"}  # fmt: skip
    assert rows(app.engine, "SELECT state, note, answered_by FROM handoff") == [
        {"state": "rejected", "note": "June", "answered_by": REP}
    ]
    problem(api.post("/api/leads/nobody@acme.example/reject", json={"reason": "no_budget"}), 404, "not-found")
    said = problem(api.post("/api/leads/maria.rossi@acme.example/reject", json={"reason": "no_budgt"}), 422, "invalid")
    assert said["errors"][0]["pointer"] == "/reason"
    assert "did you mean `no_budget`?" in said["detail"]


def test_a_report_is_the_same_number_for_number(api, app):
    lead = add_lead(app.engine)
    add_handoff(app.engine, lead, state="rejected", reason="no_budget", closed_at=NOW, answered_by=OTHER)
    said = api.get("/api/reports/rejects?since=2026-03-01").json()
    assert said["report"] == "rejects"
    assert said["since"].startswith("2026-03-01T")
    assert [(row["reason"], row["rejected"]) for row in said["rows"]] == [("no_budget", 1)]
    listed = api.get("/api/reports/rejects?rows=rejected&where=reason=no_budget").json()
    assert [row["lead"] for row in listed["rows"]] == ["maria.rossi@acme.example"]
    assert "did you mean `rejects`?" in problem(api.get("/api/reports/rejets"), 404, "not-found")["detail"]
    for query, name in (
        ("since=soon", "since"),
        ("by=moon", "by"),
        ("rows=moon", "rows"),
        ("rows=rejected&where=x", "where"),
        ("since=2026-02-01&until=2026-01-01", "until"),
    ):
        said = problem(api.get(f"/api/reports/rejects?{query}"), 422, "invalid")
        assert said["errors"][0]["parameter"] == name
        assert "--" not in said["detail"], "what the command calls an option is nothing to a program"


def test_more_rows_than_fit_into_memory_are_refused_with_what_to_do(api, app, monkeypatch):
    lead = add_lead(app.engine)
    add_handoff(app.engine, lead, state="rejected", reason="no_budget", closed_at=NOW, answered_by=OTHER)
    monkeypatch.setattr(reports, "MOST_ROWS", 1)
    assert len(api.get("/api/reports/rejects?rows=rejected").json()["rows"]) == 1
    monkeypatch.setattr(reports, "MOST_ROWS", 0)
    said = problem(api.get("/api/reports/rejects?rows=rejected"), 422, "invalid")
    assert said["detail"] == "`rows`: there are more than 0; ask for fewer by `since`, `until` or `where`."


TERMS = Terms(frozenset({"not_ready"}), "UTC", NOW)
scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
value = scalar | st.lists(scalar, max_size=2) | st.dictionaries(st.text(max_size=4), scalar, max_size=2)
NAMES = ["email", "first_name", "employees", "stage", "tracking", "do_not_email", "rejected_at", "reject_reason",
         "consent_basis", "attributes", "E-Mail", "x"]  # fmt: skip
names = st.sampled_from(NAMES) | st.text(max_size=6)


@given(st.dictionaries(names, value, max_size=6) | value)
@settings(max_examples=80)
def test_whatever_is_said_of_a_lead_is_taken_or_refused_with_its_place(said):
    faults = []
    try:
        person = read_lead(said, TERMS)
        assert parse_address(person.email) == person.email
    except Unfit as unfit:
        faults = unfit.faults
    assert all(fault.detail and (fault.pointer == "" or fault.pointer.startswith("/")) for fault in faults)


@given(st.emails())
@settings(max_examples=30)
def test_an_address_that_is_one_is_taken(email):
    try:
        parsed = parse_address(email)
    except Mistake:
        return
    assert read_lead({"email": email}, TERMS).email == parsed
