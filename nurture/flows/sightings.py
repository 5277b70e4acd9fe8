"""Who was seen at which browser in a batch of events, and what that changes of whose they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from nurture.segment.names import Name, Names
from nurture.segment.ownership import Claim, Span, Stretch, changed, owner, stretches
from nurture.segment.recognition import Party, People
from nurture.store import attribution, identities
from nurture.store.identities import Browser, NewClaim, Waiting
from nurture.trips import Trip


@dataclass(frozen=True, slots=True)
class _Seen:
    """One sighting. Who it is: a party, a lead by a tracked link's token, or a user id that is nobody's yet."""

    visitor: str
    at: datetime
    place: int
    moves: bool
    party: Party[int] | None = None
    token: int | None = None
    user: str | None = None

    @property
    def lead(self) -> int | None:
        """The lead that it is, as far as that is settled."""
        return self.token if self.party is None else self.party.lead


@dataclass(slots=True)
class Sightings:
    """What a batch tells of browsers.

    Attributes:
        browsers: whose each is, as written down.
        people: whose each name is, as written down.
        moving: browsers that may become somebody else's by this batch, for some time at least.
        leads: leads that may gain or lose events by it.
    """

    browsers: Mapping[str, Browser]
    people: Mapping[Name, int]
    moving: set[str] = field(default_factory=set)
    leads: set[int] = field(default_factory=set)
    _seen: list[_Seen] = field(default_factory=list)
    _at: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    _waiting: Sequence[Waiting] = ()
    _claims: dict[str, list[Claim[int]]] = field(default_factory=dict)
    _became: Mapping[int, int] = field(default_factory=dict)
    _after: dict[str, tuple[Stretch[int], ...]] = field(default_factory=dict)
    _long_ago: set[str] = field(default_factory=set)

    def see(self, place: int, at: datetime, names: Names, party: Party[int] | None, token: int | None) -> None:
        """Take in one event's browsers. Whom it names goes before whose link led there."""
        for visitor in names.visitors:
            if visitor == names.previous and ("user", visitor) in self.people:
                continue  # an alias of a user id, not of a browser
            self._at.setdefault(place, (visitor, at))
            browser = self.browsers.get(visitor)
            if browser is not None:
                self.leads.add(browser.lead_id)
                if browser.moved and at < browser.since:
                    self._long_ago.add(visitor)
            if party is not None:
                self._take(_Seen(visitor, at, place, names.moves, party=party), browser)
            elif names.people:
                self._seen.append(_Seen(visitor, at, place, names.moves, user=names.people[0][1]))
            if token is not None:
                self._take(_Seen(visitor, at, place, moves=False, token=token), browser)

    def _take(self, seen: _Seen, browser: Browser | None) -> None:
        """Note a sighting that says anything, and whether it can change whose the browser is."""
        if browser is None or (seen.moves and seen.lead != browser.lead_id) or _is_old_news(seen, browser):
            self.moving.add(seen.visitor)
            self._seen.append(seen)
        elif seen.moves:
            self._seen.append(seen)

    @property
    def told(self) -> set[str]:
        """Browsers of which the batch says anything or asks for what was said: nobody may change it meanwhile."""
        return {seen.visitor for seen in self._seen} | self._long_ago

    def wait_for(self, db: Connection, users: Sequence[str]) -> None:
        """Read which browsers wait for user ids that are somebody's now."""
        self._waiting = identities.waiting(db, users)
        self.moving.update(row.anonymous_id for row in self._waiting)
        self.leads |= attribution.holders(db, users)

    def load(self, trip: Trip) -> set[int]:
        """Read what was claimed of these browsers before; gives all leads that may gain or lose events then."""
        self._claims = identities.claims(trip, self.moving | self._long_ago)
        self.leads |= {claim.lead for claims in self._claims.values() for claim in claims}
        return self.leads

    def settle(
        self, db: Connection, people: People[int], users: Mapping[str, int], now: datetime
    ) -> list[tuple[str, Span[int]]]:
        """Write what was seen; gives the times in which browsers are another lead's than before.

        The leads of all parties are settled, and what merged leads had has been given to those that live on.
        """
        self._became = {lead: party.lead for party in people.joined() if party.lead is not None for lead in party.leads}
        fresh = self._write(db, users, now)
        spans: list[tuple[str, Span[int]]] = []
        owners: dict[str, Browser] = {}
        for visitor in sorted(self._claims):
            old = [self._living(claim) for claim in self._claims[visitor]]
            after = self._after[visitor] = stretches([*old, *fresh.get(visitor, ())])
            if visitor in self.moving and after:
                spans += [(visitor, span) for span in changed(stretches(old), after)]
                owners[visitor] = Browser(after[-1].lead, after[-1].since, len(after) > 1)
        identities.own(db, owners)
        return spans

    def _write(self, db: Connection, users: Mapping[str, int], now: datetime) -> dict[str, list[Claim[int]]]:
        """Write down the claims; gives those of which the leads are known only now, in the order of their places."""
        fresh: dict[str, list[Claim[int]]] = {}
        for row in self._waiting:
            fresh.setdefault(row.anonymous_id, []).append(Claim(row.at, users[row.user_id], row.moves))
        identities.resolve(db, users)
        new: list[NewClaim] = []
        for seen in self._seen:
            new.append(NewClaim(seen.visitor, seen.at, seen.lead, seen.user, seen.moves))
            if seen.lead is not None:
                fresh.setdefault(seen.visitor, []).append(Claim(seen.at, seen.lead, seen.moves, seen.place))
        identities.sweep(db, identities.claim(Trip(db), new), now)
        return fresh

    def lead(self, place: int, token: int | None) -> int | None:
        """Whose the browser was when the event at this place happened; without a browser, whose link it was."""
        if place not in self._at:
            return token
        visitor, at = self._at[place]
        known = self._after.get(visitor)
        if known is not None:
            return owner(known, at, place)
        browser = self.browsers.get(visitor)
        return None if browser is None else self._became.get(browser.lead_id, browser.lead_id)

    def _living(self, claim: Claim[int]) -> Claim[int]:
        lead = self._became.get(claim.lead, claim.lead)
        return claim if lead == claim.lead else Claim(claim.at, lead, claim.moves, claim.place)


def _is_old_news(seen: _Seen, browser: Browser) -> bool:
    """Whether it tells of a time before the browser was its owner's, and that may matter."""
    return seen.at < browser.since and (browser.moved or not seen.moves)
