"""Mails leave by real SMTP: once each, through the gate, with every answer recorded."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.flows.deliver import Delivered, deliver
from nurture.flows.suppress import suppress
from nurture.local.mailbox import Mailbox
from nurture.store import deliveries
from nurture.store.deliveries import Answer, Gate, record_and_move
from nurture.store.line import Line
from nurture.workspace import TemplateFile
from tests.flows.apps import add_lead, make_app, one, rows
from tests.rules.lives import book_of, campaign_of

HTML = """---
subject: "Hello {{ lead.first_name | default('there') }}"
preheader: "A short one."
---
<html lang="en"><body><p>Dear {{ lead.first_name | default('reader') }},</p>
<p><a href="https://acme.example/{{ step.id }}">Read on</a></p></body></html>
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    made = make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=mailbox.addresses.smtp)
    names = ("t/one", "t/two", "t/three")
    templates = {name: TemplateFile(name, Path(f"templates/{name}.html"), "html", HTML) for name in names}
    return replace(made, workspace=replace(made.workspace, templates=templates))


def due(app: App, *emails: str, **profile: object) -> datetime:
    """These leads with their first mail queued; gives an instant at which all those slots have come."""
    for email in emails or ("jo@buyer.example",):
        add_lead(app, email, **profile)
    late: datetime = one(app, "SELECT min(due_until) FROM enrollment") - timedelta(minutes=1)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE enrollment SET due_at = %s", (late,))
    advance(app, late)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET slot_at = %s", (late,))
    return late


def send(app: App, now: datetime) -> Delivered:
    return deliver(app, lambda: now, seconds=20)


def received(mailbox: Mailbox) -> list[tuple[str, EmailMessage]]:
    mails = [mailbox.files.read(name) for name in mailbox.files.names()]
    return [(mail.recipient, mail.message()) for mail in mails]


def states(app: App) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in rows(app, "SELECT state, reason FROM delivery ORDER BY id")]


def test_a_mail_whose_slot_has_come_is_sent_and_recorded(app: App, mailbox: Mailbox) -> None:
    now = due(app, first_name="Jo")
    done = send(app, now)
    assert (done.sent, done.failed, done.more) == (1, 0, False)
    (row,) = rows(app, "SELECT state, sent_at, message_id, tries, lease_token, leased_until FROM delivery")
    assert row == ("sent", now, row.message_id, 1, None, None)
    ((recipient, message),) = received(mailbox)
    assert recipient == "jo@buyer.example"
    assert message["Subject"] == "Hello Jo"
    assert message["Message-ID"] == row.message_id
    assert "https://nurture.example/u/" in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_nothing_goes_before_its_slot(app: App, mailbox: Mailbox) -> None:
    now = due(app)
    assert send(app, now - timedelta(seconds=1)).sent == 0
    assert received(mailbox) == []


def test_nothing_goes_after_its_window_and_the_lead_is_decided_again(app: App, mailbox: Mailbox) -> None:
    now = due(app)
    later = one(app, "SELECT slot_until FROM delivery")
    assert send(app, later).cancelled == 1
    assert states(app) == [("cancelled", "window over")]
    assert received(mailbox) == []
    assert one(app, "SELECT due_at FROM enrollment") == later
    advance(app, later)
    again = one(app, "SELECT due_at FROM enrollment")
    assert again.date() > now.date()


def test_many_mails_over_kept_connections_each_once(app: App, mailbox: Mailbox) -> None:
    emails = [f"lead{number}@buyer.example" for number in range(120)]
    now = due(app, *emails)
    expected = one(app, "SELECT count(*) FROM delivery")
    assert expected > 20
    done: list[Delivered] = []
    threads = [threading.Thread(target=lambda: done.append(send(app, now))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one_run.sent for one_run in done) == expected
    recipients = [recipient for recipient, _ in received(mailbox)]
    assert len(recipients) == len(set(recipients)) == expected


@pytest.mark.parametrize("word", ["unsubscribed", "bounced", "complained"])
def test_a_suppression_in_the_last_moment_holds(app: App, mailbox: Mailbox, word: str) -> None:
    """Even where the delivery itself was not cancelled: the gate asks again, in the statement that lets it go."""
    now = due(app)
    suppress(app, lead_id=one(app, "SELECT id FROM lead"), word=word, how="test", now=now)  # type: ignore[arg-type]
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'queued'")
        db.exec_driver_sql("UPDATE enrollment SET status = 'active'")
    send(app, now)
    assert states(app) == [("cancelled", "suppressed")]
    assert received(mailbox) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE lead SET stage = 'sal'", "with sales"),
        ("UPDATE lead SET stage = 'disqualified'", "disqualified"),
        ("UPDATE enrollment SET status = 'ended'", "left the campaign"),
        ("UPDATE lead SET mail_from = '2030-01-01Z'", "waits"),
    ],
)
def test_the_gate_asks_again_at_the_moment_of_sending(app: App, mailbox: Mailbox, change: str, rule: str) -> None:
    now = due(app)
    with transaction(app.engine) as db:
        db.exec_driver_sql(change)
    assert send(app, now).cancelled == 1
    assert states(app) == [("cancelled", rule)]
    assert received(mailbox) == []


def test_a_left_topic_holds_too(app: App, mailbox: Mailbox) -> None:
    product = campaign_of(topic="product")
    app = replace(app, workspace=replace(app.workspace, campaigns={"not-ready": product}))
    now = due(app)
    with transaction(app.engine) as db:
        db.exec_driver_sql(
            "INSERT INTO suppression (address_hash, topic, reason, at) "
            "VALUES (sha256('jo@buyer.example'), 'product', 'topic_left', now())"
        )
    send(app, now)
    assert states(app) == [("cancelled", "suppressed")]


