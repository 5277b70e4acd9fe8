"""The receivers of a chaos misbehave as they are told, and no mail is lost or doubled by it.

Whatever they do, what they took stands in a mailbox of their own, which is held against our rows.
"""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from chaos.receivers.manners import Does, Manners, Rule
from chaos.receivers.reports import SIGNED, USER, _postmark, _resend
from chaos.receivers.start import Receiver, receiving
from nurture.app import App
from nurture.db import transaction
from nurture.flows.deliver import deliver
from nurture.flows.take_reports import take_reports
from nurture.mailers.postmark import events as postmark
from nurture.mailers.resend import events as resend
from tests.flows.apps import make_app, rows
from tests.flows.due_mails import queue, saying
from tests.rules.examples import NOW
from tests.rules.lives import book_of

MAILS = 12


@pytest.fixture(scope="module")
def smtp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving("smtp", tmp_path_factory.mktemp("smtp")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def esp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving("esp", tmp_path_factory.mktemp("esp")) as receiver:
        yield receiver


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    return saying(make_app(clean_db, db_url, tmp_path, book_of()))


def send_through(app: App, receiver: Receiver, url: str, manners: Manners) -> dict[str, int]:
    """Have some mails sent while it behaves so; gives the states of their rows, once the two accounts agree."""
    before = len(receiver.mails())
    queue(app, MAILS)
    receiver.behave(manners)
    deliver(replace(app, settings=replace(app.settings, mail_url=url)), lambda: NOW, seconds=20)
    receiver.behave()
    kept = Counter(mail.message_id for mail in receiver.mails()[before:])
    assert set(kept.values()) <= {1}, "a mail went out twice"
    found = rows(app, "SELECT message_id, state FROM delivery")
    sent = {row.message_id for row in found if row.state == "sent"}
    unknown = {row.message_id for row in found if row.state == "unknown"}
    assert sent <= kept.keys(), "a mail counts as sent that nobody has"
    assert kept.keys() <= sent | unknown, "a mail was taken that may be sent again"
    return dict(Counter(row.state for row in found))


def wait_until_refused(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
    raise AssertionError("it listens still")


def by_smtp(app: App, smtp: Receiver, *rules: Rule, pipelining: bool = True) -> dict[str, int]:
    return send_through(app, smtp, smtp.mail_url(connections=3), Manners(rules=rules, pipelining=pipelining))


def by(scheme: str, app: App, esp: Receiver, *rules: Rule) -> dict[str, int]:
    return send_through(app, esp, esp.mail_url(scheme, batch=4), Manners(rules=rules))


@pytest.mark.parametrize(("does", "pipelining"), [("close", True), ("reset", False)], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("at", ["connect", "mail", "rcpt", "data"])
def test_a_server_that_leaves_before_the_mail_leaves_nothing_unknown(
    app: App, smtp: Receiver, at: str, does: Does, pipelining: bool
) -> None:
    states = by_smtp(app, smtp, Rule(at, does, most=2), pipelining=pipelining)
    assert "unknown" not in states
    assert states["sent"] >= MAILS - 2


@pytest.mark.parametrize(("at", "does"), [("body", "close"), ("dot", "reset"), ("kept", "close"), ("kept", "reset")])
def test_a_server_that_leaves_amid_the_mail_leaves_just_that_one_open(
    app: App, smtp: Receiver, at: str, does: Does
) -> None:
    states = by_smtp(app, smtp, Rule(at, does, most=2))
    assert states["sent"] == MAILS - 2
    assert states.get("unknown", 0) + states.get("failed", 0) == 2
    assert at == "body" or states["unknown"] == 2


def test_a_server_that_leaves_after_its_answer_leaves_nothing_open(app: App, smtp: Receiver) -> None:
    assert by_smtp(app, smtp, Rule("answered", "reset", share=0.5)) == {"sent": MAILS}


@pytest.mark.parametrize(
    ("at", "reply", "state"),
    [
        ("connect", "421 4.3.2 not now", "sent"),
        ("mail", "451 4.7.1 not now", "sent"),
        ("mail", "421 4.7.0 too many", "sent"),
        ("rcpt", "450 4.2.0 greylisted", "failed"),
        ("rcpt", "550 5.1.1 no such mailbox", "failed"),
        ("rcpt", "421 4.7.0 not now", "sent"),
        ("data", "452 4.3.1 no room", "failed"),
        ("dot", "451 4.3.0 cannot be stored", "failed"),
        ("dot", "554 5.7.1 spam", "failed"),
        ("dot", "421 4.3.2 going down", "sent"),
    ],
)
def test_who_is_refused_is_not_sent_and_the_others_are(
    app: App, smtp: Receiver, at: str, reply: str, state: str
) -> None:
    """A refusal that is not the mail's fault is no try at all: the mail goes a moment later."""
    states = by_smtp(app, smtp, Rule(at, "say", reply, most=2))
    assert states == ({"sent": MAILS} if state == "sent" else {"sent": MAILS - 2, state: 2})


@pytest.mark.parametrize(("at", "does"), [("connect", "hang"), ("rcpt", "drip"), ("data", "hang"), ("kept", "drip")])
def test_a_slow_server_is_waited_for(app: App, smtp: Receiver, at: str, does: Does) -> None:
    assert by_smtp(app, smtp, Rule(at, does, seconds=0.3, most=2)) == {"sent": MAILS}


def test_a_server_that_is_killed_and_one_that_listens_no_more_have_what_they_took(app: App, smtp: Receiver) -> None:
    url = smtp.mail_url(connections=3)
    smtp.behave(Manners(listens=False))
    wait_until_refused(smtp.port)  # it looks for its manners now and then only
    assert send_through(app, smtp, url, Manners(listens=False)) == {"queued": MAILS}
    smtp.kill()
    smtp.start()
    assert smtp.mail_url(connections=3) == url
    with transaction(app.engine) as db:
        db.exec_driver_sql("TRUNCATE lead, mailer CASCADE")
    assert by_smtp(app, smtp) == {"sent": MAILS}


@pytest.mark.parametrize("scheme", ["postmark", "resend"])
@pytest.mark.parametrize("at", ["asked", "kept"])
def test_a_provider_that_does_not_answer_has_one_requests_mails(app: App, esp: Receiver, scheme: str, at: str) -> None:
    states = by(scheme, app, esp, Rule(at, "close", most=1))
    if scheme == "resend":
        assert states == {"sent": MAILS}, "it is asked again, under the same key"
    else:
        assert states == {"unknown": 4, "sent": MAILS - 4} or states == {"unknown": 4, "queued": MAILS - 4}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("asked", "say", "429", seconds=60, most=1), {"queued": MAILS}),
        (Rule("asked", "say", "429", seconds=0.2, most=1), {"sent": MAILS}),
        (Rule("asked", "say", "503", most=1), {"sent": MAILS}),
        (Rule("kept", "hang", seconds=0.2), {"sent": MAILS}),
        (Rule("kept", "drip", seconds=0.2), {"sent": MAILS}),
    ],
)
@pytest.mark.parametrize("scheme", ["postmark", "resend"])
def test_a_provider_in_trouble_is_left_alone_as_long_as_it_asks(
    app: App, esp: Receiver, scheme: str, rule: Rule, expected: dict[str, int]
) -> None:
    assert by(scheme, app, esp, rule) == expected


