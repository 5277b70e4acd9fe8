"""A server has heard to whom the next mail is, and then that mail may not leave: nobody gets it, it counts nowhere."""

from dataclasses import replace

import pytest

from nurture.app import App
from nurture.flows.deliver import deliver
from nurture.flows.suppress import suppress
from nurture.local.mailbox import Mailbox
from nurture.mailers.smtp.connection import SmtpConnection
from nurture.messages import Mail
from tests.flows.apps import one, rows
from tests.flows.test_deliver import app, due, mailbox, received, send  # noqa: F401  (fixtures)

LEADS = tuple(f"lead{number}@buyer.example" for number in range(60))


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """What connections were told to expect."""
    told: list[Mail] = []
    expect = SmtpConnection.expect

    def note(connection: SmtpConnection, mail: Mail) -> None:
        expect(connection, mail)
        told.append(mail)

    monkeypatch.setattr(SmtpConnection, "expect", note)
    return told


def by_one_connection(app: App) -> App:  # noqa: F811
    return replace(app, settings=replace(app.settings, mail_url=f"{app.settings.mail_url}?connections=1"))


def test_most_mails_are_expected_and_each_goes_once(app: App, mailbox: Mailbox, expected: list[Mail]) -> None:  # noqa: F811
    now = due(app, *LEADS)
    done = send(by_one_connection(app), now)
    assert done.sent == len(received(mailbox)) == len({recipient for recipient, _ in received(mailbox)}) > 10
    assert len(expected) >= done.sent - 4


def test_a_lead_suppressed_after_the_server_heard_of_it_gets_nothing(
    app: App, mailbox: Mailbox, expected: list[Mail], monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    now = due(app, *LEADS)
    waiting = one(app, "SELECT count(*) FROM delivery WHERE state = 'queued'")
    told = SmtpConnection.expect

    def suppress_it(connection: SmtpConnection, mail: Mail) -> None:
        told(connection, mail)
        if len(expected) == 3:
            lead_id = one(app, f"SELECT lead_id FROM delivery WHERE id = {mail.delivery_id}")
            suppress(app, lead_id=lead_id, word="unsubscribed", how="test", now=now)

    monkeypatch.setattr(SmtpConnection, "expect", suppress_it)
    done = send(by_one_connection(app), now)
    recipients = [recipient for recipient, _ in received(mailbox)]
    assert (done.sent, done.unknown, done.held, done.put_off) == (waiting - 1, 0, 0, 0)
    assert one(app, "SELECT count(*) FROM delivery WHERE state = 'cancelled'") == 1
    assert expected[2].recipient not in recipients
    assert len(set(recipients)) == len(recipients) == waiting - 1


def test_what_was_expected_when_this_process_stops_goes_back_untried(
    app: App, mailbox: Mailbox, expected: list[Mail]  # noqa: F811
) -> None:  # fmt: skip
    now = due(app, *LEADS)
    waiting = one(app, "SELECT count(*) FROM delivery WHERE state = 'queued'")
    done = deliver(by_one_connection(app), lambda: now, seconds=20, stop=lambda: len(expected) >= 3)
    assert done.sent == len(received(mailbox)) < waiting
    left = rows(app, "SELECT state, tries FROM delivery WHERE sent_at IS NULL")
    assert [(row.state, row.tries) for row in left] == [("queued", 0)] * (waiting - done.sent)
    assert send(app, now).sent == waiting - done.sent
    assert len({recipient for recipient, _ in received(mailbox)}) == len(received(mailbox)) == waiting
