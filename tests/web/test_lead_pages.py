"""What all pages for leads have in common: their headers, their language, test mails, trouble."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from nurture.db import make_engine
from nurture.pages import Pages
from nurture.web.application import make_web
from nurture.workspace.source import Source
from tests.web.people import (
    NOW,
    add_address_change,
    add_lead,
    add_mail,
    address_path,
    answer_path,
    everything,
    preferences_path,
    rows,
    unsubscribe_path,
)

PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
}


@pytest.fixture
def paths(app) -> dict[str, str]:
    """One of each page, of one lead."""
    lead_id = add_lead(app.engine, reason="not_ready")
    mail = add_mail(app.engine, lead_id), lead_id
    return {
        "/u": unsubscribe_path(*mail),
        "/p": preferences_path(*mail),
        "/a": answer_path(*mail),
        "/e": address_path(add_address_change(app.engine, lead_id)),
    }


@pytest.fixture
def away(app, serving):
    """The database is away."""
    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing", pool_size=1)
    serving[0].app = make_web(replace(app, engine=engine))
    yield
    engine.dispose()


def is_private(answer) -> bool:
    policy = answer.headers["content-security-policy"]
    nothing_else = "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    return nothing_else and PRIVATE.items() <= answer.headers.items() and "set-cookie" not in answer.headers


KINDS = ["/u", "/p", "/a", "/e"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_keeps_the_link_a_secret(client, paths, kind) -> None:
    path = paths[kind]
    answers = [
        client.get(path),
        client.head(path),
        client.post(path),
        client.post(path, content=b"x" * 100_000),
        client.get(path + "A"),
        client.post(path + "A"),
        client.put(path),
        client.get(path[:5]),
        client.get(f"{kind}/"),
        client.get(f"{kind}/%00"),
    ]
    for answer in answers:
        assert is_private(answer), answer.status_code
    page = answers[0].text
    assert 'src="http' not in page
    assert "<script" not in page
    assert "lang=" in page


@pytest.mark.parametrize("kind", KINDS)
def test_trouble_keeps_it_a_secret_too_and_is_said_in_words(client, paths, away, kind) -> None:
    answer = client.post(paths[kind], headers={"accept-language": "de"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert is_private(answer)
    assert "Das geht im Moment nicht" in answer.text


def test_the_button_to_leave_is_shown_even_then(client, paths, away) -> None:
    answer = client.get(paths["/u"])
    assert answer.status_code == 200
    assert '<form method="post">' in answer.text
    assert "the address that this mail was sent to" in answer.text


def test_a_mistake_of_ours_is_said_in_words(app, serving, client, paths, monkeypatch) -> None:
    monkeypatch.setattr("nurture.web.preferences.view", None)
    answer = client.get(paths["/p"])
    assert answer.status_code == 500
    assert "The mistake is ours" in answer.text
    assert is_private(answer)


@pytest.mark.parametrize(
    ("locale", "accept", "words"),
    [
        ("de_DE", "fr", "Abmelden?"),
        (None, "fr-CA, en;q=0.5", "Se désabonner ?"),
        ("sv", "es", "¿Darse de baja?"),
        (None, "", "Unsubscribe?"),
    ],
)
def test_a_page_speaks_the_leads_language_else_the_browsers(app, client, paths, locale, accept, words) -> None:
    with app.engine.begin() as db:
        db.execute(text("UPDATE lead SET locale = :locale"), {"locale": locale})
    answer = client.get(paths["/u"], headers={"accept-language": accept})
    assert words in answer.text
    assert f'<html lang="{answer.headers["content-language"]}">' in answer.text


def test_dates_and_labels_are_in_that_language_too(app, client, paths) -> None:
    with app.engine.begin() as db:
        db.execute(text("UPDATE lead SET locale = 'fr'"))
    page = client.post(paths["/p"], data={"do": "pause", "until": "2026-08-01"}).text
    assert "Vous ne recevez aucun e-mail avant le 1 août 2026." in page


@pytest.mark.parametrize("lead", [0, 1])
def test_the_links_of_a_test_mail_say_so_and_change_nothing(app, client, paths, lead) -> None:
    before = everything(app.engine)
    for path in (unsubscribe_path(0, lead), preferences_path(0, lead), answer_path(0, lead)):
        answers = (
            client.get(path),
            client.post(path, data={"do": "stop", "List-Unsubscribe": "One-Click"}),
            client.head(path),
        )
        for answer in answers:
            assert answer.status_code == 200
        assert "This is a test mail" in answers[0].text
        assert "Nothing was changed." in answers[1].text
    assert everything(app.engine) == before


def test_a_workspaces_own_words_and_pages_are_shown_and_broken_ones_are_not(app, serving, client, paths) -> None:
    own = {
        "texts.en.yaml": 'unsubscribe:\n  title: "Leaving, {company}?"\n  button: "{nothing}"\n',
        "answer.html": "{% extends 'shipped/answer.html' %}{% block title %}Ours{% endblock %}",
        "preferences.html": "{{ broken",
    }
    pages = {name: Source(f"templates/pages/{name}", None, text) for name, text in own.items()}  # type: ignore[arg-type]
    serving[0].app = make_web(replace(app, workspace=replace(app.workspace, pages=pages)))
    page = client.get(paths["/u"]).text
    assert "Leaving, Acme Robotics?" in page
    assert '<button type="submit">Unsubscribe</button>' in page
    assert "<title>Ours</title>" in client.get(paths["/a"]).text
    assert "Robots for your plant" in client.get(paths["/p"]).text
    client.post(paths["/u"])
    assert len(rows(app.engine, "SELECT * FROM suppression")) == 1


def test_pages_are_made_once_for_a_process(app) -> None:
    assert app.pages is app.pages
    assert isinstance(app.pages, Pages)
    assert NOW


def answers_of(app) -> list[str]:
    return [row["a"] for row in rows(app.engine, "SELECT properties ->> 'answer' AS a FROM event WHERE kind = 'answer' "
                                                 "ORDER BY id")]  # fmt: skip


def holding(app) -> str:
    return rows(app.engine, "SELECT attributes ->> 'timing' AS timing FROM lead")[0]["timing"]


def test_an_answer_can_be_changed_and_the_last_one_holds(app, client) -> None:
    lead_id = add_lead(app.engine)
    mail = add_mail(app.engine, lead_id), lead_id
    for answer in ("never", "this_year", "this_year", "never", "never"):
        page = client.post(answer_path(*mail, "timing", answer))
        assert "choose another answer in the mail" in page.text
        assert holding(app) == answer
    assert answers_of(app) == ["never", "this_year", "never"]


def test_an_answer_in_an_older_mail_replaces_the_one_in_a_newer(app, client) -> None:
    lead_id = add_lead(app.engine)
    older = add_mail(app.engine, lead_id)
    with app.engine.begin() as db:
        db.execute(text("UPDATE enrollment SET status = 'ended', ended_at = now(), n = 7"))
    newer = add_mail(app.engine, lead_id, step="other", local_on=NOW.date(), state="sent")
    for delivery, answer in ((older, "never"), (newer, "this_year"), (older, "never")):
        client.post(answer_path(delivery, lead_id, "timing", answer))
    assert holding(app) == "never"
    assert answers_of(app) == ["never", "this_year", "never"]


def test_points_of_answers_count_by_their_signals(app, client) -> None:
    """`buying_soon` is worth points each time it is answered; the other answer none."""
    lead_id = add_lead(app.engine)
    mail = add_mail(app.engine, lead_id), lead_id
    for answer in ("this_year", "this_year", "never"):
        client.post(answer_path(*mail, "timing", answer))
    assert [row["count"] for row in rows(app.engine, "SELECT count FROM signal_day")] == [1]


def test_an_answer_counts_where_its_step_is_no_more(app, client) -> None:
    lead_id = add_lead(app.engine)
    mail = add_mail(app.engine, lead_id, step="gone", campaign="gone-too"), lead_id
    assert client.post(answer_path(*mail)).status_code == 200
    assert holding(app) == "this_year"


def test_an_answer_that_the_agreement_does_not_know_is_shown_by_its_code(app, client) -> None:
    lead_id = add_lead(app.engine)
    mail = add_mail(app.engine, lead_id), lead_id
    page = client.get(answer_path(*mail, "favourite-colour", "dark_blue")).text
    assert "Dark blue" in page
    assert "Favourite colour" in page
    assert "Sometime this year" in client.get(answer_path(*mail, "Timing", "THIS_YEAR")).text


def test_after_an_answer_there_is_a_way_to_choose(app, client) -> None:
    lead_id = add_lead(app.engine)
    mail = add_mail(app.engine, lead_id), lead_id
    page = client.post(answer_path(*mail)).text
    assert f'href="{preferences_path(*mail)}"' in page