@pytest.mark.parametrize(("scheme", "code"), [("postmark", "300"), ("postmark", "406"), ("resend", "422")])
def test_errors_of_single_mails_in_a_200_are_theirs_alone(app: App, esp: Receiver, scheme: str, code: str) -> None:
    assert by(scheme, app, esp, Rule("item", "say", code, most=3)) == {"failed": 3, "sent": MAILS - 3}


def test_a_providers_reports_settle_what_was_unknown(app: App, esp: Receiver) -> None:
    before = len(esp.mails())
    assert by("postmark", app, esp, Rule("kept", "close", most=1))["unknown"] == 4
    for mail in esp.mails()[before:]:
        body, headers = _postmark(mail, NOW)
        assert postmark.verify(headers, body, USER, NOW)
        take_reports(app, postmark.read(body), NOW)
    assert rows(app, "SELECT count(*) FROM delivery WHERE state = 'unknown'") == [(0,)]


def test_both_providers_reports_are_understood(app: App, esp: Receiver) -> None:
    before = len(esp.mails())
    by("resend", app, esp)
    (mail, *_) = esp.mails()[before:]
    body, headers = _resend(mail, NOW)
    assert resend.verify(headers, body, SIGNED, app.now()) or "svix-id" in headers
    (event,) = resend.read(body)
    assert (event.type, event.delivery) == ("delivered", mail.token)
