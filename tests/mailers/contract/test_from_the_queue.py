"""From the database out through each mailer: who got what stands in the rows, whatever became of it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.mail import links
from nurture.mailers.http import connection as repeating
from nurture.workspace import TemplateFile
from tests.flows.apps import make_app, rows
from tests.flows.test_deliver import HTML
from tests.flows.test_sending import let_the_rest_pass, queue, send, states
from tests.mailers.contract.houses import HTTP, NAMES, HttpHouse
from tests.rules.lives import book_of

COUNT = 6


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, house: Any, monkeypatch: pytest.MonkeyPatch) -> App:
    """Its mails go to the house of this test's name."""
    monkeypatch.setattr("nurture.mailers.http.patience.WAITS", (0.01,))
    monkeypatch.setattr(repeating, "REPEATS", (0.01,))
    made = make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=house.url)
    templates = {"t/one": TemplateFile("t/one", Path("templates/t/one.html"), "html", HTML)}
    return replace(made, workspace=replace(made.workspace, templates=templates))


@pytest.mark.parametrize("name", NAMES)
def test_everybody_gets_one_and_who_is_refused_none(house: Any, app: App) -> None:
    house.refuse("lead2@buyer.example")
    queue(app, COUNT)
    send(app)
    send(app)
    assert states(app) == {"sent": COUNT - 1, "failed": 1}
    mails = rows(app, "SELECT d.id, l.email FROM delivery d JOIN lead l ON l.id = d.lead_id")
    got = Counter((links.read_message_id(app.settings.secret_key, mail.token), mail.recipient) for mail in house.seen())
    # by SMTP the address is refused before the mail is shown
    assert got == Counter((row.id, row.email) for row in mails if house.name != "smtp" or "lead2@" not in row.email)


@pytest.mark.parametrize("name", HTTP)
def test_a_wrong_key_fails_nobody_and_all_goes_when_it_is_mended(house: HttpHouse, app: App) -> None:
    house.know_nobody()
    queue(app, COUNT)
    send(app)
    assert states(app) == {"queued": COUNT}
    assert rows(app, "SELECT max(tries) AS tries FROM delivery")[0].tries == 0
    house.refuse()
    for _ in range(3):
        let_the_rest_pass(app)
        send(app)
    assert states(app) == {"sent": COUNT}


@pytest.mark.parametrize("name", HTTP)
def test_what_is_in_doubt_is_never_sent_again(house: HttpHouse, app: App) -> None:
    house.hang_up()
    house.hang_up()
    queue(app, COUNT)
    for _ in range(4):
        send(app)
        let_the_rest_pass(app)
    found = states(app)
    mails = Counter(mail.recipient for mail in house.seen())
    assert found.keys() <= {"sent", "unknown"}
    assert found["unknown"] >= 1
    if house.name != "resend":
        assert set(mails.values()) == {1}
