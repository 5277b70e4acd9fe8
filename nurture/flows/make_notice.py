"""Make of a row of the outbox what is sent: the packet, or the letter, with everything as it is now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.flows.announce import DIGEST_MARKETING, DIGEST_SALES, LEAD_ACTIVE, REQUALIFIED
from nurture.flows.packet_of import lead_of, packet_of
from nurture.mail.links import handoff_token
from nurture.messages import Notice
from nurture.notifiers.digest import words as letter_of_digest
from nurture.rules import still_news
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.spoken_deeds import says
from nurture.rules.why_now import Deed, why_now
from nurture.store import digest, handoff_links, notices, packets

_ERASED = "the lead was erased meanwhile"


def make_notice(app: App, row: Row[Any], now: datetime) -> Notice | str:
    """What is to be sent, with everything as it is now; or why nothing is to be sent any more."""
    said: dict[str, Any] = row.data or {}
    data, first = said, None
    with transaction(app.engine) as db:
        if row.handoff_id is not None:
            packet = packet_of(db, app, row.handoff_id, now)
            if packet is None:
                return _ERASED
            if row.channel == "email" and row.kind != REQUALIFIED:
                first = notices.first_mail(db, row.handoff_id, REQUALIFIED, row.recipient)
            handoff = packet["handoff"]
            standing = still_news.HandoffNow(handoff["state"], packet["owner"], handoff["attempts"])
            if because := still_news.moot(row.kind, row.channel, row.recipient, said, standing):
                return because
            version = handoff_links.link_version(db, row.handoff_id) or 0
            data = {**packet, "url": handoff_url(app, row.handoff_id, now, version=version)}
        elif row.lead_id is not None:
            lead = packets.lead(db, row.lead_id)
            if lead is None:
                return _ERASED
            data = {"lead": lead_of(lead)}
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
