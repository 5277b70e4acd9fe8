"""Queue news for sales and marketing, in the transaction of what they tell of: the outbox's front door.

Nothing is sent here. `tell` does that, channel by channel, once the transaction is committed (`app.nudge("notices")`);
what is never committed is never told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.store import notices

REQUALIFIED = "lead.requalified"
"""A lead is offered to sales; `to` is the owner. Everything else about a handoff is threaded to this mail."""

REMINDED = "handoff.reminded"
"""The owner owes an answer, an attempt or an outcome; `data` says what: `{"promise", "due_at"}`."""

ESCALATED = "handoff.escalated"
"""The owner still owes it; `to` is who is to know. `data`: `{"promise", "due_at", "owner"}`."""

REASSIGNED = "handoff.reassigned"
"""Somebody else has the lead now; `to` are both. `data`: `{"from", "to", "by", "because"}`, each text or null."""

RETURNED = "handoff.returned"
"""The lead went back to nurture because sales did not do what it promised. `data`: `{"promise", "due_at", "owner"}`."""

OUTCOME_ASKED = "handoff.outcome_asked"
"""The owner is asked what became of the lead; `data`: `{"due_at"}`."""

LEAD_ACTIVE = "lead.active"
"""A rep's lead did something that the agreement wants told (`tell: owner`). `data`: `{"signal", "at", "owner",
"signals"}`: what it did first, when it did something last, and how often what each signal asks for."""

DIGEST_SALES, DIGEST_MARKETING = "digest.sales", "digest.marketing"
"""The week in figures; `data` is the whole letter's content."""

KINDS = (
    REQUALIFIED,
    REMINDED,
    ESCALATED,
    REASSIGNED,
    RETURNED,
    OUTCOME_ASKED,
    LEAD_ACTIVE,
    DIGEST_SALES,
    DIGEST_MARKETING,
)


@dataclass(frozen=True, slots=True)
class News:
    """One thing to be told.

    Attributes:
        about: What it is of; the same thing is told once a kind, channel and recipient. Such as `handoff:12`,
            `handoff:12/accept/1`, `lead:5/event:99`, `digest:sales/2026-W47`.
        to: The addresses to mail it to. Other channels are told once, whoever it is for.
        handoff_id: The handoff that it is about: with it the whole packet is told, as it is when it is sent.
        lead_id: The lead that it is about, where there is no handoff; the news goes when the lead is erased.
        data: What cannot be read again when it is sent; see the kinds above. No more of a person than has to be.
    """

    about: str
    to: Sequence[str] = ()
    handoff_id: int | None = None
    lead_id: int | None = None
    data: Mapping[str, object] | None = None


def announce(
    db: Connection,
    app: App,
    kind: str,
    *,
    about: str,
    at: datetime,
    handoff_id: int | None = None,
    lead_id: int | None = None,
    to: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
    channels: Sequence[str] | None = None,
) -> None:
    """Queue one piece of news: a mail to each of `to`, and one notice for every other channel that is set up.

    Args:
        db: The transaction of what it tells of.
        app: Its channels are those that are set up.
        kind: One of `KINDS`.
        about: What it is of, see `News`; said again, nothing is queued.
        at: When it happened.
        handoff_id: See `News`.
        lead_id: See `News`.
        to: See `News`.
        data: See `News`.
        channels: Only these, where they are set up; all by default.
    """
    announce_all(db, app, kind, [News(about, to, handoff_id, lead_id, data)], at=at, channels=channels)


def announce_all(
    db: Connection, app: App, kind: str, news: Sequence[News], *, at: datetime, channels: Sequence[str] | None = None
) -> None:
    """Queue many pieces of news of one kind in one statement, whatever their number and that of the channels."""
    open_channels = [channel for channel in app.channels if channels is None or channel in channels]
    rows = [
        notices.Queued(one.about, channel, recipient, one.handoff_id, one.lead_id, one.data)
        for one in news
        for channel in open_channels
        for recipient in (_addresses(one) if channel == "email" else (None,))
    ]
    notices.queue(db, kind, rows, at=at)


def _addresses(news: News) -> list[str]:
    return [address for address in dict.fromkeys(news.to) if address]
