"""Take in what came back of mails: deliveries, bounces, complaints. Each once, whatever is sent again.

A report, and all that follows from it, is one transaction. What follows does not hang on the order in which reports
come: providers promise none, and send again what was not answered in time.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import TryAgain, is_deadlock_or_serialization, transaction
from nurture.flows import take_mail
from nurture.flows.bear_bounces import bear_bounces, describe
from nurture.flows.decide import decide
from nurture.flows.suppress_reported import Said, suppress_reported
from nurture.mail.links import read_inbound_address, read_message_id
from nurture.messages import ProviderEvent
from nurture.rules.bounces import Mailed, address_of, suppresses
from nurture.rules.happenings import Happening, SendFailed
from nurture.store import leads, reports, suppressions
from nurture.store.reports import ReportRow
from nurture.store.states import lock
from nurture.store.suppressions import address_hash

AT_ONCE = 1000
"""Reports in one transaction: what SendGrid sends at once, at most."""
TRIES = 5
BY_MAIL = "smtp"
"""The provider of reports that came by mail."""

_RAW_MOST = 32 * 1024
_SAID_MOST = 1000
_ID_MOST = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call did: reports that were new, that were known already, addresses suppressed, mails settled."""

    new: int = 0
    known: int = 0
    suppressed: int = 0
    settled: int = 0
    mails: int = 0


def take_reports(app: App, events: Sequence[ProviderEvent], now: datetime) -> Taken:
    """Keep reports and act on them; all is committed when this returns. An event seen before changes nothing.

    Hard bounces and complaints suppress, soft ones count until they do, a delivery resets the count; a mail of which
    nobody knew whether the server took it is settled. Events of type `inbound` go to `flows.take_mail`.

    Args:
        app: the application.
        events: as providers' files or `nurture.inbound` made them, in any order.
        now: when they came.
    """
    mails = [event for event in events if event.type == "inbound" and event.inbound is not None]
    others = [event for event in events if event.type != "inbound" or event.inbound is None]
    done = Taken()
    for start in range(0, len(others), AT_ONCE):
        some = _tried(app, others[start : start + AT_ONCE], now)
        done = Taken(*(getattr(done, name) + getattr(some, name) for name in Taken.__slots__))
    for mail in mails:
        take_mail.take_mail(app, mail.inbound or b"", envelope_to=mail.recipient, source=mail.provider, now=now)
    return Taken(done.new, done.known, done.suppressed, done.settled, len(mails))


def _tried(app: App, events: Sequence[ProviderEvent], now: datetime) -> Taken:
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                return _take(db, app, events, now)
        except Exception as error:
            if attempt + 1 == TRIES or not is_deadlock_or_serialization(error):
                raise
    raise AssertionError("unreachable")


def _take(db: Connection, app: App, events: Sequence[ProviderEvent], now: datetime) -> Taken:
    rows = _rows(db, app, events, now)
    new = reports.insert(db, list(rows.values()), now)
    fresh = [row for key, row in rows.items() if key in new]
    settled = reports.settle(db, [row.delivery_id for row in fresh if row.delivery_id is not None])
    suppressed = bear_bounces(db, app, fresh, now)
    words = ((row, suppresses(row.type, row.reject_reason, row.severity)) for row in fresh)
    suppressed += suppress_reported(db, app, [Said(row, word, describe(row)) for row, word in words if word], now)
    _plan_again(db, app, settled, now)
    _log(fresh)
    return Taken(len(fresh), len(events) - len(fresh), suppressed, len(settled))


def _plan_again(db: Connection, app: App, settled: Iterable[Row[Any]], now: datetime) -> None:
    """Tell the rules of mails that were not sent after all, one a lead at a time."""
    rounds: list[dict[int, Happening]] = []
    for row in settled:
        if row.state == "failed":
            turn = next((one for one in rounds if row.lead_id not in one), None)
            if turn is None:
                rounds.append(turn := {})
            turn[row.lead_id] = SendFailed(row.campaign, row.step, row.cycle, for_good=True)
    for happened in rounds:
        decide(db, app, happened, now)


