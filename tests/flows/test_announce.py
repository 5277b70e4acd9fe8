"""Queueing news: once, in one statement, to each channel and address; and what is no news any more is not sent."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import event, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.announce import News, announce, announce_all
from nurture.flows.erase import erase
from nurture.flows.follow_up import accept
from nurture.flows.ingest import ingest
from nurture.flows.tell import tell
from nurture.store import agenda, notices
from tests.flows.apps import NoChannel, add_lead, one, rows, track
from tests.rules.examples import NOW

REP, BOSS = "sales-manager@acme.example", "boss@acme.example"


def offered(app: App) -> int:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    tell(app, NOW)
    return int(one(app, "SELECT id FROM handoff"))


def say(app: App, kind: str, **more: object) -> None:
    with transaction(app.engine) as db:
        announce(db, app, kind, at=NOW, **more)  # type: ignore[arg-type]


def test_a_mail_to_each_address_and_one_notice_for_every_other_channel(app: App) -> None:
    handoff = offered(app)
    for _ in range(2):
        say(app, "handoff.escalated", about=f"handoff:{handoff}/accept/2", handoff_id=handoff, to=[BOSS, REP, BOSS, ""])
    found = rows(
        app, "SELECT channel, recipient FROM notice WHERE kind = 'handoff.escalated' ORDER BY channel, recipient"
    )
    assert found == [("email", BOSS), ("email", REP), ("webhook", None)]


def test_the_same_kind_of_another_thing_is_other_news(app: App) -> None:
    handoff = offered(app)
    for rung in (1, 2):
        say(app, "handoff.reminded", about=f"handoff:{handoff}/accept/{rung}", handoff_id=handoff, to=[REP])
    assert one(app, "SELECT count(*) FROM notice WHERE kind = 'handoff.reminded' AND channel = 'email'") == 2


def test_only_channels_that_are_asked_for_and_set_up_are_queued(app: App) -> None:
    say(app, "site.opened", about="site:2026-W47", to=[BOSS], data={"a": 1}, channels=["email", "slack"])
    assert rows(app, "SELECT channel, data FROM notice") == [("email", {"a": 1})]
    assert tell(app, NOW).sent == 1
    (told,) = app.channels["email"].told  # type: ignore[attr-defined]
    assert (told.kind, told.data, told.thread) == ("site.opened", {"a": 1}, None)


def test_any_number_of_news_is_one_statement(app: App) -> None:
    app = replace(app, channels={name: NoChannel() for name in ("email", "slack", "webhook")})
    said: list[str] = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    with transaction(app.engine) as db:
        said.clear()
        announce_all(db, app, "digest.sales", [News(f"digest:{n}", (REP, BOSS)) for n in range(50)], at=NOW)
    assert len(said) == 1
    assert one(app, "SELECT count(*) FROM notice") == 200


def test_a_reminder_of_what_was_answered_meanwhile_is_not_sent(app: App) -> None:
    handoff = offered(app)
    say(
        app, "handoff.reminded", about=f"handoff:{handoff}/accept/1", handoff_id=handoff, to=[REP],
        data={"promise": "accept", "due_at": NOW.isoformat()},
    )  # fmt: skip
    accept(app, handoff, by=REP, now=NOW)
    told = tell(app, NOW)
    assert (told.sent, told.cancelled, told.failed) == (1, 1, 0)
    assert rows(app, "SELECT channel, state, last_error FROM notice WHERE kind = 'handoff.reminded' ORDER BY 1") == [
        ("email", "cancelled", "it was answered meanwhile: accepted"),
        ("webhook", "sent", None),
    ]
    assert tell(app, NOW + timedelta(days=1)) == replace(told, sent=0, cancelled=0)


def test_what_follows_names_the_mail_that_it_follows(app: App) -> None:
    handoff = offered(app)
    say(app, "handoff.reminded", about=f"handoff:{handoff}/accept/1", handoff_id=handoff, to=[REP], data={"n": 1})
    tell(app, NOW)
    first, second = app.channels["email"].told  # type: ignore[attr-defined]
    assert (first.thread, second.thread) == (None, first.id)
    assert second.data["news"] == {"n": 1}
    assert second.data["lead"]["email"] == "jo@buyer.example"


def test_what_connectors_sync_is_left_to_them(app: App) -> None:
    lead = add_lead(app)
    with transaction(app.engine) as db:
        row = notices.Queued(f"lead:{lead}", "hubspot", lead_id=lead)
        notices.queue(db, notices.LEAD_CHANGED, [row], at=NOW)
        assert "notices" not in agenda.waiting(db, NOW)
        assert notices.due_channels(db, NOW) == []
    assert tell(app, NOW).failed == 0
    assert one(app, "SELECT state FROM notice") == "queued"


def test_news_of_a_person_goes_with_the_person(app: App) -> None:
    handoff = offered(app)
    lead = one(app, "SELECT lead_id FROM handoff")
    say(app, "handoff.reminded", about=f"handoff:{handoff}/accept/1", handoff_id=handoff, to=[REP])
    say(app, "lead.active", about=f"lead:{lead}/event:1", lead_id=lead, to=[REP], data={"signal": "docs_visit"})
    erase(app, "jo@buyer.example", by="operator", now=NOW)
    assert rows(app, "SELECT id FROM notice") == []


def test_what_the_release_before_writes_while_a_newer_one_upgrades_is_kept_apart(app: App) -> None:
    handoff = offered(app)
    old = text(
        """
        INSERT INTO notice (handoff_id, channel, kind, recipient, at, next_at)
        SELECT :id, 'webhook', 'lead.requalified', NULL, :at, :at FROM generate_series(1, 2)
        ON CONFLICT ON CONSTRAINT notice_once_a_channel DO NOTHING
        """
    )
    with transaction(app.engine) as db:
        db.execute(old, {"id": handoff, "at": NOW})
    assert one(app, "SELECT count(DISTINCT about) FROM notice WHERE channel = 'webhook'") == 3
