"""Recognise whom events are about: by address, by user id, by a tracked link's token, by the browser.

A browser belongs to one lead. What it did earlier is attributed once, and only if it belonged to nobody. A form or an
`identify` moves it from then on; a tracked link never does, for mails get forwarded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from nurture.app import App
from nurture.facts import nothing
from nurture.mail.links import read_visitor
from nurture.store import identities, leads

VISITOR = "nurture_visitor"
"""The query parameter by which a tracked link tells the site whose it is."""

_ALSO_CALLED = {
    "firstName": "first_name",
    "first_name": "first_name",
    "lastName": "last_name",
    "last_name": "last_name",
    "title": "title",
    "position": "title",
    "jobTitle": "title",
    "country": "country",
    "timezone": "timezone",
    "locale": "locale",
    "industry": "industry",
    "source": "source",
}
"""Segment's names of traits (Spec: Identify, "Traits") and ours, to the fields of a profile."""

_MOST_EMPLOYEES = 10**8
"""More than any employer has; a larger number is somebody's mistake, and may not fit the column."""

_NOT_ATTRIBUTES = frozenset({"email", "company", "employees", "name", "address", "id", "owner"})


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event as it came over HTTP, decoded. `occurred_at` is the client's own timestamp `client_at`, corrected."""

    message_id: str
    kind: Literal["page", "track", "identify", "alias"]
    occurred_at: datetime
    received_at: datetime
    source: str
    user_id: str | None = None
    anonymous_id: str | None = None
    email: str | None = None
    name: str | None = None
    path: str | None = None
    url: str | None = None
    properties: Mapping[str, Any] = field(default_factory=nothing)
    traits: Mapping[str, Any] = field(default_factory=nothing)
    client_at: datetime | None = None
    agent: str | None = None


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


@dataclass(slots=True)
class _Book:
    """Who belongs to whom while the batch is read in order, and what is to be written of it."""

    emails: dict[str, int]
    users: dict[str, int]
    visitors: dict[str, int]
    new_users: dict[str, int] = field(default_factory=dict)
    new_visitors: dict[str, int] = field(default_factory=dict)
    moved_visitors: dict[str, int] = field(default_factory=dict)


def recognise(db: Connection, app: App, batch: Sequence[IncomingEvent], now: datetime) -> Recognised:
    """Say whom each event is about, creating leads for addresses nobody has seen; write who belongs to whom."""
    found = Recognised()
    book = _book(db, batch, found, now)
    tokens = [_token(app, event.url) for event in batch]
    there = leads.existing(db, [lead_id for lead_id in tokens if lead_id is not None])
    for event, by_token in zip(batch, tokens, strict=True):
        lead_id = _recognise(event, by_token if by_token in there else None, book)
        found.of.append(lead_id)
        if lead_id is not None and event.kind == "identify":
            found.traits.setdefault(lead_id, {"attributes": {}})
            merge_traits(found.traits[lead_id], event.traits)
    identities.tie(db, "user", book.new_users, now)
    tied = identities.tie(db, "anonymous", book.new_visitors, now)
    identities.move(db, "anonymous", book.moved_visitors, now)
    found.newly_tied = {visitor: lead_id for visitor, lead_id in book.new_visitors.items() if visitor in tied}
    return found


def merge_traits(profile: dict[str, Any], traits: Mapping[str, Any]) -> None:
    """Write Segment's traits into a profile's fields, and the rest into its attributes."""
    for name, value in traits.items():
        if value in (None, ""):
            continue
        if name in _ALSO_CALLED:
            profile[_ALSO_CALLED[name]] = str(value)
        elif name not in _NOT_ATTRIBUTES:
            profile["attributes"][name] = value
    company = traits.get("company")
    if isinstance(company, Mapping):
        profile.update(_company(company))
    elif company:
        profile["company"] = str(company)
    if "employees" in traits:
        profile.update(_company({"employees": traits["employees"]}))
    whole = traits.get("name")
    if isinstance(whole, str) and whole.strip() and "first_name" not in profile:
        first, _, last = whole.strip().partition(" ")
        profile["first_name"], profile["last_name"] = first, last or None
    address = traits.get("address")
    if isinstance(address, Mapping) and address.get("country") and "country" not in profile:
        profile["country"] = str(address["country"])


def _company(company: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, as_field in (("name", "company"), ("industry", "industry")):
        if company.get(name):
            said[as_field] = str(company[name])
    for name in ("employees", "employee_count"):
        try:
            count = int(str(company[name]))
        except (KeyError, ValueError):
            continue
        if 0 <= count <= _MOST_EMPLOYEES:
            said["employees"] = count
    return said


def _book(db: Connection, batch: Sequence[IncomingEvent], found: Recognised, now: datetime) -> _Book:
    addresses = sorted({event.email for event in batch if event.email})
    emails = leads.ids_of(db, addresses)
    strangers = [address for address in addresses if address not in emails]
    if strangers:
        created = leads.insert(db, [{"email": address} for address in strangers], now)
        found.created = set(created.values())
        emails = leads.ids_of(db, addresses)
    return _Book(
        emails=emails,
        users=identities.owners(db, "user", [event.user_id for event in batch if event.user_id]),
        visitors=identities.owners(db, "anonymous", [event.anonymous_id for event in batch if event.anonymous_id]),
    )


def _recognise(event: IncomingEvent, by_token: int | None, book: _Book) -> int | None:
    visitor, owner = event.anonymous_id, None
    said = book.emails.get(event.email) if event.email else None
    if said is None and event.user_id:
        said = book.users.get(event.user_id)
    if said is not None and event.user_id and event.user_id not in book.users:
        book.users[event.user_id] = book.new_users[event.user_id] = said
    if visitor:
        owner = book.visitors.get(visitor)
        tied_to = said if said is not None else by_token
        if owner is None and tied_to is not None:
            book.visitors[visitor] = book.new_visitors[visitor] = tied_to
        elif said is not None and owner != said and _moves(event):
            book.visitors[visitor] = book.moved_visitors[visitor] = said
    if said is not None:
        return said
    return owner if owner is not None else by_token


def _moves(event: IncomingEvent) -> bool:
    """A form (a track that carries an address) or an identify says who sits there now."""
    return event.kind in ("identify", "track", "alias")


def _token(app: App, url: str | None) -> int | None:
    if not url or VISITOR not in url:
        return None
    values = parse_qs(urlsplit(url).query).get(VISITOR)
    return read_visitor(app.settings.secret_key, values[0]) if values else None
