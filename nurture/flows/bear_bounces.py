"""Bear with mailboxes that do not take mail for the moment, and give them up in the end; suppress who is to be.

All within the transaction of `flows.take_reports`, which has locked the leads concerned.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.errors import Conflict
from nurture.flows.suppress import release_in, suppress_address_in, suppress_in
from nurture.grammar.mistakes import Mistake
from nurture.rules.bounces import ALIVE, Mailbox, Word, counts_as_soft
from nurture.store import leads, mailboxes, suppressions
from nurture.store.reports import ReportRow

SOFT = "soft bounces"
"""What the reason of such a suppression begins with: it is taken back where it turns out that mail arrives."""


def bear_bounces(db: Connection, app: App, fresh: Sequence[ReportRow], now: datetime) -> int:
    """Count soft bounces of mails of ours, and signs of life; gives how many addresses were given up.

    Whether an address is given up follows from all that is known of it, in whatever order that came: a delivery that is
    reported late takes it off the list again.
    """
    bounces: dict[bytes, list[datetime]] = defaultdict(list)
    lives: dict[bytes, list[datetime]] = defaultdict(list)
    last: dict[bytes, ReportRow] = {}
    for row in fresh:
        if row.address_hash is None or row.delivery_id is None:
            continue
        if counts_as_soft(row.type, row.reject_reason, row.severity):
            bounces[row.address_hash].append(row.at)
            last[row.address_hash] = row
        elif row.type in ALIVE:
            lives[row.address_hash].append(row.at)
            last.setdefault(row.address_hash, row)
    before = mailboxes.locked(db, bounces, lives)
    after = {key: box.after(bounces[key], lives[key]) for key, box in before.items()}
    doubtful = {key: last[key].lead_id for key, box in after.items() if box.is_given_up}
    for key, at in mailboxes.signs_of_life(db, doubtful, now).items():
        after[key] = after[key].after((), (at,))
    mailboxes.write(db, {key: box for key, box in after.items() if box != before[key]})
    return sum(_follow(db, app, last[key], before[key], box, now) for key, box in after.items())


def _follow(db: Connection, app: App, row: ReportRow, before: Mailbox, box: Mailbox, now: datetime) -> int:
    if box.is_given_up:
        since = box.bounced_at[0].date().isoformat()
        how = f"{SOFT}: {len(box.bounced_at)} in a row since {since}, delivery {row.delivery_id}"
        return suppress_reported(db, app, row, "bounced", how, now)
    if before.is_given_up:
        _take_back(db, app, row, now)
    return 0


def _take_back(db: Connection, app: App, row: ReportRow, now: datetime) -> None:
    """The address takes mail after all: what was concluded from soft bounces alone is taken back."""
    if row.recipient is None or row.address_hash is None or mailboxes.is_gone(db, row.address_hash):
        return
    held = [one for one in suppressions.suppressions_at(db, [row.address_hash]) if not one.topic]
    if any(one.reason == "bounced" and one.how.startswith(SOFT) for one in held):
        with suppress(Conflict):  # a wish, which came by another address of the same person
            release_in(db, app, row.recipient, row.provider, f"it takes mail: {describe(row)}", now, insist=False)


def suppress_reported(db: Connection, app: App, row: ReportRow, word: Word, how: str, now: datetime) -> int:
    """Suppress whom a report is about: the person for a wish, the one address for a bounce. Gives how many, 0 or 1.

    A bounce of an address that is not the lead's any more says nothing of the one that is.
    """
    if row.recipient is None and (row.lead_id is None or word == "bounced"):
        return 0
    if row.lead_id is not None:
        suppress_in(db, app, row.lead_id, word, how, now, address=row.recipient if word == "bounced" else None)
        if word == "bounced" or row.recipient is None or leads.id_of(db, row.recipient) == row.lead_id:
            return 1
    try:
        suppress_address_in(db, app, row.recipient or "", reason=word, by=row.provider, why=how, now=now)
    except Mistake:
        return int(row.lead_id is not None)
    return 1


def describe(row: ReportRow) -> str:
    """What a report says, for operators; no personal data: `postmark: bounced (hard), delivery 12`."""
    about = f" ({row.severity or row.reject_reason})" if row.severity or row.reject_reason else ""
    mail = f", delivery {row.delivery_id}" if row.delivery_id is not None else ""
    return f"{row.provider}: {row.type}{about}{mail}"
