"""Send the notices that are due, each channel on its own; a failure is tried again later, or shown."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotifierError
from nurture.flows.announce import DIGEST_MARKETING, DIGEST_SALES, LEAD_ACTIVE, REQUALIFIED
from nurture.flows.packet_of import lead_of, packet_of
from nurture.flows.stay_home import is_home
from nurture.mail.links import handoff_token
from nurture.messages import Notice
from nurture.notifiers import Notifier
from nurture.notifiers.digest import words as letter_of_digest
from nurture.notifiers.schedule import next_try
from nurture.rules import still_news
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.spoken_deeds import says
from nurture.rules.why_now import Deed, why_now
from nurture.store import closed_channels, digest, handoff_links, notices, packets

BATCH = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """How many notices went out, and how many did not. `more` tells that others may be waiting.

    `failed` are those that were not taken, now or for good; `cancelled` those that are not news any more.
    """

    sent: int = 0
    failed: int = 0
    more: bool = False
    cancelled: int = 0


def waiting_channels(app: App, now: datetime) -> list[str]:
    """Channels that have something to tell, each to be told by `tell` on its own: one that is slow delays no other."""
    with transaction(app.engine) as db:
        return notices.due_channels(db, now)


def tell(app: App, now: datetime, *, channel: str | None = None, most: int = BATCH) -> Told:
    """Send one batch of due notices, of one channel or of all.

    Each was written in the transaction of what it tells of; each is told at least once. Nobody is told anything out of
    a copy of a database (`stay_home`).
    """
    if not is_home(app, now):
        return Told()
    became: Counter[str] = Counter()
    for _ in range(most):
        # One at a time: a channel may take half a minute to fail, and a lease must outlive what it is for.
        token = uuid4()
        with transaction(app.engine) as db:
            rows = notices.lease(db, token=token, now=now, most=1, channel=channel)
        if not rows:
            return _told(became)
        became[_tell(app, rows[0], token, now)] += 1
    return _told(became, more=True)


def _told(became: Mapping[str, int], *, more: bool = False) -> Told:
    not_taken = sum(became.values()) - became["sent"] - became["cancelled"]
    return Told(became["sent"], not_taken, more, became["cancelled"])


def _tell(app: App, row: Row[Any], token: UUID, now: datetime) -> str:
    """Send one notice; gives the state that it has now."""
    notifier = app.channels.get(row.channel)
    try:
        if notifier is None:
            raise NotifierError(f"the channel {row.channel} is not configured", permanent=True)
        notice = _notice(app, row, now)
        if isinstance(notice, str):
            return _cancelled(app, row, token, now, notice)
        _see_that_it_is_open(app, row.channel, notifier)
        notifier.notify(notice)
    except NotifierError as error:
        if error.gone:
            _close(app, row.channel, notifier, now, str(error))
        return _failed(app, row, token, now, str(error), permanent=error.permanent, retry_after=error.retry_after)
    except Exception as error:
        log.exception("a notice could not be sent", extra={"notice_id": row.id, "channel": row.channel})
        return _failed(app, row, token, now, f"{type(error).__name__}", permanent=False, retry_after=None)
    with transaction(app.engine) as db:
        notices.settle(db, row.id, token, state="sent", now=now)
    return "sent"


def _see_that_it_is_open(app: App, channel: str, notifier: Notifier | None) -> None:
    """See that its receiver has not said that it is gone, of the address that it has now.

    Raises:
        NotifierError: It has. Nothing is sent there until the address changes, or somebody asks to try it again.
    """
    address_hash = getattr(notifier, "address_hash", None)
    if address_hash is None:
        return
    with transaction(app.engine) as db:
        closed = closed_channels.find(db, channel, address_hash)
    if closed is not None:
        since = f"since {closed.at:%Y-%m-%d %H:%M} UTC"
        raise NotifierError(f"not sent: the receiver is gone {since} ({closed.words})", permanent=True)


def _close(app: App, channel: str, notifier: Notifier | None, now: datetime, words: str) -> None:
    log.error("a channel is switched off: its receiver says that it is gone", extra={"channel": channel})
    with transaction(app.engine) as db:
        closed_channels.close(db, channel, getattr(notifier, "address_hash", b""), at=now, words=words[:500])


def _notice(app: App, row: Row[Any], now: datetime) -> Notice | str:
    """What is to be sent, with everything as it is now; or why nothing is to be sent any more."""
    said: dict[str, Any] = row.data or {}
    data, first = said, None
    with transaction(app.engine) as db:
        if row.handoff_id is not None:
            packet = packet_of(db, app, row.handoff_id, now) or {}
            if row.channel == "email" and row.kind != REQUALIFIED:
                first = notices.first_mail(db, row.handoff_id, REQUALIFIED, row.recipient)
            handoff = packet["handoff"]
            standing = still_news.HandoffNow(handoff["state"], packet["owner"], handoff["attempts"])
            if because := still_news.moot(row.kind, row.channel, row.recipient, said, standing):
                return because
            version = handoff_links.link_version(db, row.handoff_id) or 0
            data = {**packet, "url": handoff_url(app, row.handoff_id, now, version=version)}
        elif row.lead_id is not None:
            data = {"lead": lead_of(packets.lead(db, row.lead_id))}
        elif row.kind in (DIGEST_SALES, DIGEST_MARKETING):
            return _sent(row, digest_words(db, app, said, now))
        if row.data is not None and data is not said:
            data["news"] = _with_words(app, said, data["lead"], now) if row.kind == LEAD_ACTIVE else said
    return _sent(row, data, thread=None if first is None else f"notice_{first}")


def _sent(row: Row[Any], data: Mapping[str, object], thread: str | None = None) -> Notice:
    return Notice(id=f"notice_{row.id}", kind=row.kind, at=row.at, recipient=row.recipient, data=data, thread=thread)


def digest_words(db: Connection, app: App, figures: Mapping[str, Any], now: datetime) -> dict[str, object]:
    """A weekly digest's letter out of its figures: who stands behind them is read now, so nobody erased is in it."""
    zone = ZoneInfo(app.book.agreement.sla.hours.timezone)
    return letter_of_digest(digest_people(db, app, figures, now), zone)


