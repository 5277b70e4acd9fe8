import pytest

from tests.web.people import add_lead, add_mail, answer_path, everything, rows


@pytest.fixture
def mail(app):
    lead_id = add_lead(app.engine)
    return add_mail(app.engine, lead_id), lead_id


def answers(app):
    return rows(app.engine, "SELECT name, properties, verdict FROM event WHERE kind = 'answer'")


def test_the_link_in_the_mail_answers_nothing(client, app, mail):
    before = everything(app.engine, "event")
    response = client.get(answer_path(*mail))
    assert response.status_code == 200
    assert "Sometime this year" in response.text
    assert "When could a first robot become real for you?" in response.text
    assert '<form method="post">' in response.text
    assert everything(app.engine, "event") == before
    assert rows(app.engine, "SELECT kind, name, verdict FROM event") == [
        {"kind": "look", "name": "answer timing=this_year", "verdict": "pending"}
    ]


def test_the_button_answers_once(client, app, mail):
    for _ in range(2):
        response = client.post(answer_path(*mail))
        assert response.status_code == 200
        assert "Thank you" in response.text
    assert answers(app) == [{"name": "timing", "properties": {"answer": "this_year"}, "verdict": "human"}]


def test_an_answer_that_raises_the_hand_reaches_sales_at_once(client, app, mail, nudges):
    client.post(answer_path(*mail, "timing", "now"))
    assert rows(app.engine, "SELECT state, hand_raise FROM handoff") == [{"state": "offered", "hand_raise": True}]
    assert "notices" in nudges


def test_an_answer_that_was_not_signed_is_none(client, app, mail):
    assert client.post("/a/x").status_code == 404
    assert client.post(answer_path(*mail)[:-2]).status_code == 404
    assert answers(app) == []


def test_an_answer_to_a_mail_that_was_erased_is_refused_in_words(client, app):
    response = client.post(answer_path(99, 99))
    assert response.status_code == 404
    assert "closed" in response.text


def test_what_stands_in_an_answer_is_text(client, mail):
    assert "<b>" not in client.get(answer_path(*mail, "<b>q</b>", "<b>a</b>")).text
