"""Leads answer by mail, over SMTP, to the very address that the mail names: what they wrote is heard, once."""

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from nurture.app import App, open_app
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.forward_mail import forward_mail
from nurture.flows.import_leads import import_leads
from nurture.flows.take_mail import take_mail
from nurture.flows.tell import tell
from nurture.local.mailbox import Mailbox
from nurture.local.postman import bring
from nurture.rules.why import why
from nurture.settings import read_settings
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet
from nurture.store.states import states
from tests.flows.apps import ENVIRONMENT, one, rows

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)
JO, ADA = "jo@buyer.example", "ada@acme.example"
CSV = f"""email,first_name,title,company,country,employees,timezone,reject_reason
{JO},Jo,VP Operations,Buyer Ltd,US,900,America/Chicago,not_ready
"""


@dataclass
class World:
    """The app, its mail server, and a clock that the story moves."""

    app: App
    mailbox: Mailbox
    now: datetime = MONDAY
    last: str = ""

    def wait(self, **time: float) -> None:
        """Business time passes; whatever comes due on the way is done when it does."""
        end = self.now + timedelta(**time)
        while (due := one(self.app, "SELECT min(due_at) FROM enrollment")) is not None and due <= end:
            self.now = max(self.now, due)
            self.work()
        self.now = end
        self.work()

    def work(self) -> None:
        """What the workers do."""
        while advance(self.app, self.now).leads:
            pass
        deliver(self.app, lambda: self.now, seconds=20)
        tell(self.app, self.now)
        forward_mail(self.app, self.now)

    def mails(self, recipient: str = JO) -> list[EmailMessage]:
        stored = [self.mailbox.files.read(name) for name in self.mailbox.files.names()]
        return [mail.message() for mail in stored if mail.recipient == recipient]

    def answer(self, mail: EmailMessage, text: str, **headers: str) -> bytes:
        """Jo's mail program answers as programs do: to Reply-To, with References and the whole mail below."""
        reply = EmailMessage()
        given = {"From": f"Jo <{JO}>", "To": mail["Reply-To"], "Subject": f"Re: {mail['Subject']}"}
        given |= {"In-Reply-To": mail["Message-ID"], "References": mail["Message-ID"]}
        given |= {"Message-ID": f"<{len(text)}@buyer.example>", "Date": "Tue, 3 Feb 2026 12:00:00 -0600"}
        for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            reply[name] = value
        body = mail.get_body(("plain",))
        assert body is not None
        quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines())
        reply.set_content(f"{text}\n\nOn Tue, Feb 3, 2026 at 9:00 AM {mail['From']} wrote:\n{quoted}\n")
        where = urlsplit(self.mailbox.addresses.smtp)
        with smtplib.SMTP(where.hostname or "", where.port or 0) as client:
            client.send_message(reply, JO, [str(given["To"])])
        return reply.as_bytes()

    def postman(self) -> list[str]:
        """What has come in since, taken in; gives what it was."""
        kinds = []
        for name in self.mailbox.files.names(self.last):
            self.last = name
            kinds.append(bring(self.app, self.mailbox.files, name))
        return [kind for kind in kinds if kind is not None]

    def why(self) -> str:
        with self.app.engine.connect() as db:
            (state,) = states(db, self.app.book, [one(self.app, "SELECT id FROM lead")], self.now)
        return "\n".join(rule.because for rule in why(self.app.book, state, self.now).rules)


@pytest.fixture
def world(clean_db: Engine, db_url: str, tmp_path: Path) -> Iterator[World]:
    with Mailbox(tmp_path / "mailbox") as mailbox:
        variables = {"DATABASE_URL": db_url, "MAIL_URL": mailbox.addresses.smtp, "NURTURE_WORKSPACE": str(ROOT)}
        variables |= {"INBOUND_ADDRESS": "in@news.acme.example"}
        with open_app(read_settings(ENVIRONMENT | variables)) as opened:
            made: list[World] = []
            app = replace(opened, now=lambda: made[0].now)
            made.append(World(app, mailbox))
            (tmp_path / "leads.csv").write_text(CSV)
            with open_sheet(tmp_path / "leads.csv", Terms.of(app.agreement, MONDAY)) as sheet:
                import_leads(app, sheet, MONDAY)
            made[0].wait(days=4)
            assert len(made[0].mails()) == 1
            yield made[0]


def test_a_reply_stops_the_campaign_and_reaches_the_owner_with_its_words(world: World) -> None:
    raw = world.answer(world.mails()[0], "We have a budget now. Can you call me on Tuesday?\n\nSent from my iPhone")
    assert world.postman() == ["reply"]
    (handoff,) = rows(world.app, "SELECT owner, because FROM handoff")
    assert handoff.because == "it replied to a mail: “We have a budget now. Can you call me on Tuesday?”"
    again = take_mail(world.app, raw, envelope_to=None, source="imap", now=world.now)
    assert again == "known", "the same mail by another way"
    world.wait(hours=2)
    passed = [mail for mail in world.mails(handoff.owner) if mail["Reply-To"] == JO]
    assert len(passed) == 1
    told = [mail for mail in world.mails(handoff.owner) if "budget now" in str(mail["Subject"])]
    assert told, "the notice says why now"
    world.wait(weeks=4)
    assert len(world.mails()) == 1, "no nurture mail after the reply"


def test_after_an_absence_mail_goes_on_and_not_before(world: World) -> None:
    away = "I am out of the office until Friday, 27 February 2026."
    world.answer(world.mails()[0], away, Subject="Automatic reply: hello", Auto_Submitted="auto-replied")
    assert world.postman() == ["away"]
    assert "out of office until Sat 28 Feb" in world.why()
    world.wait(days=17)
    assert len(world.mails()) == 1
    world.wait(days=10)
    assert len(world.mails()) >= 2
    assert one(world.app, "SELECT min(sent_at) FROM delivery WHERE sent_at > '2026-02-12Z'") > datetime(
        2026, 2, 28, tzinfo=UTC
    )
    assert one(world.app, "SELECT count(*) FROM handoff") == 0


def test_who_asks_to_stop_hears_no_more_and_a_person_knows(world: World) -> None:
    world.answer(world.mails()[0], "Please take me off your list.")
    assert world.postman() == ["stop"]
    world.wait(weeks=3)
    assert len(world.mails()) == 1
    assert one(world.app, "SELECT left_as FROM enrollment") == "unsubscribed"
    assert one(world.app, "SELECT count(*) FROM handoff") == 0
    reply_to = world.app.agreement.company.reply_to
    assert [mail["Reply-To"] for mail in world.mails(reply_to)] == [JO]


def test_a_bounce_that_comes_back_by_mail_ends_it(world: World) -> None:
    envelope = next(
        stored.sender for stored in map(world.mailbox.files.read, world.mailbox.files.names()) if stored.recipient == JO
    )
    report = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {envelope}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {JO}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n"
    )
    where = urlsplit(world.mailbox.addresses.smtp)
    with smtplib.SMTP(where.hostname or "", where.port or 0) as client:
        client.sendmail("", [envelope], report)
    assert world.postman() == ["bounce"]
    world.wait(weeks=3)
    assert len(world.mails()) == 1
    assert one(world.app, "SELECT left_as FROM enrollment") == "bounced"
