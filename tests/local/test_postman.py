"""A reply written to the local mailbox does what it does in production."""

import smtplib
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.local.mailbox import Mailbox
from nurture.local.postman import _walk, bring, is_for, local_inbound_address
from tests.flows.apps import add_lead, make_app, one
from tests.flows.arriving import answer_to, token_address
from tests.flows.reports import add_mail
from tests.rules.examples import make_agreement
from tests.rules.lives import book_of

INBOUND = "in@news.acme.example"


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of(), INBOUND_ADDRESS=INBOUND)


def write(mailbox: Mailbox, raw: bytes, *recipients: str) -> None:
    where = urlsplit(mailbox.addresses.smtp)
    with smtplib.SMTP(where.hostname or "", where.port or 0) as client:
        client.sendmail("jo@buyer.example", recipients, raw)


def test_a_reply_stops_the_campaign_and_hands_the_lead_over(app: App, tmp_path: Path) -> None:
    mail = add_mail(app, add_lead(app))
    stop = threading.Event()
    with Mailbox(tmp_path / "mail") as mailbox:
        walking = threading.Thread(target=_walk, args=(app, mailbox.files, "", stop))
        walking.start()
        try:
            write(mailbox, answer_to(app, None, From="jo@elsewhere.example"), token_address(app, mail))
            until = time.monotonic() + 20
            while not one(app, "SELECT count(*) FROM handoff") and time.monotonic() < until:
                time.sleep(0.05)
        finally:
            stop.set()
            walking.join()
    assert one(app, "SELECT because FROM handoff") == "it replied to a mail: “Can we talk on Tuesday?”"
    assert one(app, "SELECT left_as FROM enrollment") == "replied"


def test_other_mail_is_left_alone(app: App, tmp_path: Path) -> None:
    add_lead(app)
    with Mailbox(tmp_path / "mail") as mailbox:
        write(mailbox, answer_to(app, None), "ada@acme.example")
        (name,) = mailbox.files.names()
    assert bring(app, mailbox.files, name) is None
    assert one(app, "SELECT count(*) FROM inbound_mail") == 0


def test_the_address_is_beside_the_one_that_people_read() -> None:
    assert local_inbound_address(make_agreement()) == "in@acme.example"
    assert is_for(INBOUND, "IN+r.abc@News.Acme.example")
    assert not is_for(INBOUND, "ina@news.acme.example")
    assert not is_for(INBOUND, "in@acme.example")
