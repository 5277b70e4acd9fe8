"""A form, a yes, a campaign, a farewell, a return, an erasure: one address through all of it, over real mail."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.erase import erase
from nurture.flows.import_leads import import_leads
from nurture.flows.send_confirmations import send_confirmations
from nurture.flows.suppress import release
from nurture.local.mailbox import Mailbox
from nurture.reports.export import export_lead
from nurture.sheets.people import Person
from nurture.web.application import make_web
from nurture.workspace import TemplateFile
from tests.flows.apps import make_app, one, rows
from tests.flows.test_deliver import HTML
from tests.rules.examples import NOW
from tests.rules.lives import book_of

EMAIL = "jo@buyer.example"
TERMS = {"required": True, "double_opt_in": ["website"], "wording": "I agree to mail."}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    keys = {"MAIL_URL": mailbox.addresses.smtp, "WRITE_KEY": "website:wk-website,app:wk-app"}
    made = make_app(clean_db, db_url, tmp_path, book_of(consent=TERMS), **keys)
    names = ("t/one", "t/two", "t/three")
    templates = {name: TemplateFile(name, Path(f"templates/{name}.html"), "html", HTML) for name in names}
    return replace(made, workspace=replace(made.workspace, templates=templates))


def ask(app: App, method: str, path: str, now: datetime, key: str | None = None, **more: object) -> httpx.Response:
    at_that_time = replace(app, now=lambda: now)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(make_web(at_that_time), client=("203.0.113.7", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="https://nurture.example") as web:
            return await web.request(method, path, auth=(key, "") if key else None, **more)  # type: ignore[arg-type]

    return asyncio.run(send())


def last(mailbox: Mailbox) -> EmailMessage:
    return mailbox.files.read(mailbox.files.names()[-1]).message()


def path_in(mail: EmailMessage, kind: str) -> str:
    found = re.search(
        rf"https://nurture\.example(/{kind}/[\w-]+)", mail.as_string().replace("=\n", "").replace("=3D", "=")
    )
    assert found is not None
    return found[1]


def a_mail_goes(app: App) -> datetime:
    """Live on until the next mail has left."""
    at = one(app, "SELECT min(due_at) FROM enrollment WHERE status = 'active'")
    advance(app, at)
    slot = one(app, "SELECT max(slot_at) FROM delivery")
    assert deliver(app, lambda: slot, seconds=20).sent == 1
    return slot


def test_from_a_form_to_an_erasure(app: App, mailbox: Mailbox, tmp_path: Path) -> None:
    form = {"userId": None, "traits": {"email": EMAIL, "title": "VP Operations", "country": "US", "employees": 900}}
    form["timestamp"] = NOW.isoformat()
    assert ask(app, "POST", "/v1/identify", NOW, "wk-website", json=form).status_code == 200
    assert rows(app, "SELECT stage, unconfirmed_at IS NOT NULL FROM lead") == [("inquiry", True)]
    assert one(app, "SELECT count(*) FROM enrollment") == 0

    assert send_confirmations(app, NOW).sent == 1
    yes = path_in(last(mailbox), "y")
    assert ask(app, "GET", yes, NOW).status_code == 200
    assert one(app, "SELECT count(*) FROM consent") == 0
    said_at = NOW + timedelta(hours=1)
    assert "Thank you" in ask(app, "POST", yes, said_at).text
    assert rows(app, "SELECT basis, wording, asked_at, at FROM consent") == [
        ("consent", "I agree to mail.", NOW, said_at)
    ]

    sent_at = a_mail_goes(app)
    leave = re.search(r"https://nurture\.example(/u/[\w-]+)", last(mailbox)["List-Unsubscribe"])
    assert leave is not None
    one_click = {"List-Unsubscribe": "One-Click"}
    assert ask(app, "POST", leave[1], sent_at, data=one_click).status_code == 200
    assert rows(app, "SELECT status, left_as FROM enrollment") == [("ended", "unsubscribed")]

    with pytest.raises(Conflict, match="unsubscribed itself"):
        release(app, EMAIL, "ann", "we miss them", sent_at)
    release(app, EMAIL, "ann", "asked for it on the phone", sent_at, insist=True)
    assert rows(app, "SELECT n, status FROM enrollment ORDER BY n") == [(1, "ended"), (2, "active")]
    assert len(export_lead(app, EMAIL, sent_at)["suppression_history"]) == 2
    a_mail_goes(app)

    gone_at = sent_at + timedelta(days=20)
    erase(app, EMAIL, by="ann", now=gone_at)
    assert one(app, "SELECT count(*) FROM lead") == 0
    done = import_leads(app, [Person(EMAIL)], gone_at, rejects=tmp_path / "rejects.csv")
    assert (done.created, done.rejected) == (0, 1)
    again = {**form, "timestamp": gone_at.isoformat()}
    for key in ("wk-app", "wk-website"):
        assert ask(app, "POST", "/v1/identify", gone_at, key, json=again).status_code == 200
    assert one(app, "SELECT count(*) FROM lead") == 0
    assert ask(app, "POST", leave[1], gone_at, data=one_click).status_code == 200
    with transaction(app.engine) as db:
        assert db.exec_driver_sql("SELECT reason FROM suppression").scalars().all() == ["erased"]
