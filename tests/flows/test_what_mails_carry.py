"""From a delivery's row to a mailbox: the addresses that mails carry, their signatures, and what of them is seen."""

from base64 import b64encode
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.campaign import Tracking
from nurture.db import transaction
from nurture.local.mailbox import Mailbox
from nurture.mail import links
from nurture.workspace import TemplateFile
from tests.flows.apps import make_app, one
from tests.flows.test_deliver import HTML, due, mailbox, received, send
from tests.mail.receiving import ED25519, verified
from tests.rules.lives import book_of

__all__ = ["mailbox"]
DKIM = {"DKIM_KEY": b64encode(ED25519.private_bytes_raw()).decode(), "DKIM_SELECTOR": "ed"}


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    given = {"MAIL_URL": mailbox.addresses.smtp, "INBOUND_ADDRESS": "in@in.acme.example", **DKIM}
    made = make_app(clean_db, db_url, tmp_path, book_of(), **given)
    templates = {
        name: TemplateFile(name, Path(f"templates/{name}.html"), "html", HTML) for name in ("t/one", "t/two", "t/three")
    }
    return replace(made, workspace=replace(made.workspace, templates=templates))


def test_a_mail_leaves_signed_and_names_its_delivery_wherever_it_may_come_back_from(
    app: App, mailbox: Mailbox, tmp_path: Path
) -> None:
    assert send(app, due(app)).sent == 1
    delivery_id, secret = one(app, "SELECT id FROM delivery"), app.settings.secret_key
    (path,) = (tmp_path / "mailbox/new").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert links.read_inbound_address(secret, str(mail["Return-Path"])) == ("b", delivery_id)
    assert links.read_inbound_address(secret, str(mail["Reply-To"])) == ("r", delivery_id)
    assert links.read_message_id(secret, str(mail["Message-ID"])) == delivery_id
    domain = app.agreement.company.sender.address.rpartition("@")[2]
    assert verified(path.read_bytes(), domain) == [True]


def shown(mailbox: Mailbox) -> tuple[bool, bool]:
    """Whether the last mail has a pixel, and whether its links are tracked."""
    part = received(mailbox)[-1][1].get_body(("html",))
    assert part is not None
    html = part.get_content()
    assert 'href="https://acme.example/one"' in html or "/c/" in html
    return "/o/" in html, "/c/" in html


def test_a_lead_that_is_not_tracked_gets_neither_pixel_nor_tracked_links(app: App, mailbox: Mailbox) -> None:
    now = due(app)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead SET tracked = false")
    assert send(app, now).sent == 1
    assert shown(mailbox) == (False, False)


def test_a_campaign_that_is_not_tracked_sends_neither(app: App, mailbox: Mailbox) -> None:
    changed = {
        name: campaign.model_copy(update={"tracking": Tracking(opens=False, clicks=False)})
        for name, campaign in app.workspace.campaigns.items()
    }
    app = replace(app, workspace=replace(app.workspace, campaigns=changed))
    assert send(app, due(app)).sent == 1
    assert shown(mailbox) == (False, False)


def test_both_are_there_where_nobody_says_otherwise(app: App, mailbox: Mailbox) -> None:
    assert send(app, due(app)).sent == 1
    assert shown(mailbox) == (True, True)