def _rows(
    db: Connection, app: App, events: Sequence[ProviderEvent], now: datetime
) -> dict[tuple[str, bytes], ReportRow]:
    """The reports as they are to be kept, each once; the leads concerned are locked.

    A report that names no mail of ours is a lead's by its recipient only where it says something of the address.
    """
    named = [_delivery_id(app.settings.secret_key, event.delivery) for event in events]
    mailed = reports.mailed(db, [id_ for id_ in named if id_ is not None])
    strangers = {
        _address(event.recipient)
        for event, id_ in zip(events, named, strict=True)
        if id_ not in mailed and suppresses(event.type, event.reject_reason, event.severity) is not None
    }
    owners = leads.ids_of(db, sorted(address for address in strangers if address is not None))
    wanted = {lead_id for lead_id, _ in mailed.values()} | set(owners.values())
    if len(lock(db, wanted)) < len(wanted):
        raise TryAgain  # one was merged into another in between
    mailed = reports.mailed(db, mailed)
    rows: dict[tuple[str, bytes], ReportRow] = {}
    for event, id_ in zip(events, named, strict=True):
        row = _row(event, id_ if id_ in mailed else None, mailed, owners, now)
        rows.setdefault((row.provider, row.seen), row)
    return _without_erased(db, rows)


def _without_erased(db: Connection, rows: dict[tuple[str, bytes], ReportRow]) -> dict[tuple[str, bytes], ReportRow]:
    """The same, but nothing personal where they come late and are about somebody who was erased meanwhile."""
    strangers = {row.recipient for row in rows.values() if row.delivery_id is None and row.recipient is not None}
    gone = suppressions.erased(db, strangers)
    return {
        key: row
        if row.delivery_id is not None or row.recipient not in gone
        else replace(row, recipient=None, address_hash=None, message_id=None, said=None, raw=b"")
        for key, row in rows.items()
    }


def _row(
    event: ProviderEvent,
    delivery_id: int | None,
    mailed: Mapping[int, tuple[int, Mailed]],
    owners: Mapping[str, int],
    now: datetime,
) -> ReportRow:
    recipient = _address(event.recipient)
    lead_id, sent_to = mailed[delivery_id] if delivery_id is not None else (None, None)
    address = address_of(sent_to, recipient, by_mail=event.provider == BY_MAIL)
    if delivery_id is None and suppresses(event.type, event.reject_reason, event.severity) is not None:
        lead_id = owners.get(address or "")
    event_id = _text(event.event_id, len(event.event_id)) or ""
    what = _text(event.once, len(event.once)) if event.once else event_id
    seen = hashlib.sha256(f"{what}\n{recipient or ''}".encode("utf-8", "replace")).digest()
    return ReportRow(
        provider=event.provider,
        event_id=event_id if len(event_id) <= _ID_MOST else hashlib.sha256(event_id.encode()).hexdigest(),
        seen=seen,
        type=event.type,
        at=now if event.at is None else min(event.at, now),
        lead_id=lead_id,
        delivery_id=delivery_id,
        recipient=address,
        address_hash=None if address is None else address_hash(address),
        message_id=_text(event.message_id, _ID_MOST),
        reject_reason=event.reject_reason,
        severity=event.severity,
        said=_text(event.said, _SAID_MOST),
        automatic=event.automatic,
        raw=event.raw[:_RAW_MOST],
    )


def _delivery_id(secret: str, text: str | None) -> int | None:
    """The delivery that a report names by our Message-ID, or by an address of ours for what comes back."""
    if not text:
        return None
    found = read_message_id(secret, text)
    if found is not None:
        return found
    address = read_inbound_address(secret, text)
    return None if address is None else address[1]


def _address(recipient: str | None) -> str | None:
    return _text((recipient or "").strip().lower(), 320) or None


def _text(value: str | None, most: int) -> str | None:
    """What PostgreSQL can keep of a text: no NUL, no half of a character."""
    if value is None:
        return None
    return value[:most].replace("\x00", "").encode("utf-8", "replace").decode()


def _log(fresh: Iterable[ReportRow]) -> None:
    counts = Counter((row.provider, row.type, row.severity) for row in fresh)
    for (provider, type_, severity), count in sorted(counts.items(), key=str):
        extra = {"provider": provider, "type": type_, "severity": severity, "count": count}
        if severity == "policy":
            log.warning("mails were refused for what they are or who sends them", extra=extra)
        else:
            log.info("reports on mails", extra=extra)
