"""Brings mail that is written to the local mailbox's address for replies to where mail comes in.

So on one machine a reply does what it does in production: written over SMTP, it stops a campaign and hands a lead over.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from nurture.agreement import Agreement
from nurture.app import App, open_app
from nurture.flows.take_mail import take_mail
from nurture.local.mailbox_files import MailboxFiles
from nurture.settings import Settings

LOOK_EVERY = 0.25
"""Seconds between two looks into the mailbox."""

log = logging.getLogger(__name__)


def local_inbound_address(agreement: Agreement) -> str:
    """An address for bounces and replies beside the one where people read them: `in@` the same domain."""
    local, _, domain = agreement.company.reply_to.rpartition("@")
    return f"{'inbound' if local.lower() == 'in' else 'in'}@{domain}"


def is_for(inbound: str, recipient: str) -> bool:
    """Whether a mail is for this address, with or without a token behind its plus sign."""
    local, _, domain = inbound.lower().rpartition("@")
    to_local, _, to_domain = recipient.lower().rpartition("@")
    return to_domain == domain and to_local.partition("+")[0] == local


@contextmanager
def postman(settings: Settings, mail: MailboxFiles) -> Iterator[None]:
    """A thread that brings what comes from now on, for as long as the block lasts."""
    stop = threading.Event()
    came = mail.names()
    with open_app(settings) as app:
        walking = threading.Thread(target=_walk, args=(app, mail, came[-1] if came else "", stop), name="postman")
        walking.start()
        try:
            yield
        finally:
            stop.set()
            walking.join()


def _walk(app: App, mail: MailboxFiles, last: str, stop: threading.Event) -> None:
    while not stop.wait(LOOK_EVERY):
        for name in mail.names(last):
            try:
                bring(app, mail, name)
            except SQLAlchemyError:  # the database is away; the mail stays where it is
                log.warning("a mail could not be brought; trying again", extra={"mail": name})
                break
            last = name


def bring(app: App, mail: MailboxFiles, name: str) -> str | None:
    """Take in one stored mail; gives what it was, None where it was not for us."""
    stored = mail.read(name)
    inbound = app.settings.mail.inbound_address
    if inbound is None or not is_for(inbound, stored.recipient):
        return None
    return take_mail(app, stored.data, envelope_to=stored.recipient, source="mailbox", now=app.now())
