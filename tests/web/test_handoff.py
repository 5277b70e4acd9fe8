from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from nurture.errors import NotFound, UsageError
from nurture.flows.revoke_links import revoke_links
from nurture.web.handoff_form import Said, read_form
from tests.web.people import (
    NOW,
    OTHER,
    REP,
    add_attempt,
    add_event,
    add_handoff,
    add_lead,
    add_mail,
    browser,
    handoff_path,
    rows,
)


@pytest.fixture
def handoff(app):
    lead_id = add_lead(app.engine)
    add_mail(app.engine, lead_id)
    add_event(app.engine, lead_id)
    return add_handoff(app.engine, lead_id)


def state(app, handoff_id):
    [row] = rows(
        app.engine, "SELECT state, owner, answered_by, reason, note FROM handoff WHERE id = :id", id=handoff_id
    )
    return row


def press(client, handoff_id, do, by=REP, **fields):
    return client.post(handoff_path(handoff_id), data={"do": do, "by": by, **fields})


class Fields(HTMLParser):
    """The fields of each form, and the labels of the page."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.labels, self.ids, self.open_labels, self.chosen = [], set(), [], 0, set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "form":
            self.forms.append({"method": attrs.get("method"), "fields": {}})
        if tag == "label":
            self.labels.add(attrs.get("for"))
            self.open_labels += 1
        if "checked" in attrs:
            self.chosen.add(attrs["value"])
        if tag in {"input", "select", "textarea"}:
            labelled = attrs.get("id") in self.labels or self.open_labels or attrs.get("type") == "hidden"
            assert labelled, attrs
            self.forms[-1]["fields"][attrs["name"]] = attrs

    def handle_endtag(self, tag):
        self.open_labels -= tag == "label"


def test_the_page_says_who_why_now_and_all_the_evidence(client, handoff):
    page = client.get(handoff_path(handoff)).text
    for said in [
        "Maria Rossi",
        "VP Operations at Acme Robotics",
        "mailto:maria.rossi@acme.example",
        "Maria looked at our prices 3 times today",
        "Waiting for your answer",
        "Grade A",
        "Decision maker",
        "+30",
        "not known",
        "Score 61.5",
        "Pricing page, 3 times on 3 Mar 2026 (2 counted)",
        "21.5",
        "Visited /pricing",
        ", sent Tue 24 Feb 2026",
        "Not ready to buy, “Call me in March” (rep.two@acme.example)",
        "Answer by",
        "today, 17:05",
        "(in 2 working hours)",
        "goes back to nurture, first mail after 90 days",
        "Agreed it meets the definition",
        "Plan",
    ]:
        assert said in page, said


def test_forms_post_have_labels_and_know_the_owner(client, handoff):
    fields = Fields(client.get(handoff_path(handoff)).text)
    dos = [form["fields"]["do"]["value"] for form in fields.forms]
    assert dos == ["accept", "attempt", "reject", "reassign"]
    assert {form["method"] for form in fields.forms} == {"post"}
    assert {form["fields"]["by"]["value"] for form in fields.forms} == {REP}
    assert "required" in fields.forms[2]["fields"]["reason"]
    assert len(fields.ids) == len(set(fields.ids))


def test_the_page_needs_no_script_and_nothing_from_elsewhere(client, handoff):
    response = client.get(handoff_path(handoff))
    assert "<script" not in response.text
    assert "//" not in response.text.replace("http-equiv", "")
    assert "script-src" not in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert client.get("/static/nurture.css").status_code == 200


def test_accepting_makes_the_lead_the_reps(client, app, handoff):
    response = press(client, handoff, "accept", by=OTHER)
    assert response.status_code == 303
    shown = client.get(response.headers["location"])
    assert f"Saved. Accepted by {OTHER}." in shown.text
    assert state(app, handoff) == {
        "state": "accepted",
        "owner": OTHER,
        "answered_by": OTHER,
        "reason": None,
        "note": None,
    }
    assert rows(app.engine, "SELECT stage FROM lead") == [{"stage": "sal"}]


def test_a_double_click_is_heard_once(client, app, handoff):
    assert [press(client, handoff, "accept").status_code for _ in range(2)] == [303, 303]
    assert [press(client, handoff, "reject", reason="no_budget").status_code for _ in range(2)] == [303, 303]
    assert state(app, handoff)["state"] == "rejected"
    assert len(rows(app.engine, "SELECT 1 FROM cycle WHERE n = 3")) == 1


def test_the_second_of_two_reps_sees_what_the_first_did(client, app, handoff):
    press(client, handoff, "accept", by=REP)
    late = press(client, handoff, "accept", by=OTHER)
    assert late.status_code == 409
    assert f"was accepted by {REP}" in late.text
    seen = press(client, handoff, "reject", by=OTHER, seen="0", reason="no_budget", note="They said so")
    assert seen.status_code == 409
    assert f"This happened while you had the page open: accepted by {REP} (today, 14:05)" in seen.text
    assert "They said so" in seen.text
    assert Fields(seen.text).chosen == {"no_budget"}
    assert state(app, handoff)["state"] == "accepted"
    assert state(app, handoff)["owner"] == REP


def test_of_many_reps_at_once_one_gets_the_lead(site, app, handoff):
    reps = [f"rep{n}@acme.example" for n in range(8)]

    def click(rep):
        with browser(site) as client:
            return press(client, handoff, "accept", by=rep).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, reps))
    assert sorted(answers) == [303] + [409] * 7
    assert state(app, handoff)["owner"] == reps[answers.index(303)]


def test_a_rejection_needs_a_reason_and_keeps_what_was_typed(client, app, handoff):
    response = press(client, handoff, "reject", note="They said <call later>")
    assert response.status_code == 422
    assert "Choose a reason" in response.text
    assert "They said &lt;call later&gt;" in response.text
    assert state(app, handoff)["state"] == "offered"
    unknown = press(client, handoff, "reject", reason="because")
    assert unknown.status_code == 422
    assert state(app, handoff)["state"] == "offered"


def test_a_rejection_is_kept_with_its_note_and_starts_the_next_cycle(client, app, handoff):
    assert press(client, handoff, "reject", reason="no_budget", note="Next year").status_code == 303
    assert state(app, handoff) | {"owner": None} == {
        "state": "rejected", "owner": None, "answered_by": REP, "reason": "no_budget", "note": "Next year",
    }  # fmt: skip
    assert rows(app.engine, "SELECT stage, cycle, reason FROM lead") == [
        {"stage": "nurture", "cycle": 3, "reason": "no_budget"}
    ]
    page = client.get(handoff_path(handoff)).text
    assert f"rejected by {REP}: No budget this year, “Next year”" in page
    assert "<form" not in page


def test_without_a_name_nothing_is_done(client, app, handoff):
    response = press(client, handoff, "accept", by="  ")
    assert response.status_code == 422
    assert "Say who you are" in response.text
    assert state(app, handoff)["state"] == "offered"


def test_who_you_are_is_remembered(client, handoff):
    press(client, handoff, "accept", by="Jörg; Rep")
    fields = Fields(client.get(handoff_path(handoff)).text)
    assert {form["fields"]["by"]["value"] for form in fields.forms} == {"Jörg; Rep"}


def test_the_whole_way_to_a_customer(client, app, handoff):
    press(client, handoff, "accept")
    press(client, handoff, "attempt", kind="call", outcome="not_reached", note="voice mail")
    assert state(app, handoff)["state"] == "accepted"
    press(client, handoff, "attempt", kind="meeting", outcome="reached")
    assert state(app, handoff)["state"] == "contacted"
    press(client, handoff, "qualified")
    assert state(app, handoff)["state"] == "qualified"
    page = client.get(handoff_path(handoff)).text
    assert "called, not reached (rep.one@acme.example), “voice mail”" in page
    assert "met, reached" in page
    press(client, handoff, "won")
    assert state(app, handoff)["state"] == "won"
    assert rows(app.engine, "SELECT stage FROM lead") == [{"stage": "customer"}]


def test_a_lost_lead_needs_a_reason(client, app, handoff):
    press(client, handoff, "accept")
    assert press(client, handoff, "lost").status_code == 422
    assert press(client, handoff, "lost", reason="competitor").status_code == 303
    assert state(app, handoff)["state"] == "lost"


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("attempt", {"kind": "call", "outcome": "reached"}),
        ("qualified", {}),
        ("won", {}),
        ("lost", {"reason": "no_budget"}),
    ],
)
def test_who_works_somebody_elses_lead_accepts_it_first(client, app, handoff, do, fields):
    if do == "lost":
        press(client, handoff, "accept")
        before = "accepted"
    else:
        before = "offered"
    response = press(client, handoff, do, **{"by": "other@acme.example", **fields})
    assert response.status_code == 409
    assert ("accept it first" if before == "offered" else "can give it up") in response.text
    assert state(app, handoff)["state"] == before


@pytest.mark.parametrize(
    "data",
    [{}, {"do": "delete"}, {"do": "attempt", "by": REP}, {"do": "attempt", "by": REP, "kind": "fax", "outcome": "x"}],
)
def test_what_the_page_does_not_offer_does_nothing(client, app, handoff, data):
    press(client, handoff, "accept")
    before = state(app, handoff)
    assert client.post(handoff_path(handoff), data=data).status_code == 422
    assert state(app, handoff) == before
    assert rows(app.engine, "SELECT 1 FROM attempt") == []


def test_a_late_answer_is_asked_for_as_late(client, app):
    handoff = add_handoff(app.engine, add_lead(app.engine), accept_due_at=NOW - timedelta(minutes=1))
    assert "Late: answer by" in client.get(handoff_path(handoff)).text


def test_a_bare_hand_raise_has_a_page_too(client, app):
    lead_id = add_lead(app.engine, first_name=None, last_name=None, title=None, company=None, country=None,
                       industry=None, employees=None, source=None, attributes={}, grade="C")  # fmt: skip
    handoff = add_handoff(
        app.engine, lead_id, hand_raise=True, evidence={}, score_micro=0, owner=None, accept_due_at=None
    )  # fmt: skip
    page = client.get(handoff_path(handoff)).text
    assert "maria.rossi@acme.example" in page
    assert "They asked for sales" in page
    assert "None" not in page


def test_what_a_lead_wrote_is_text(client, app):
    evil = "<script>alert(1)</script>\u202e{{ 7*7 }}"
    lead_id = add_lead(app.engine, first_name=evil, last_name=None, title=evil, company=evil,
                       attributes={evil: evil, "list": [evil]})  # fmt: skip
    add_event(app.engine, lead_id, path=f'/"><img src=x onerror=1>{evil}')
    handoff = add_handoff(app.engine, lead_id, because=f"visited {evil}")
    page = client.get(handoff_path(handoff)).text
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "49" not in page.replace("Mar", "")


@pytest.mark.parametrize("path", ["/h/x", "/h/" + "A" * 9000, "/h/%00", "/h/..%2f"])
def test_a_link_that_was_not_signed_opens_nothing(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path, data={"do": "accept", "by": REP}).status_code == 404


def test_an_expired_link_opens_nothing(client, app, handoff):
    path = handoff_path(handoff, NOW)
    shown = client.get(path)
    assert shown.status_code == 410
    assert "It has expired" in shown.text
    assert "Maria" not in shown.text
    assert client.post(path, data={"do": "accept", "by": REP}).status_code == 410
    assert state(app, handoff)["state"] == "offered"


def test_a_handoff_that_is_gone_has_a_page_that_says_so(client, app):
    assert client.get(handoff_path(77)).status_code == 404
    assert press(client, 77, "accept").status_code == 404


def test_attempts_show_after_the_offer_was_accepted(client, app, handoff):
    press(client, handoff, "accept")
    add_attempt(app.engine, handoff, note="gatekeeper")
    assert "“gatekeeper”" in client.get(handoff_path(handoff)).text


def test_a_form_is_read_leniently():
    assert read_form(b"do=accept&by=+Ada%0d%0aX+&note=a%0D%0Ab%00&do=reject") == Said(
        do="accept", by="Ada X", note="a\r\nb"
    )  # fmt: skip
    assert read_form(b"&".join(b"a=1" for _ in range(50))) == Said()
    assert read_form(b"\xff\xfe=%ff") == Said()


def test_a_revoked_link_opens_nothing_and_the_new_one_does(client, app, handoff):
    new = revoke_links(app, handoff, by="Ada", now=NOW).removeprefix("http://nurture.example")
    shown = client.get(handoff_path(handoff))
    assert shown.status_code == 410
    assert "It was revoked" in shown.text
    assert "Maria" not in shown.text
    assert press(client, handoff, "accept").status_code == 410
    assert state(app, handoff)["state"] == "offered"
    shown = client.get(new).text
    assert "Maria Rossi" in shown
    assert "links revoked by Ada" in shown


def test_links_of_what_does_not_exist_cannot_be_revoked(app, handoff):
    with pytest.raises(NotFound, match="no handoff 77"):
        revoke_links(app, 77, by="Ada", now=NOW)
    with pytest.raises(UsageError, match="say who you are"):
        revoke_links(app, handoff, by=" ", now=NOW)
