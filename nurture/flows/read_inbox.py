"""Read the mailbox of `INBOX_URL`: each mail is taken in, then the position moves on; a crash between reads it again.

Reading again does no harm: a mail that was taken is known. So nothing is lost, and nothing happens twice.
"""

import logging
import ssl
from dataclasses import dataclass
from datetime import datetime

from nurture.app import App, Stop, never
from nurture.db import transaction
from nurture.flows.stay_home import is_home
from nurture.flows.take_mail import take_mail
from nurture.inbound.imap import Inbox, inbox_address
from nurture.store import inbound

AT_ONCE = 50
"""So many mails are read in one visit."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadInbox:
    """How many mails were read. `more` tells that others wait."""

    taken: int = 0
    more: bool = False


def read_inbox(
    app: App, now: datetime, *, most: int = AT_ONCE, context: ssl.SSLContext | None = None, stop: Stop = never
) -> ReadInbox:
    """Read what has come since the last visit; at the first one, and after the server numbered anew, what is unread.

    What was read is marked as seen and stays where it is. A copy of a database leaves the original's mails to it.

    Raises:
        InboxAway: The mailbox cannot be read now.
    """
    url = app.settings.mail.inbox_url
    if url is None or not is_home(app, now):
        return ReadInbox()
    address = inbox_address(url)
    with Inbox(address, context=context) as box:
        with transaction(app.engine) as db:
            last = inbound.position(db, address.name)
        is_known = last is not None and last[0] == box.uid_validity
        uids = box.uids_after(last[1]) if last is not None and is_known else box.unseen()
        for uid in uids[:most]:
            if stop():
                break
            _take(app, box, address.name, uid, now)
        if not is_known and not uids:
            newest = max(box.uids_after(0), default=0)
            with transaction(app.engine) as db:
                inbound.read_up_to(db, address.name, box.uid_validity, newest, now)
    return ReadInbox(min(len(uids), most), len(uids) > most)


def _take(app: App, box: Inbox, mailbox: str, uid: int, now: datetime) -> None:
    raw = box.fetch(uid)
    if raw is None:
        log.warning("a mail in the inbox is not given out; it stays there unread", extra={"uid": uid})
    else:
        take_mail(app, raw, envelope_to=None, source="imap", now=now)
    with transaction(app.engine) as db:
        inbound.read_up_to(db, mailbox, box.uid_validity, uid, now)
    if raw is not None:
        box.mark_seen(uid)
