"""What a rep's page lets a rep do, beside accepting and rejecting (test_handoff)."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from nurture.notifiers.reading import reader_of
from nurture.web.handoff_form import read_form
from nurture.web.handoff_view import phones
from tests.web.people import NOW, OTHER, REP, add_attempt, add_event, add_handoff, add_lead, handoff_path, rows


@pytest.fixture
def handoff(app):
    return add_handoff(app.engine, add_lead(app.engine))


def press(client, handoff_id, do, by=REP, headers=None, **fields):
    return client.post(handoff_path(handoff_id), data={"do": do, "by": by, **fields}, headers=headers)


def state(app, handoff_id):
    [row] = rows(app.engine, "SELECT state, owner FROM handoff WHERE id = :id", id=handoff_id)
    return row


def test_who_has_tried_already_logs_it_and_has_the_lead_by_that(client, app, handoff):
    assert press(client, handoff, "attempt", kind="call", outcome="not_reached").status_code == 303
    assert state(app, handoff)["state"] == "accepted"


def test_what_was_typed_for_somebody_elses_lead_is_kept(client, app, handoff):
    response = press(client, handoff, "attempt", by=OTHER, kind="call", outcome="reached", note="met at a fair")
    assert response.status_code == 409
    assert "accept it first" in response.text
    assert "met at a fair" in response.text


def test_an_attempt_of_yesterday_is_logged_when_it_was(client, app):
    handoff = add_handoff(app.engine, add_lead(app.engine), offered_at=NOW - timedelta(days=2))
    press(client, handoff, "accept")
    fields = {"kind": "call", "outcome": "not_reached"}
    assert press(client, handoff, "attempt", at="2026-03-02T09:30", **fields).status_code == 303
    assert rows(app.engine, "SELECT at FROM attempt") == [{"at": datetime(2026, 3, 2, 15, 30, tzinfo=UTC)}]
    assert "write a date and a time" in press(client, handoff, "attempt", at="tomorrow", **fields).text
    assert "yet to come" in press(client, handoff, "attempt", at="2026-03-04T09:30", **fields).text
    page = client.get(handoff_path(handoff)).text
    assert "1 of 6 attempts made" in page
    assert "Next attempt by" in page


def test_of_one_days_attempts_two_count(client, app, handoff):
    press(client, handoff, "accept")
    for minute in range(3):
        add_attempt(app.engine, handoff, at=NOW - timedelta(minutes=minute))
    assert "2 of 6 attempts made (3 in all; two a day count)." in client.get(handoff_path(handoff)).text


def test_being_in_touch_can_be_said_without_an_attempt(client, app, handoff):
    press(client, handoff, "accept")
    assert press(client, handoff, "contacted", note="they called us").status_code == 303
    assert state(app, handoff)["state"] == "contacted"
    assert "“they called us”" in client.get(handoff_path(handoff)).text


def test_a_lead_is_given_to_somebody_else_and_the_old_link_says_who_has_it(client, app, handoff):
    assert press(client, handoff, "reassign", to=OTHER, note="on holiday").status_code == 303
    assert state(app, handoff)["owner"] == OTHER
    page = client.get(handoff_path(handoff)).text
    name = reader_of(app.agreement).rep
    assert f"{name(OTHER)} has this lead now, says {name(REP)}" in page
    assert f"given to {OTHER} by {REP}" in page
    assert "“on holiday”" in page
    nobody = press(client, handoff, "reassign", to="somebody")
    assert nobody.status_code == 422
    assert "No rep is" in nobody.text


def test_by_the_agreement_it_goes_to_somebody_who_has_not_had_it(client, app, handoff):
    assert press(client, handoff, "reassign", to="").status_code == 303
    assert state(app, handoff)["owner"] == OTHER
    assert press(client, handoff, "reassign", by=" ", to=REP).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "null"}, 303),
        ({"origin": "http://nurture.example"}, 303),
        ({}, 303),
    ],
)
def test_a_form_that_another_site_sends_does_nothing(client, app, handoff, headers, status):
    response = press(client, handoff, "accept", headers=headers)
    assert response.status_code == status
    assert state(app, handoff)["state"] == ("accepted" if status == 303 else "offered")
    if status == 403:
        assert "Maria" not in response.text


def test_the_cookie_is_this_pages_own(client, handoff):
    cookie = press(client, handoff, "accept").headers["set-cookie"].lower()
    for said in ("path=/h/", "httponly", "samesite=lax"):
        assert said in cookie, said


def test_the_page_asks_the_database_a_fixed_number_of_things(client, app, handoff):
    def asked():
        counted = []

        def count(*arguments):
            counted.append(arguments[2])

        event.listen(app.engine, "before_cursor_execute", count)
        assert client.get(handoff_path(handoff)).status_code == 200
        event.remove(app.engine, "before_cursor_execute", count)
        return len(counted)

    press(client, handoff, "accept")
    few = asked()
    [lead] = rows(app.engine, "SELECT id FROM lead")
    for n in range(60):
        add_event(app.engine, lead["id"], message_md5=f"00000000-0000-0000-0000-{n:012d}", path=f"/p{n}")
        add_attempt(app.engine, handoff, at=NOW - timedelta(minutes=n))
    assert asked() == few <= 12
    page = client.get(handoff_path(handoff)).text
    assert "things before that" in page
    assert page.count("called, not reached") == 60


def test_the_reject_button_opens_the_reasons_and_does_nothing(client, app, handoff):
    page = client.get(handoff_path(handoff) + "?open=reject")
    assert '<details id="reject" open>' in page.text
    assert state(app, handoff)["state"] == "offered"


@pytest.mark.parametrize(
    ("attributes", "links"),
    [
        ({"phone": "+1 (312) 555-0100"}, ["tel:+13125550100"]),
        ({"Mobile Phone": "0171 / 555 01 00"}, ["tel:01715550100"]),
        ({"phone": "+49 (0)30 5550100 ext. 12"}, ["tel:+49305550100;ext=12"]),
        ({"phone": 13125550100}, ["tel:13125550100"]),
        ({"mobile": "+13125550100", "phone": "+1 312 555 0100"}, ["tel:+13125550100"]),
        ({"phone": "javascript:alert(1)"}, []),
        ({"phone": "call Ada"}, []),
        ({"phone": "12"}, []),
        ({"phone": True, "tel": None, "fax": "+13125550100"}, []),
        ({"phone": "٣١٢٥٥٥٠١٠٠"}, []),
    ],
)
def test_what_is_a_phone_number_can_be_called(attributes, links):
    assert [link for _, link in phones(attributes)] == links


def test_what_the_lead_wrote_stands_there_in_its_own_lines(client, app):
    lead_id = add_lead(app.engine)
    text = "Hello,\r\n\u202eyes & <b>please</b> call\x00 us.\n\n\n\n\nMaria"
    add_event(app.engine, lead_id, kind="reply", path=None, properties={"text": text.replace("\x00", "")})
    page = client.get(handoff_path(add_handoff(app.engine, lead_id))).text
    assert "<blockquote>Hello,\nyes &amp; &lt;b&gt;please&lt;/b&gt; call us.\n\nMaria</blockquote>" in page


def test_ones_own_doing_in_another_tab_is_no_news(client, app, handoff):
    press(client, handoff, "accept")
    mine = press(client, handoff, "reject", by=REP.upper(), seen="0", reason="no_budget")
    assert mine.status_code == 303


@given(
    st.dictionaries(st.sampled_from(("do", "by", "reason", "note", "kind", "at", "seen", "x")), st.text(max_size=60))
)
@settings(max_examples=60)
def test_whatever_a_form_says_is_read_within_bounds(fields):
    said = read_form(urlencode(fields, errors="surrogatepass").encode())
    assert "\n" not in said.by
    assert "\x00" not in said.note
    assert all(len(getattr(said, name)) <= 200 for name in ("do", "by", "reason", "kind", "at", "seen"))


@pytest.mark.parametrize("seen", ["²", "-1", "9" * 200, "1.5", "٣"])
def test_a_forged_mark_of_what_was_seen_does_no_harm(client, app, handoff, seen):
    assert press(client, handoff, "accept", seen=seen).status_code == 303


@pytest.mark.parametrize("by", ["hubspot: nobody", "API: x", "Ada: the second"])
def test_nobody_speaks_on_the_page_as_a_program_does(client, app, handoff, by):
    """A program may close whatever it likes, since it says what was said elsewhere; who has a link is none."""
    press(client, handoff, "accept")
    answer = press(client, handoff, "reject", by=by, reason="no_budget")
    assert answer.status_code == 422
    assert "a name without a colon" in answer.text
    assert state(app, handoff) == {"state": "accepted", "owner": REP}


@pytest.mark.parametrize("do", ["accept", "attempt", "qualified"])
def test_who_has_a_link_takes_no_lead_to_a_mailbox_elsewhere(client, app, handoff, do):
    """From then on all news of the lead, new links among it, would go there, also once the link was revoked."""
    with app.engine.begin() as db:
        db.execute(text("UPDATE handoff SET owner = NULL"))
    answer = press(client, handoff, do, by="eve@elsewhere.test", kind="call", outcome="reached")
    assert answer.status_code == 422
    assert "is no address of a rep" in answer.text
    assert state(app, handoff) == {"state": "offered", "owner": None}
    assert press(client, handoff, "accept", by="new.rep@acme.example").status_code == 303
    assert state(app, handoff)["owner"] == "new.rep@acme.example"
