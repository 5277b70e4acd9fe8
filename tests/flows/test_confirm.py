"""Forms that have to be confirmed: one mail, at most so many, a page whose button is the yes."""

import asyncio
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.flows.confirm import confirm
from nurture.flows.consent import give_consent
from nurture.flows.erase import erase
from nurture.flows.ingest import ingest
from nurture.flows.send_confirmations import send_confirmations
from nurture.flows.suppress import suppress, unsubscribe
from nurture.lab.simulation import simulate
from nurture.local.mailbox import Mailbox
from nurture.mail.confirm_links import confirm_token, read_confirm
from nurture.segment.event import IncomingEvent
from nurture.store import confirmations
from nurture.web.application import make_web
from tests.flows.apps import add_lead, incoming, make_app, one, rows
from tests.flows.posting import at_once
from tests.rules.examples import NOW
from tests.rules.lives import book_of

DAY = timedelta(days=1)
WORDING = "I agree that Acme sends me mail."
TERMS = {"double_opt_in": ["website"], "wording": WORDING, "confirm_within": "5 days"}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of(consent=TERMS), MAIL_URL=mailbox.addresses.smtp)


def form(email: str = "jo@buyer.example", at: datetime = NOW, **more: Any) -> IncomingEvent:
    traits = {"email": email, "title": "VP Operations", "country": "US", "employees": 900, **more.pop("traits", {})}
    return incoming("identify", at, email=email, traits=traits, **({"source": "website"} | more))


def received(mailbox: Mailbox) -> list[EmailMessage]:
    return [mailbox.files.read(name).message() for name in mailbox.files.names()]


def link(mail: EmailMessage) -> str:
    found = re.search(r"https://nurture\.example(/y/[\w-]+)", mail.get_body(("plain",)).get_content())
    assert found is not None
    return found[1]