def digest_people(db: Connection, app: App, figures: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The figures of a digest with their leads; for sales with links, which answer for sales, to the leads' pages."""

    def url_of(handoff_id: int, version: int) -> str:
        return handoff_url(app, handoff_id, now, version=version)

    return digest.with_people(db, figures, url_of if figures["audience"] == "sales" else None)


def _with_words(app: App, said: dict[str, Any], lead: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a lead did, as `tell_owners` notes it, and the same in a sentence."""
    agreement = app.book.agreement
    zone = zone_of(lead["timezone"], agreement)
    on = local_date(datetime.fromisoformat(said["at"]), zone)
    deeds = [Deed(says(agreement, name), count, on, on, worth=1.0) for name, count in said["signals"].items()]
    return {**said, "says": why_now(lead["first_name"], deeds, None, local_date(now, zone))}


def handoff_url(app: App, handoff_id: int, now: datetime, *, version: int) -> str:
    """The rep's page for a handoff, behind a signed link that lives as long as a handoff can stay open.

    `version` is the handoff's `link_version`: of any other version, the link opens nothing (`flows.revoke_links`).
    """
    token = handoff_token(app.settings.secret_key, handoff_id, now + app.handoff_links_live, version)
    return f"{app.settings.base_url}/h/{token}"


def _cancelled(app: App, row: Row[Any], token: UUID, now: datetime, because: str) -> str:
    log.info("a notice is not news any more", extra={"notice_id": row.id, "channel": row.channel})
    with transaction(app.engine) as db:
        notices.settle(db, row.id, token, state="cancelled", now=now, error=because)
    return "cancelled"


def _failed(
    app: App,
    row: Row[Any],
    token: UUID,
    now: datetime,
    words: str,
    *,
    permanent: bool,
    retry_after: float | None,
) -> str:
    again_at = None if permanent else next_try(f"notice_{row.id}", row.tries, now, retry_after)
    state = "failed" if again_at is None else "queued"
    log.warning("a notice was not taken", extra={"notice_id": row.id, "channel": row.channel, "state": state})
    with transaction(app.engine) as db:
        notices.settle(db, row.id, token, state=state, now=now, next_at=again_at, error=words[:500])
    return state
