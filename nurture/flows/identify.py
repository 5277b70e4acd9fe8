"""Recognise whom events are about, and write who belongs to whom. How, says `nurture.segment.recognition`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from nurture.app import App
from nurture.mail.links import read_visitor
from nurture.segment.event import IncomingEvent
from nurture.segment.recognition import Belongings
from nurture.segment.traits import merge_traits
from nurture.segment.visitor import VISITOR
from nurture.store import identities, leads


@dataclass(slots=True)
class Recognised:
    """Who the events of a batch are about. `of` has one lead (or None) for each event, in order."""

    of: list[int | None] = field(default_factory=list)
    created: set[int] = field(default_factory=set)
    newly_tied: dict[str, int] = field(default_factory=dict)
    traits: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def lead_ids(self) -> set[int]:
        """Every lead that the batch concerns."""
        return {lead_id for lead_id in self.of if lead_id is not None} | set(self.newly_tied.values())

    def profiles(self) -> list[tuple[int, dict[str, Any]]]:
        """What the batch says of leads' profiles."""
        return sorted(self.traits.items())


def recognise(db: Connection, app: App, batch: Sequence[IncomingEvent], now: datetime) -> Recognised:
    """Say whom each event is about, creating leads for addresses nobody has seen; write who belongs to whom."""
    found = Recognised()
    book = _book(db, batch, found, now)
    tokens = [_token(app, event.url) for event in batch]
    there = leads.existing(db, [lead_id for lead_id in tokens if lead_id is not None])
    for event, by_token in zip(batch, tokens, strict=True):
        lead_id = book.recognise(event, by_token if by_token in there else None)
        found.of.append(lead_id)
        if lead_id is not None and event.kind == "identify":
            found.traits.setdefault(lead_id, {"attributes": {}})
            merge_traits(found.traits[lead_id], event.traits)
    identities.tie(db, "user", book.new_users, now)
    tied = identities.tie(db, "anonymous", book.new_visitors, now)
    identities.move(db, "anonymous", book.moved_visitors, now)
    found.newly_tied = {visitor: lead_id for visitor, lead_id in book.new_visitors.items() if visitor in tied}
    return found


def _book(db: Connection, batch: Sequence[IncomingEvent], found: Recognised, now: datetime) -> Belongings[int]:
    addresses = sorted({event.email for event in batch if event.email})
    emails = leads.ids_of(db, addresses)
    strangers = [address for address in addresses if address not in emails]
    if strangers:
        created = leads.insert(db, [{"email": address} for address in strangers], now)
        found.created = set(created.values())
        emails = leads.ids_of(db, addresses)
    return Belongings(
        emails=emails,
        users=identities.owners(db, "user", [event.user_id for event in batch if event.user_id]),
        visitors=identities.owners(db, "anonymous", [event.anonymous_id for event in batch if event.anonymous_id]),
    )


def _token(app: App, url: str | None) -> int | None:
    if not url or VISITOR not in url:
        return None
    values = parse_qs(urlsplit(url).query).get(VISITOR)
    return read_visitor(app.settings.secret_key, values[0]) if values else None
