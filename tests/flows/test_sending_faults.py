"""What nobody expects while mails are on their way: none is lost to it that has not left, and the others go."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.errors import TemplateError
from nurture.flows import sending
from nurture.flows.deliver import Delivered, deliver
from nurture.local.mailbox import Mailbox
from nurture.mailers.smtp.connection import SmtpConnection
from nurture.messages import Mail, Receipt
from nurture.store import deliveries
from nurture.store.line import Line
from tests.flows.apps import make_app, one, rows
from tests.flows.due_mails import queue, saying
from tests.rules.examples import NOW
from tests.rules.lives import book_of

MAILS = 12


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    url = f"{mailbox.addresses.smtp}?connections=2"
    return saying(make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=url))


def send(app: App) -> Delivered:
    return deliver(app, lambda: NOW, seconds=20)


def states(app: App) -> dict[str, int]:
    return dict(rows(app, "SELECT state, count(*) FROM delivery GROUP BY 1"))  # type: ignore[arg-type]


def expire_all(app: App) -> None:
    """What a dead worker's leases come to."""
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET leased_until = clock_timestamp() - interval '1 s' "
                           "WHERE leased_until IS NOT NULL")  # fmt: skip
        deliveries.expire(db)


def test_only_what_a_rule_held_back_counts_as_cancelled(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """One lead is with sales, another has a new address by now: the second goes later."""
    sold, moved, *_ = queue(app, MAILS)
    step = deliveries.record_and_move
    changed: list[bool] = []

    async def change_then_move(line: Line, **more: Any) -> set[int]:
        if not changed:
            changed.append(True)
            with transaction(app.engine) as db:
                db.exec_driver_sql("UPDATE lead SET stage = 'sal' WHERE id = %s", (sold,))
                db.exec_driver_sql("UPDATE lead SET email = 'new@buyer.example' WHERE id = %s", (moved,))
        return await step(line, **more)

    monkeypatch.setattr(deliveries, "record_and_move", change_then_move)
    done = send(app)
    assert (done.cancelled, done.sent) == (1, MAILS - 2)
    assert states(app) == {"cancelled": 1, "queued": 1, "sent": MAILS - 2}
    assert app.meters.counts()["mails", "default", "cancelled"] == 1
    assert send(app).sent == 1


def test_a_connection_that_fails_as_nobody_expects_holds_up_no_other_mail(
    app: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its own mail nobody knows; all others are sent, those of the step that was under way too."""
    queue(app, MAILS)
    send_many = SmtpConnection.send_many
    failed: list[int] = []

    async def fail_once(connection: SmtpConnection, mails: Sequence[Mail]) -> Sequence[Receipt]:
        if not failed:
            failed.append(mails[0].delivery_id)
            raise ZeroDivisionError
        return await send_many(connection, mails)

    monkeypatch.setattr(SmtpConnection, "send_many", fail_once)
    done = send(app)
    assert (done.sent, done.unknown) == (MAILS - 1, 1)
    assert states(app) == {"unknown": 1, "sent": MAILS - 1}
    assert rows(app, "SELECT id, reason FROM delivery WHERE state = 'unknown'") == [
        (failed[0], "this mail met an error of ours (ZeroDivisionError)")
    ]
    assert len(mailbox.files.names()) == MAILS - 1


def test_a_connection_that_cannot_even_be_looked_at_is_done_without(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(app, MAILS)
    ready = SmtpConnection.ready
    asked: list[SmtpConnection] = []

    async def fail_once(connection: SmtpConnection) -> bool:
        asked.append(connection)
        if len(asked) == 1:
            raise ZeroDivisionError
        return await ready(connection)

    monkeypatch.setattr(SmtpConnection, "ready", fail_once)
    assert send(app).sent == MAILS
    assert states(app) == {"sent": MAILS}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_statement_that_fails_leaves_no_mail_unknown_and_forgets_no_answer(
    app: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """What it was to move goes back, whether it was moved or not; what is with the server is waited for."""
    queue(app, MAILS)
    step = deliveries.record_and_move
    steps: list[bool] = []

    async def fail_once(line: Line, **more: Any) -> set[int]:
        steps.append(True)
        if len(steps) != 3:
            return await step(line, **more)
        if when == "after":
            await step(line, **more)
        raise ZeroDivisionError

    monkeypatch.setattr(deliveries, "record_and_move", fail_once)
    with pytest.raises(ZeroDivisionError):
        send(app)
    gone = len(mailbox.files.names())
    assert 0 < gone < MAILS
    expire_all(app)
    assert states(app) == {"sent": gone, "queued": MAILS - gone}
    assert one(app, "SELECT max(tries) FROM delivery WHERE state = 'queued'") == 0
    assert send(app).sent == MAILS - gone
    assert len(mailbox.files.names()) == MAILS


def test_where_held_mails_cannot_be_cancelled_those_moved_beside_them_are_not_lost(
    app: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = queue(app, MAILS)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead SET stage = 'sal' WHERE id = ANY(%s)", (ids[::2],))

    async def fail(*_: object, **_more: object) -> int:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "cancel_held", fail)
        with pytest.raises(ZeroDivisionError):
            send(app)
    expire_all(app)
    gone = len(mailbox.files.names())
    assert states(app) == {"queued": MAILS - gone} | ({"sent": gone} if gone else {})
    assert one(app, "SELECT count(*) FROM delivery WHERE state = 'queued' AND tries > 0") == 0
    done = send(app)
    assert (done.sent, done.cancelled) == (MAILS // 2 - gone, MAILS // 2)


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE mailer SET paused_at = clock_timestamp()",
        "UPDATE mailer SET state = 'resting', until = clock_timestamp() + interval '1 h'",
    ],
)
def test_a_pause_is_heard_amid_a_batch_and_what_is_not_begun_goes_back(
    app: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """So is a rest that another worker's mails have brought about."""
    queue(app, 150)
    monkeypatch.setattr(sending, "GLANCE", 0.01)
    send_many, held = SmtpConnection.send_many, threading.Event()

    async def pause_at_first(connection: SmtpConnection, mails: Sequence[Mail]) -> Sequence[Receipt]:
        if not held.is_set():
            held.set()
            with transaction(app.engine) as db:
                db.exec_driver_sql("INSERT INTO mailer (name) VALUES ('default')")
                db.exec_driver_sql(how)
        else:
            await asyncio.sleep(0.05)
        return await send_many(connection, mails)

    monkeypatch.setattr(SmtpConnection, "send_many", pause_at_first)
    done = send(app)
    assert 0 < done.sent < 150
    assert states(app) == {"sent": done.sent, "queued": 150 - done.sent}
    assert len(mailbox.files.names()) == done.sent
    assert send(app).sent == 0


@pytest.mark.parametrize("words", ["a\x00b", "a\nb", "a\u2028b", "a\ud800b"])
def test_what_a_template_says_in_its_error_is_kept_in_one_line(
    app: App, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    ids = queue(app, MAILS)
    render = type(app.letters).mail

    def fail_for_one(letters: Any, row: Any, now: Any) -> Mail:
        if row.lead_id == ids[0]:
            raise TemplateError("t/one.html", 6, words)
        return render(letters, row, now)

    monkeypatch.setattr(type(app.letters), "mail", fail_for_one)
    done = send(app)
    assert (done.sent, done.put_off) == (MAILS - 1, 1)
    assert one(app, "SELECT reason FROM delivery WHERE state = 'failed'") == "template: t/one.html:6: a b"
    assert one(app, "SELECT due_at FROM enrollment WHERE due_at IS NOT NULL") > NOW, "it is planned again"
