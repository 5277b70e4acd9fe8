"""Bear with mailboxes that do not take mail for the moment, and give them up in the end.

All within the transaction of `flows.take_reports`, which has locked the leads concerned.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.errors import Conflict
from nurture.flows.suppress import release_in
from nurture.flows.suppress_reported import Said, suppress_reported
from nurture.rules.bounces import ALIVE, Mailbox, counts_as_soft
from nurture.store import mailboxes, suppressions
from nurture.store.reports import ReportRow

SOFT = "soft bounces"
"""What the reason of such a suppression begins with: it is taken back where it turns out that mail arrives."""


def bear_bounces(db: Connection, app: App, fresh: Sequence[ReportRow], now: datetime) -> int:
    """Count soft bounces of mails of ours, and signs of life; gives how many addresses were given up.

    Whether an address is given up follows from all that is known of it, in whatever order that came: a delivery that is
    reported late takes it off the list again.
    """
    bounces: dict[bytes, list[datetime]] = defaultdict(list)
    last: dict[bytes, ReportRow] = {}
    for row in fresh:
        if row.address_hash is not None and (row.type == "bounced" or row.type in ALIVE):
            last[row.address_hash] = row
            if row.delivery_id is not None and counts_as_soft(row.type, row.reject_reason, row.severity):
                bounces[row.address_hash].append(row.at)
    before = mailboxes.locked(db, bounces, last)
    heard = mailboxes.heard_of(db, before)
    after = {key: box.after(bounces[key], [heard[key]] if key in heard else ()) for key, box in before.items()}
    mailboxes.write(db, {key: box for key, box in after.items() if box != before[key]})
    doubtful = {key: last[key].lead_id for key, box in after.items() if box.is_given_up}
    signs = mailboxes.signs_of_life(db, doubtful, now)
    judged = {key: box.after((), [signs[key]] if key in signs else ()) for key, box in after.items()}
    given_up = [Said(last[key], "bounced", _in_a_row(last[key], box)) for key, box in judged.items() if box.is_given_up]
    count = suppress_reported(db, app, given_up, now)
    _take_back(db, app, [last[key] for key, box in judged.items() if not box.is_given_up], now)
    return count


def _in_a_row(row: ReportRow, box: Mailbox) -> str:
    since = box.bounced_at[0].date().isoformat()
    mail = f", delivery {row.delivery_id}" if row.delivery_id is not None else ""
    return f"{SOFT}: {len(box.bounced_at)} in a row since {since}{mail}"


def _take_back(db: Connection, app: App, fresh: Sequence[ReportRow], now: datetime) -> None:
    """These addresses take mail after all: what was concluded from soft bounces alone is taken back."""
    rows = {row.address_hash: row for row in fresh if row.address_hash is not None}
    if not rows:
        return
    for held in suppressions.suppressions_at(db, sorted(rows)):
        row = rows[bytes(held.address_hash)]
        concluded = not held.topic and held.reason == "bounced" and held.how.startswith(SOFT)
        if concluded and row.recipient is not None and not mailboxes.is_gone(db, bytes(held.address_hash)):
            with suppress(Conflict):  # a wish, which came by another address of the same person
                release_in(db, app, row.recipient, row.provider, f"it takes mail: {describe(row)}", now, insist=False)


def describe(row: ReportRow) -> str:
    """What a report says, for operators; no personal data: `postmark: bounced (hard), delivery 12`."""
    about = f" ({row.severity or row.reject_reason})" if row.severity or row.reject_reason else ""
    mail = f", delivery {row.delivery_id}" if row.delivery_id is not None else ""
    return f"{row.provider}: {row.type}{about}{mail}"
