from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.flows.sending_state import pause_sending
from nurture.notifiers.reading import reader_of
from nurture.web.application import make_web
from tests.web.people import NOW, add_handoff, add_lead, add_mail, browser, handoff_path


@pytest.fixture
def handoff(app):
    lead_id = add_lead(app.engine)
    add_mail(app.engine, lead_id)
    return add_handoff(app.engine, lead_id)


def test_a_stranger_learns_nothing_of_anybody(client, handoff):
    page = client.get("/").text
    assert "Nurture is running" in page
    for said in ("Maria", "Rossi", "mql", "/h/", "rep.one"):
        assert said not in page


@pytest.mark.parametrize("auth", [("", "ak_test"), ("ak_test", ""), ("me", "ak_test")])
def test_the_api_key_shows_how_many_and_what_is_open(client, app, handoff, auth):
    page = client.get("/", auth=auth)
    assert page.status_code == 200
    owner = reader_of(app.agreement).rep("rep.one@acme.example")
    for said in (
        "Maria Rossi",
        "Acme Robotics",
        "mql",
        "61.5",
        owner,
        "Not ready yet",
        "1 open, 1 waiting for an answer.",
    ):
        assert said in page.text, said
    assert "/h/" in page.text


def test_late_handoffs_stand_first_and_say_what_is_owed(client, app):
    hour = timedelta(hours=1)
    due = {"soon": NOW + hour, "late": NOW - hour, "later": NOW - 30 * hour}
    for name, at in due.items():
        lead_id = add_lead(app.engine, email=f"{name}@acme.example", key=name, first_name=name.title(), last_name=None)
        add_handoff(app.engine, lead_id, accept_due_at=at)
    page = client.get("/", auth=("me", "ak_test")).text
    assert page.index(">Later<") < page.index(">Late<") < page.index(">Soon<")
    assert "3 open, 3 waiting for an answer, " in page
    assert "2 late" in page
    assert page.count("Late: answer by") == 2


def test_the_overview_says_whether_mail_leaves(client, app):
    assert "Mail leaves as it comes due" in client.get("/", auth=("me", "ak_test")).text
    pause_sending(app, "the <provider> moves")
    page = client.get("/", auth=("me", "ak_test")).text
    assert "No mail leaves: it was paused by hand." in page
    assert "the &lt;provider&gt; moves" in page


def test_a_link_of_the_overview_opens_the_reps_page(client, app, handoff):
    page = client.get("/", headers={"authorization": "Bearer ak_test"}).text
    link = page.split('href="http://nurture.example')[1].split('"')[0]
    assert "Maria Rossi" in client.get(link).text


@pytest.mark.parametrize("auth", [None, ("me", "wrong"), ("", ""), ("wk_test", "")])
def test_a_browser_is_asked_for_the_key(client, handoff, auth):
    response = client.get("/sign-in", auth=auth)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert client.get("/sign-in", auth=("me", "ak_test")).headers["location"] == "/"


def test_without_an_api_key_nobody_signs_in(serving, site, app):
    switch, address = serving
    switch.app = make_web(replace(app, settings=replace(app.settings, api_key=None)))
    with browser(address) as client:
        assert "Set <code>API_KEY</code>" in client.get("/").text
        assert client.get("/sign-in", auth=("", "")).status_code == 401


def test_an_unknown_page_and_a_wrong_method_are_said_in_words(client):
    assert "There is no such page" in client.get("/nothing").text
    assert client.get("/nothing").status_code == 404
    assert client.post("/healthz").status_code == 405
    assert client.get("/static/../application.py").status_code == 404
    assert client.get("/static/%2e%2e/application.py").status_code == 404


def test_every_answer_is_hardened(client, app, handoff):
    for path in ("/", "/nothing", "/healthz", handoff_path(handoff), "/static/nurture.css", "/v1/page"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
