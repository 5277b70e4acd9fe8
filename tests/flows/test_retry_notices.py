"""What could not be told is shown with its reason, and told again when somebody asks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound
from nurture.flows.ingest import ingest
from nurture.flows.retry_notices import retry_notices
from nurture.flows.tell import tell
from nurture.notifiers.webhook import WebhookNotifier
from nurture.store import notices
from tests.flows.apps import NoChannel, add_lead, one, rows, track
from tests.notifiers.receiver import Reply, receiver
from tests.notifiers.test_webhook import NEW
from tests.rules.examples import NOW


def offer(app: App, email: str = "jo@buyer.example") -> None:
    add_lead(app, email)
    ingest(app, [track("Demo Requested", email=email)], NOW)


def by_webhook(app: App, url: str) -> App:
    return replace(app, channels={"email": NoChannel(), "webhook": WebhookNotifier(url, [NEW])})


def webhooks(app: App) -> list[tuple[str, str | None]]:
    return [
        tuple(row) for row in rows(app, "SELECT state, last_error FROM notice WHERE channel = 'webhook' ORDER BY id")
    ]


def test_a_receiver_that_is_gone_is_left_alone_until_it_is_elsewhere(app: App) -> None:
    with receiver(Reply(status=410, body=b"moved away")) as gone, receiver() as elsewhere:
        here = by_webhook(app, gone.url)
        offer(here)
        tell(here, NOW)
        offer(here, "al@buyer.example")
        tell(here, NOW + timedelta(hours=1))
        assert len(gone.got) == 1
        first, second = webhooks(app)
        assert first == ("failed", "webhook answered 410: moved away")
        assert second[0] == "failed"
        assert (
            second[1] == "not sent: the receiver is gone since 2026-03-02 12:00 UTC (webhook answered 410: moved away)"
        )
        assert gone.url not in str(webhooks(app))
        there = by_webhook(app, elsewhere.url)
        offer(there, "su@buyer.example")
        tell(there, NOW + timedelta(hours=2))
        assert len(elsewhere.got) == 1
        assert one(app, "SELECT count(*) FROM notice WHERE channel = 'email' AND state = 'sent'") == 3


def test_all_that_failed_is_told_again_when_somebody_asks(app: App) -> None:
    with receiver(Reply(status=410), Reply()) as hook:
        here = by_webhook(app, hook.url)
        offer(here)
        tell(here, NOW)
        assert retry_notices(here, None, now=NOW + timedelta(days=9)) == 1
        assert webhooks(app) == [("queued", None)]
        assert "notices" in app.nudged  # type: ignore[attr-defined]
        assert tell(here, NOW + timedelta(days=9)).sent == 1
        assert retry_notices(here, None, now=NOW) == 0
    assert webhooks(app) == [("sent", None)]


def test_what_waits_for_its_next_try_can_be_told_now(app: App) -> None:
    with receiver(Reply(status=503), Reply()) as hook:
        here = by_webhook(app, hook.url)
        offer(here)
        tell(here, NOW)
        number = one(app, "SELECT id FROM notice WHERE channel = 'webhook'")
        assert tell(here, NOW).sent == 0
        assert retry_notices(here, [number], now=NOW) == 1
        assert tell(here, NOW).sent == 1


def test_what_was_told_is_not_told_again_and_nothing_happens_to_the_others(app: App) -> None:
    offer(app)
    tell(app, NOW)
    offer(app, "al@buyer.example")
    sent, waits = one(app, "SELECT min(id) FROM notice"), one(app, "SELECT max(id) FROM notice")
    with pytest.raises(Conflict, match=f"notice {sent} is sent; only what failed or waits"):
        retry_notices(app, [waits, sent], now=NOW + timedelta(days=1))
    with pytest.raises(NotFound, match="no notice 99999"):
        retry_notices(app, [99_999], now=NOW)
    assert one(app, "SELECT count(*) FROM notice WHERE next_at > :now", now=NOW) == 0


def test_news_is_listed_newest_first_with_whom_it_is_about(app: App) -> None:
    offer(app)
    with transaction(app.engine) as db:
        db.execute(text("UPDATE notice SET state = 'failed', last_error = 'no' WHERE channel = 'webhook'"))
        (row,) = notices.listed(db, state="failed")
        assert (row.kind, row.lead, row.reason) == ("lead.requalified", "jo@buyer.example", "no")
        assert [one.channel for one in notices.listed(db)] == ["webhook", "email"]
        assert len(notices.listed(db, handoff_id=row.handoff)) == 2
        assert notices.listed(db, handoff_id=row.handoff + 1) == []
