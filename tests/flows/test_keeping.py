"""Leases are short: who lives renews them, and what the dead held is had by others."""

import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from nurture.app import App
from nurture.db import HOLDS_SECONDS, hold_briefly, make_engine, transaction
from nurture.flows import keeping
from nurture.flows.send_confirmations import send_confirmations
from nurture.store import confirmations, crm_outbox, deliveries, inbound, leases, notices
from tests.flows.apps import add_lead, make_app, one
from tests.rules.examples import NOW
from tests.rules.lives import book_of


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of())


def test_no_lease_lasts_as_long_as_a_minute() -> None:
    lasting = (deliveries, notices, confirmations, inbound, crm_outbox)
    assert max(module.LEASE_SECONDS for module in lasting) <= 45 >= 3 * keeping.EVERY


def test_who_lives_keeps_a_lease_beyond_its_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.02)
    renewed: list[float] = []

    def renew(db: object) -> None:
        renewed.append(time.monotonic())
        if len(renewed) == 1:
            raise OperationalError("UPDATE", None, Exception("away for a moment"))

    with keeping.kept(app, renew):
        until = time.monotonic() + 30
        while len(renewed) < 3:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_nothing_is_renewed_once_its_holder_has_let_go(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.01)
    begun, ended = threading.Event(), threading.Event()

    def renew(db: object) -> None:
        begun.set()
        time.sleep(0.3)
        ended.set()

    with keeping.kept(app, renew):
        assert begun.wait(30)
    assert ended.is_set()


def test_who_hangs_for_minutes_is_taken_for_dead(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.01)
    monkeypatch.setattr(keeping, "LONGEST", 0.0)
    with keeping.kept(app, lambda _: pytest.fail("renewed")):
        time.sleep(0.1)


def test_a_late_answer_settles_a_question_that_was_given_up(app: App) -> None:
    lead, token = add_lead(app), uuid4()
    with transaction(app.engine) as db:
        question = confirmations.Question(lead, "website", "consent")
        confirmations.ask(db, [question], NOW, expires_at=NOW + timedelta(days=1))
        row = confirmations.take(db, token, NOW)
        assert row is not None
        db.execute(text("UPDATE confirmation SET leased_until = clock_timestamp() - interval '1 second'"))
        assert confirmations.expire(db) == 1
        confirmations.settle(db, row.id, token, state="sent", now=NOW)
    assert one(app, "SELECT state FROM confirmation") == "sent"


def test_a_question_that_cannot_be_written_keeps_no_other_waiting(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(app.engine) as db:
        for email in ("jo@buyer.example", "bo@mill.example"):
            question = confirmations.Question(add_lead(app, email), "website", "consent")
            confirmations.ask(db, [question], NOW, expires_at=NOW + timedelta(days=1))

    def broken(*_: object) -> None:
        raise RuntimeError("poison")

    monkeypatch.setattr("nurture.flows.send_confirmations._mail", broken)
    assert send_confirmations(app, NOW).failed == 2
    assert one(app, "SELECT string_agg(DISTINCT state || last_error, ' ') FROM confirmation") == "queuedRuntimeError"


def test_a_transaction_that_stands_still_is_ended_by_the_server(db_url: str) -> None:
    engine = make_engine(db_url, pool_size=1)
    hold_briefly(engine)
    with transaction(engine) as db:
        assert db.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == f"{HOLDS_SECONDS}s"
        assert leases.take(db, "a test of time", "me", 1)
    engine.dispose()


def test_a_pooler_is_told_nothing_that_others_would_inherit(clean_db: Engine) -> None:
    url = clean_db.url.update_query_dict({"prepare_threshold": "none"}).render_as_string(hide_password=False)
    engine = make_engine(url, pool_size=1)
    hold_briefly(engine)
    with transaction(engine) as db:
        assert db.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "0"
    engine.dispose()