def test_a_limit_that_was_lowered_meanwhile_holds(app: App, mailbox: Mailbox) -> None:
    now = due(app)
    with transaction(app.engine) as db:
        db.exec_driver_sql(
            "INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, "
            "slot_until, local_on, zone, queued_at, sent_at) "
            "SELECT lead_id, enrollment_id, 'x', 's' || n, 1, 't', 'sent', slot_at, slot_until, local_on - n, zone, "
            "queued_at, slot_at FROM delivery, generate_series(1, 2) AS n"
        )
    agreement = app.agreement.model_copy(update={"limits": app.agreement.limits.model_copy(update={"per_7_days": 2})})
    app = replace(app, workspace=replace(app.workspace, agreement=agreement))
    send(app, now)
    assert one(app, "SELECT reason FROM delivery WHERE step = 'one'") == "limit"
    assert received(mailbox) == []


def test_a_dead_address_is_suppressed_and_the_enrollment_ends_as_bounced(app: App) -> None:
    now = due(app, "jo+refuse@buyer.example")
    assert send(app, now).failed == 1
    assert states(app)[0][0] == "failed"
    assert "550" in (states(app)[0][1] or "")
    assert one(app, "SELECT reason FROM suppression") == "bounced"
    assert one(app, "SELECT left_as FROM enrollment") == "bounced"


def test_a_mail_put_off_comes_again_at_the_next_slot_the_same_row(app: App, mailbox: Mailbox) -> None:
    now = due(app, "jo+later@buyer.example")
    assert send(app, now).put_off == 1
    (row,) = rows(app, "SELECT id, state, for_good, reason FROM delivery")
    assert (row.state, row.for_good) == ("failed", False)
    again_at = one(app, "SELECT due_at FROM enrollment")
    assert again_at.date() > now.date()
    advance(app, again_at)
    (again,) = rows(app, "SELECT id, state, step, local_on FROM delivery")
    assert (again.id, again.state, again.step) == (row.id, "queued", "one")
    assert again.local_on > now.date()


def test_a_mail_put_off_again_and_again_is_given_up_for_this_cycle(app: App) -> None:
    now = due(app, "jo+later@buyer.example")
    for _ in range(5):
        send(app, now)
        now = one(app, "SELECT due_at FROM enrollment")
        advance(app, now)
    assert rows(app, "SELECT state, for_good, tries FROM delivery WHERE step = 'one'") == [("failed", True, 5)]
    assert one(app, "SELECT state FROM delivery WHERE step = 'two'") == "queued"


def test_a_mail_that_cannot_be_rendered_is_put_off_with_its_line_and_the_others_go(app: App, mailbox: Mailbox) -> None:
    broken = HTML.replace("default('reader')", "upper")
    files = {"t/one": replace(app.workspace.templates["t/one"], text=broken)}
    app = replace(app, workspace=replace(app.workspace, templates=app.workspace.templates | files))
    now = due(app, "nameless@buyer.example")
    add_lead(app, "named@buyer.example", first_name="Jo")
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE enrollment SET due_at = %s WHERE due_at > %s", (now, now))
    advance(app, now)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET slot_at = %s", (now,))
    send(app, now)
    by_lead = dict(rows(app, "SELECT l.email, d.state FROM delivery d JOIN lead l ON l.id = d.lead_id"))  # type: ignore[arg-type]
    assert by_lead["nameless@buyer.example"] == "failed"
    assert "t/one.html:5" in one(app, "SELECT reason FROM delivery WHERE state = 'failed'")
    assert [recipient for recipient, _ in received(mailbox)] == (
        ["named@buyer.example"] if by_lead.get("named@buyer.example") == "sent" else []
    )


def test_with_the_mail_server_away_nothing_is_lost_and_nothing_is_begun(app: App, mailbox: Mailbox) -> None:
    now = due(app)
    settings = replace(app.settings, mail_url="smtp://127.0.0.1:1")
    done = send(replace(app, settings=settings), now)
    assert (done.sent, done.put_off, done.unknown) == (0, 0, 0)
    assert states(app) == [("queued", None)]
    assert send(app, now).sent == 1


def test_a_late_answer_settles_what_was_unknown(app: App) -> None:
    due(app)
    token = uuid4()
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'unknown', lease_token = %s", (token,))
    delivery_id, now = one(app, "SELECT id FROM delivery"), one(app, "SELECT slot_at FROM delivery")
    line = Line(app.engine)
    asyncio.run(
        record_and_move(
            line, token=token, answers=[Answer(delivery_id, "sent")], following=[], gate=Gate(7, 30, "{}"), now=now
        )
    )
    line.close()
    assert states(app) == [("sent", None)]


def test_a_mail_that_was_written_to_an_address_of_before_is_written_anew(
    app: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address changes while a worker holds the mail: the gate has asked for the new one, the mail goes to it."""
    now = due(app, first_name="Jo")
    step, changed = deliveries.record_and_move, []

    def change_then_move(*args: object, **more: object) -> object:
        if not changed:
            changed.append(True)
            with transaction(app.engine) as db:
                db.exec_driver_sql("UPDATE lead SET email = 'jo@elsewhere.example'")
        return step(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(deliveries, "record_and_move", change_then_move)
    assert send(app, now).sent == 0
    assert states(app) == [("queued", None)]
    assert send(app, now).sent == 1
    ((recipient, message),) = received(mailbox)
    assert (recipient, message["To"]) == ("jo@elsewhere.example", "Jo <jo@elsewhere.example>")
