"""The links in mails that went to a lead which has turned out to be another one."""

import pytest

from nurture.flows.merge_leads import merge_leads
from nurture.mail.links import read_visitor
from tests.web.people import (
    NOW,
    SECRET,
    add_address_change,
    add_handoff,
    add_lead,
    add_mail,
    address_path,
    answer_path,
    click_path,
    handoff_path,
    preferences_path,
    rows,
    unsubscribe_path,
)

KEPT, LOST = "maria@acme.example", "maria.rossi@gmail.example"


@pytest.fixture
def merged(app):
    """The kept lead, the lost one, and a mail that the lost one got."""
    kept = add_lead(app.engine, email=KEPT, key="k1")
    lost = add_lead(app.engine, email=LOST, key="k2")
    mail = add_mail(app.engine, lost)
    add_handoff(app.engine, lost)
    merge_leads(app, KEPT, LOST, by="operator", now=NOW)
    return kept, lost, mail


def test_unsubscribing_by_an_old_mail_stops_all_mail_of_the_person(app, client, merged) -> None:
    _, lost, mail = merged
    assert client.post(unsubscribe_path(mail, lost)).status_code == 200
    assert len(rows(app.engine, "SELECT * FROM suppression")) == 2


def test_choosing_by_an_old_mail_is_the_kept_leads_choice(app, client, merged) -> None:
    kept, lost, mail = merged
    assert "m***@a***.example" in client.get(preferences_path(mail, lost)).text
    client.post(preferences_path(mail, lost), data={"do": "topics", "offered": "product"})
    assert {row["topic"] for row in rows(app.engine, "SELECT topic FROM suppression")} == {"product"}
    assert len(rows(app.engine, "SELECT * FROM suppression")) == 2
    client.post(preferences_path(mail, lost), data={"do": "pause", "until": "2026-06-01"})
    assert rows(app.engine, "SELECT id FROM lead WHERE postponed <> '{}'") == [{"id": kept}]


def test_a_link_to_confirm_an_address_is_good_after_a_merge(app, client) -> None:
    kept, lost = add_lead(app.engine, email=KEPT, key="k1"), add_lead(app.engine, email=LOST, key="k2")
    path = address_path(add_address_change(app.engine, lost, "maria@third.example"))
    merge_leads(app, KEPT, LOST, by="operator", now=NOW)
    assert "Your address is changed" in client.post(path).text
    assert rows(app.engine, "SELECT id, email FROM lead") == [{"id": kept, "email": "maria@third.example"}]
    known = rows(app.engine, "SELECT value FROM identity WHERE kind = 'email' ORDER BY 1")
    assert [row["value"] for row in known] == [LOST, KEPT]


def test_a_click_in_an_old_mail_is_the_kept_leads_and_ties_the_browser_to_it(app, client, merged) -> None:
    kept, lost, mail = merged
    answer = client.get(click_path(mail, lost), follow_redirects=False)
    token = answer.headers["location"].partition("nurture_visitor=")[2]
    assert read_visitor(SECRET, token) == kept
    assert rows(app.engine, "SELECT lead_id FROM event WHERE kind = 'click'") == [{"lead_id": kept}]


def test_an_answer_to_an_old_mail_is_the_kept_leads(app, client, merged) -> None:
    kept, lost, mail = merged
    assert client.post(answer_path(mail, lost)).status_code == 200
    assert rows(app.engine, "SELECT lead_id FROM event WHERE kind = 'answer'") == [{"lead_id": kept}]
    assert rows(app.engine, "SELECT attributes ->> 'timing' AS timing FROM lead") == [{"timing": "this_year"}]


def test_the_page_of_a_handoff_that_was_closed_says_where_the_lead_went(app, client) -> None:
    kept, lost = add_lead(app.engine, email=KEPT, key="k1"), add_lead(app.engine, email=LOST, key="k2")
    mine = add_handoff(app.engine, kept, state="accepted", owner="other.rep@acme.example", accepted_at=NOW)
    closed = add_handoff(app.engine, lost)
    merge_leads(app, KEPT, LOST, by="operator", now=NOW)
    page = client.get(handoff_path(closed))
    assert page.status_code == 200
    assert "Goes on in another handoff of the same person" in page.text
    assert f"the same person as in handoff {mine}, which other.rep@acme.example has" in page.text
    said = client.post(handoff_path(closed), data={"do": "accept", "by": "rep@acme.example"})
    assert "the lead turned out to be one that sales has in another handoff" in said.text
