"""Whether sales is told."""

from dataclasses import replace

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.doctor.channels import notices
from nurture.notifiers.webhook import address_hash
from nurture.store import closed_channels
from nurture.store.notices import Queued, queue
from tests.doctor.cases import case_of, only
from tests.flows.apps import NOW

GONE, ELSEWHERE = "https://crm.acme.example/hook", "https://new.acme.example/hook"


def test_nothing_failed(app: App):
    assert only(notices, case_of(app)).level == "ok"


def test_a_receiver_that_is_gone_is_a_problem_until_the_url_changes(app: App):
    with transaction(app.engine) as db:
        closed_channels.close(db, "webhook", address_hash(GONE), at=NOW, words="webhook answered 410")
    case = case_of(app)
    found = only(notices, replace(case, settings=replace(case.settings, handoff_webhook_url=GONE)))
    assert found.level == "problem"
    assert "answered 410 on 2026-03-02 12:00 UTC" in found.found
    assert GONE not in str(found)
    moved = replace(case, settings=replace(case.settings, handoff_webhook_url=ELSEWHERE))
    assert only(notices, moved).level == "ok"


def test_news_that_nobody_took_is_a_warning(app: App):
    with transaction(app.engine) as db:
        queue(
            db, "digest.sales", [Queued("digest:1", "email", "ann@acme.example"), Queued("digest:1", "slack")], at=NOW
        )
        db.execute(text("UPDATE notice SET state = 'failed'"))
    found = only(notices, case_of(app))
    assert (found.level, found.found) == ("warning", "sales was not told in the last 7 days: 1 by email, 1 by slack")
