"""On what ground a lead is mailed: on record, asked for before it is taken and before each mail; tracking apart."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.flows.consent import give_consent, set_tracking, withdraw_consent
from nurture.flows.hit import record_hit
from nurture.flows.import_leads import import_leads
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.local.mailbox import Mailbox
from nurture.reports.found import lead_with
from nurture.rules.permission import missing
from nurture.rules.why import why
from nurture.sheets.people import Ground, Person
from nurture.workspace import TemplateFile
from tests.flows.apps import add_lead, incoming, make_app, one, page, rows, track
from tests.flows.test_deliver import HTML, due, received, send, states
from tests.rules.examples import NOW
from tests.rules.lives import book_of

EMAIL = "jo@buyer.example"
DAY = timedelta(days=1)
TERMS = {"required": True, "accepts": ["consent", "existing_customer"], "lapses": {"existing_customer": "2 years"}}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


def posting(engine: Engine, db_url: str, root: Path, mailbox: Mailbox, **terms: Any) -> App:
    made = make_app(engine, db_url, root, book_of(consent=terms), MAIL_URL=mailbox.addresses.smtp)
    templates = {
        name: TemplateFile(name, Path(f"templates/{name}.html"), "html", HTML) for name in ("t/one", "t/two", "t/three")
    }
    return replace(made, workspace=replace(made.workspace, templates=templates))


def live(app: App) -> int:
    return one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'")


def said(app: App) -> str:
    with transaction(app.engine) as db:
        _, state = lead_with(db, app.book, EMAIL, NOW)
    return why(app.book, state, NOW).rules[0].because


def test_without_a_ground_nobody_is_taken_and_with_one_they_are(app_with: Callable[..., App]) -> None:
    app = app_with(consent=TERMS)
    add_lead(app)
    assert live(app) == 0
    assert "no ground for mail is on record" in said(app)
    give_consent(app, EMAIL, basis="legitimate_interest", by="ann", now=NOW)
    assert live(app) == 0
    assert "the agreement accepts consent, existing_customer" in said(app)
    give_consent(app, EMAIL, basis="existing_customer", by="ann", at=NOW - 731 * DAY, now=NOW)
    assert live(app) == 0, "what was said later holds"
    give_consent(app, EMAIL, basis="consent", by="ann", source="fair", now=NOW + DAY)
    assert live(app) == 1
    assert "it agreed to mail" in said(app)


@pytest.mark.parametrize(("country", "taken"), [("US", 1), ("de", 0), (None, 0), ("", 0)])
def test_it_is_asked_for_only_where_the_agreement_says_so(
    app_with: Callable[..., App], country: str | None, taken: int
) -> None:
    app = app_with(consent={"required": True, "countries": ["DE", "AT"]})
    add_lead(app, country=country)
    assert live(app) == taken


def test_a_ground_lapses_and_the_lead_leaves(app_with: Callable[..., App]) -> None:
    app = app_with(consent={**TERMS, "lapses": {"existing_customer": "3 days"}})
    people = [Person(EMAIL, {"country": "US"}, ground=Ground("existing_customer", NOW - DAY))]
    import_leads(app, people, NOW)
    assert live(app) == 1
    due_at = one(app, "SELECT due_at FROM enrollment")
    assert due_at < NOW + 8 * DAY
    later = max(due_at, NOW + 2 * DAY)
    advance(app, later)
    assert rows(app, "SELECT status, left_as FROM enrollment") == [("ended", "no_consent")]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE lead SET consent_basis = NULL, consent_at = NULL", "no consent"),
        ("UPDATE lead SET consent_basis = 'inquiry'", "no consent"),
        ("UPDATE lead SET consent_basis = 'existing_customer', consent_at = now() - interval '9 years'", "no consent"),
        ("UPDATE lead SET unconfirmed_at = now()", "unconfirmed"),
    ],
)
def test_the_gate_asks_once_more_and_the_lead_is_decided_again(
    clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox, change: str, rule: str
) -> None:
    app = posting(clean_db, db_url, tmp_path, mailbox, **TERMS)
    import_leads(app, [Person(EMAIL, {"country": "US"}, ground=Ground("consent"))], NOW)
    now = _queued(app)
    with transaction(app.engine) as db:
        db.exec_driver_sql(change)
    assert send(app, now).cancelled == 1
    assert (states(app), received(mailbox)) == ([("cancelled", rule)], [])
    advance(app, now)
    assert rows(app, "SELECT left_as FROM enrollment") == [("no_consent",)]


@pytest.mark.parametrize(
    ("change", "goes"),
    [
        ("UPDATE lead SET country = 'US', consent_basis = NULL, consent_at = NULL", 1),
        ("UPDATE lead SET country = ' de', consent_basis = NULL, consent_at = NULL", 0),
        ("UPDATE lead SET country = ' ', consent_basis = NULL, consent_at = NULL", 0),
        ("UPDATE lead SET country = 'DE'", 1),
    ],
)
def test_the_gate_and_the_rules_read_countries_alike(
    clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox, change: str, goes: int
) -> None:
    app = posting(clean_db, db_url, tmp_path, mailbox, required=True, countries=["DE"])
    import_leads(app, [Person(EMAIL, {"country": "DE"}, ground=Ground("consent"))], NOW)
    now = _queued(app)
    with transaction(app.engine) as db:
        db.exec_driver_sql(change)
        _, state = lead_with(db, app.book, EMAIL, now)
    assert (missing(app.book, state, now) is None) == bool(goes)
    assert send(app, now).sent == goes


def _queued(app: App) -> Any:
    late = one(app, "SELECT min(due_until) FROM enrollment") - timedelta(minutes=1)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE enrollment SET due_at = %s", (late,))
    advance(app, late)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET slot_at = %s", (late,))
    return late


def test_the_record_is_added_to_and_the_same_again_is_no_news(app: App) -> None:
    add_lead(app)
    people = [Person(EMAIL, ground=Ground("consent", NOW - 9 * DAY, "fair", "I agree."))]
    for _ in range(2):
        import_leads(app, people, NOW)
    people = [Person(EMAIL, ground=Ground("contract"))]
    for days in range(3):
        import_leads(app, people, NOW + days * DAY)
    found = rows(app, "SELECT basis, at, source, wording, by FROM consent ORDER BY id")
    assert [tuple(row) for row in found] == [
        ("consent", NOW - 9 * DAY, "fair", "I agree.", "import"),
        ("contract", NOW, "import", None, "import"),
    ]
    assert rows(app, "SELECT consent_basis, consent_at FROM lead") == [("contract", NOW)]


def test_what_is_taken_back_unsubscribes(app: App) -> None:
    add_lead(app)
    give_consent(app, EMAIL, basis="consent", by="ann", now=NOW)
    withdraw_consent(app, EMAIL, by="ann", why="by phone", now=NOW + DAY)
    assert rows(app, "SELECT given, basis FROM consent ORDER BY id") == [(True, "consent"), (False, None)]
    assert rows(app, "SELECT consent_basis, consent_at FROM lead") == [(None, None)]
    assert rows(app, "SELECT reason, how FROM suppression") == [("unsubscribed", "consent withdrawn: by phone")]
    assert live(app) == 0


def test_a_form_says_what_its_sender_agreed_to(app: App) -> None:
    agreed = {"basis": "consent", "wording": "I agree.", "source": "footer form"}
    event = incoming("identify", NOW, email=EMAIL, traits={"email": EMAIL, "consent": agreed})
    ingest(app, [event, incoming("identify", NOW, email="x@buyer.example", traits={"consent": {"basis": "hope"}})], NOW)
    (row,) = rows(app, "SELECT basis, wording, source, at, by FROM consent")
    assert tuple(row) == ("consent", "I agree.", "footer form", NOW, "an event of test")
    assert rows(app, "SELECT attributes FROM lead WHERE email = :email", email=EMAIL) == [({},)]
    ingest(app, [event], NOW)
    assert one(app, "SELECT count(*) FROM consent") == 1


def test_a_lead_that_is_not_observed_leaves_nothing_but_what_it_does_knowingly(app: App) -> None:
    lead_id = add_lead(app)
    ingest(app, [page("/before", anonymous_id="b", email=EMAIL)], NOW)
    assert set_tracking(app, lead_id, False, how="page", now=NOW)
    assert set_tracking(app, lead_id, False, how="page", now=NOW)
    assert one(app, "SELECT count(*) FROM consent") == 1
    ingest(app, [page("/seen", email=EMAIL), page("/by-browser", anonymous_id="b"), track("Asked", email=EMAIL)], NOW)
    assert [row.path or row.name for row in rows(app, "SELECT path, name FROM event ORDER BY id")] == [
        "/before",
        "Asked",
    ]
    set_tracking(app, lead_id, True, how="page", now=NOW + DAY)
    ingest(app, [page("/again", NOW + DAY, email=EMAIL)], NOW + DAY)
    assert one(app, "SELECT count(*) FROM event WHERE path = '/again'") == 1
    assert not set_tracking(app, 10**9, False, how="page", now=NOW)


def test_what_a_browser_saw_before_is_dropped_when_its_owner_is_not_to_be_observed(app: App) -> None:
    lead_id = add_lead(app)
    set_tracking(app, lead_id, False, how="page", now=NOW)
    ingest(app, [page("/pricing", anonymous_id="b"), track("Started", anonymous_id="b")], NOW)
    ingest(app, [track("Asked", anonymous_id="b", email=EMAIL)], NOW)
    assert sorted(row.kind for row in rows(app, "SELECT kind FROM event")) == ["track", "track"]


def test_hits_on_mails_of_before_are_not_kept(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> None:
    app = posting(clean_db, db_url, tmp_path, mailbox)
    now = due(app)
    assert send(app, now).sent == 1
    hit = {"link": 1, "url": "https://acme.example", "method": "GET", "agent": "Mozilla", "address": None}
    hit |= {"prefetch": False, "delivery_id": one(app, "SELECT id FROM delivery"), "now": now}
    assert record_hit(app, kind="click", **hit) is not None
    set_tracking(app, one(app, "SELECT id FROM lead"), False, how="page", now=now)
    assert record_hit(app, kind="click", **hit) is None
    assert one(app, "SELECT count(*) FROM event") == 1


def test_a_file_can_say_that_somebody_is_not_observed_but_not_that_they_are(app: App) -> None:
    import_leads(app, [Person(EMAIL, tracking=False)], NOW)
    import_leads(app, [Person(EMAIL, tracking=True)], NOW)
    assert rows(app, "SELECT tracked FROM lead") == [(False,)]


def test_a_merged_lead_has_the_record_of_both(app: App) -> None:
    first, second = add_lead(app), add_lead(app, "other@buyer.example")
    give_consent(app, "other@buyer.example", basis="consent", by="ann", now=NOW)
    set_tracking(app, second, False, how="page", now=NOW)
    merge_leads(app, EMAIL, "other@buyer.example", by="ann", now=NOW)
    assert rows(app, "SELECT id, consent_basis, tracked FROM lead") == [(first, "consent", False)]


@pytest.mark.parametrize("on", [False, True])
def test_leads_that_the_same_batch_makes_one_are_observed_as_their_record_says_last(app: App, on: bool) -> None:
    first, second = add_lead(app), add_lead(app, "other@buyer.example")
    set_tracking(app, second, False, how="page", now=NOW)
    if on:
        set_tracking(app, first, False, how="page", now=NOW)
        set_tracking(app, second, True, how="page", now=NOW + DAY)
    now = NOW + 3 * DAY
    alias = incoming("alias", now, user_id=EMAIL, email=EMAIL, properties={"previousId": "other@buyer.example"})
    ingest(app, [alias, page("/pricing", now, email=EMAIL)], now)
    assert rows(app, "SELECT id, tracked FROM lead") == [(first, on)]
    assert one(app, "SELECT count(*) FROM event WHERE kind = 'page'") == int(on)