def ask(app: App, method: str, path: str) -> httpx.Response:
    """A browser's request."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(make_web(app), client=("203.0.113.7", 4711))
        agent = {"user-agent": "Mozilla/5.0 page"}
        async with httpx.AsyncClient(transport=transport, base_url="https://nurture.example", headers=agent) as web:
            return await web.request(method, path)

    return asyncio.run(send())


def unconfirmed(app: App) -> list[bool]:
    return [row.waits for row in rows(app, "SELECT unconfirmed_at IS NOT NULL AS waits FROM lead ORDER BY id")]


def enrollments(app: App) -> int:
    return one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'")


def test_a_form_makes_an_unconfirmed_lead_that_no_campaign_takes_and_one_mail(app: App, mailbox: Mailbox) -> None:
    done = ingest(app, [form(traits={"consent": {"wording": "Yes please."}})], NOW)
    assert (done.created, done.asked) == (1, 1)
    assert app.nudged == ["confirmations"]
    assert (unconfirmed(app), enrollments(app)) == ([True], 0)
    assert send_confirmations(app, NOW).sent == 1
    assert send_confirmations(app, NOW).sent == 0
    (mail,) = received(mailbox)
    assert (mail["To"], mail["Auto-Submitted"]) == ("jo@buyer.example", "auto-generated")
    assert "confirm" in mail["Subject"]
    assert "Yes please." in mail.get_body(("plain",)).get_content()
    assert "Yes please." in mail.get_body(("html",)).get_content()
    assert one(app, "SELECT state FROM confirmation") == "sent"


def test_opening_the_page_changes_nothing_and_the_button_says_yes(app: App, mailbox: Mailbox) -> None:
    ingest(app, [form(agent="Mozilla/5.0 form")], NOW)
    send_confirmations(app, NOW)
    path = link(received(mailbox)[0])
    for method in ("GET", "HEAD", "GET"):
        page = ask(app, method, path)
        assert page.status_code == 200
    assert WORDING in page.text
    assert "no-store" in page.headers["cache-control"]
    assert (unconfirmed(app), enrollments(app)) == ([True], 0)
    for method in ("POST", "POST", "GET"):
        assert "Thank you" in ask(app, method, path).text
    assert (unconfirmed(app), enrollments(app)) == ([False], 1)
    (said,) = rows(app, "SELECT * FROM consent")
    assert (said.given, said.basis, said.source, said.wording) == (True, "consent", "website", WORDING)
    assert (said.asked_at, said.at, said.by, said.agent) == (NOW, NOW, "lead", "Mozilla/5.0 page")
    assert len(said.address_hash) == 16
    assert rows(app, "SELECT consent_basis, consent_at FROM lead") == [("consent", NOW)]


def test_an_address_is_asked_once_a_day_and_three_times_in_all(app: App, mailbox: Mailbox) -> None:
    times = [NOW + timedelta(hours=hours) for hours in (0, 1, 23, 25, 26, 49, 51, 80, 200)]
    asked = [ingest(app, [form(at=at, traits={"consent": {}})], at).asked for at in times]
    assert asked == [1, 0, 0, 1, 0, 1, 0, 0, 0]
    assert one(app, "SELECT count(*) FROM confirmation") == 3


@pytest.mark.parametrize(
    "emails",
    [
        ("jo@buyer.example", "jo+1@buyer.example", "jo+2+x@buyer.example"),
        ("jo.hill@gmail.com", "j.o.hill@gmail.com", "johill+x@googlemail.com"),
    ],
)
def test_one_mailbox_is_asked_once_whatever_it_is_called(app: App, emails: tuple[str, ...]) -> None:
    assert ingest(app, [form(email=email) for email in emails], NOW).asked == 1
    for email in emails:
        ingest(app, [form(email=email, traits={"consent": {}})], NOW)
    assert one(app, "SELECT count(*) FROM confirmation") == 1


def test_many_forms_at_once_send_a_mailbox_one_mail(app: App) -> None:
    jobs = [partial(ingest, app, [form(email=f"jo+{n}@buyer.example")], NOW) for n in range(12)]
    assert at_once(jobs) == []
    assert one(app, "SELECT count(*) FROM confirmation") == 1


def test_nothing_stays_of_what_an_erased_lead_was_asked(app: App) -> None:
    ingest(app, [form(email="jo+1@buyer.example")], NOW)
    erase(app, "jo+1@buyer.example", by="ann", now=NOW)
    assert rows(app, "SELECT * FROM confirmation") == []


@pytest.mark.parametrize(
    "wording",
    [
        "Win at https://evil.example now",
        "Go to evil.example",
        "Call +1 900 555 01 00",
        "write@evil.example",
        "a " * 300,
    ],
)
def test_nobody_writes_to_others_in_our_name(app: App, mailbox: Mailbox, wording: str) -> None:
    """What a form says that its sender agrees to comes from whoever sent it."""
    ingest(app, [form(traits={"consent": {"wording": wording}})], NOW)
    assert send_confirmations(app, NOW).sent == 1
    for kind in ("plain", "html"):
        assert wording[:12] not in received(mailbox)[0].get_body((kind,)).get_content()


def test_a_form_without_its_own_consent_asks_a_lead_that_waits_no_second_time(app: App) -> None:
    assert ingest(app, [form()], NOW).asked == 1
    assert ingest(app, [form(at=NOW + 2 * DAY)], NOW + 2 * DAY).asked == 0


@pytest.mark.parametrize("source", ["app", "segment"])
def test_only_the_listed_sources_are_confirmed(app: App, source: str) -> None:
    done = ingest(app, [form(source=source)], NOW)
    assert (done.asked, unconfirmed(app), enrollments(app)) == (0, [False], 1)


def test_whoever_may_be_mailed_is_never_asked(app: App) -> None:
    add_lead(app)
    assert ingest(app, [form(traits={"consent": {"wording": "Yes"}})], NOW).asked == 0
    assert unconfirmed(app) == [False]


def test_a_link_that_is_too_old_confirms_nothing(app: App) -> None:
    ingest(app, [form()], NOW)
    id_ = one(app, "SELECT id FROM confirmation")
    assert confirm(app, id_, address_hash=None, agent=None, now=NOW + 5 * DAY) == "late"
    assert unconfirmed(app) == [True]
    assert confirm(app, id_, address_hash=None, agent=None, now=NOW + 5 * DAY - timedelta(seconds=1)) == "confirmed"


def test_a_mail_whose_answer_was_lost_is_not_sent_again(app: App, mailbox: Mailbox) -> None:
    ingest(app, [form()], NOW)
    with transaction(app.engine) as db:
        confirmations.take(db, uuid4(), NOW)
    assert send_confirmations(app, NOW).sent == 0
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE confirmation SET leased_until = now() - interval '1 second'")
        assert confirmations.expire(db) == 1
    assert send_confirmations(app, NOW + DAY).sent == 0
    assert (one(app, "SELECT state FROM confirmation"), received(mailbox)) == ("unknown", [])


def test_a_server_that_is_away_is_tried_again(clean_db: Engine, db_url: str, tmp_path: Path) -> None:
    app = make_app(clean_db, db_url, tmp_path, book_of(consent=TERMS))
    ingest(app, [form()], NOW)
    assert send_confirmations(app, NOW).failed == 1
    (row,) = rows(app, "SELECT state, tries, next_at, last_error FROM confirmation")
    assert (row.state, row.tries) == ("queued", 1)
    assert row.next_at > NOW
    assert row.last_error
    assert send_confirmations(app, NOW).failed == 0


def test_who_unsubscribed_comes_back_by_a_form_of_its_own_and_who_complained_does_not(app: App) -> None:
    agreed = {"consent": {"wording": "Yes"}}
    lead_id = add_lead(app)
    unsubscribe(app, lead_id=lead_id, delivery_id=None, how="page", now=NOW)
    assert ingest(app, [form()], NOW).asked == 0, "no form, only somebody who was recognised"
    assert ingest(app, [form(traits=agreed)], NOW).asked == 1
    assert confirm(app, one(app, "SELECT id FROM confirmation"), address_hash=None, agent=None, now=NOW) == "confirmed"
    assert (one(app, "SELECT count(*) FROM suppression"), enrollments(app)) == (0, 1)
    suppress(app, lead_id=lead_id, word="complained", how="report", now=NOW)
    assert ingest(app, [form(at=NOW + 2 * DAY, traits=agreed)], NOW + 2 * DAY).asked == 0


def test_an_address_that_bounces_is_not_asked_even_if_it_was_to_be(app: App, mailbox: Mailbox) -> None:
    ingest(app, [form()], NOW)
    suppress(app, lead_id=one(app, "SELECT id FROM lead"), word="bounced", how="report", now=NOW)
    send_confirmations(app, NOW)
    assert received(mailbox) == []
    assert one(app, "SELECT state FROM confirmation") == "failed"


def test_a_ground_that_somebody_notes_confirms_a_lead(app: App) -> None:
    ingest(app, [form()], NOW)
    give_consent(app, "jo@buyer.example", basis="contract", by="ann", source="order 12", now=NOW)
    assert (unconfirmed(app), enrollments(app)) == ([False], 1)


def test_a_link_is_good_for_its_question_alone(app: App) -> None:
    secret = app.settings.secret_key
    token = confirm_token(secret, 300)
    assert read_confirm(secret, token) == 300
    assert read_confirm("another secret that is long enough", token) is None
    assert ask(app, "GET", f"/y/{token}x").status_code == 404
    assert ask(app, "POST", f"/y/{token}").status_code == 404


def test_a_form_of_long_ago_asks_nobody(app: App) -> None:
    ingest(app, [form(at=NOW - 30 * DAY)], NOW)
    assert one(app, "SELECT count(*) FROM confirmation") == 0


def test_a_simulation_mails_nobody_who_would_have_to_confirm_first() -> None:
    events = [form(), form("sure@buyer.example", source="app")]
    lived = list(simulate(book_of(consent=TERMS), (), start=NOW - DAY, end=NOW + 30 * DAY, events=events))
    assert {one.lead: bool(one.deliveries) for one in lived} == {"jo@buyer.example": False, "sure@buyer.example": True}
