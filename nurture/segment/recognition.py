"""Whom an event is about: by address, by user id, by a tracked link's token, by the browser.

A browser belongs to one lead. What it did earlier is attributed once, and only if it belonged to nobody. A form or an
`identify` moves it from then on; a tracked link never does, for mails get forwarded.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nurture.segment.event import IncomingEvent

Lead = TypeVar("Lead")


@dataclass(slots=True)
class Belongings(Generic[Lead]):
    """Who belongs to whom while events are read in order, and what of it is new.

    Attributes:
        emails: leads by address.
        users: leads by user id.
        visitors: leads by anonymous id.
        new_users: user ids that belonged to nobody.
        new_visitors: anonymous ids that belonged to nobody.
        moved_visitors: anonymous ids that belonged to another lead.
    """

    emails: dict[str, Lead]
    users: dict[str, Lead]
    visitors: dict[str, Lead]
    new_users: dict[str, Lead] = field(default_factory=dict)
    new_visitors: dict[str, Lead] = field(default_factory=dict)
    moved_visitors: dict[str, Lead] = field(default_factory=dict)

    def recognise(self, event: IncomingEvent, by_token: Lead | None = None) -> Lead | None:
        """Say whom the event is about, and note what it says of who belongs to whom.

        Args:
            event: the next one.
            by_token: the lead whose tracked link led to the page, if one did.
        """
        visitor, owner = event.anonymous_id, None
        said = self.emails.get(event.email) if event.email else None
        if said is None and event.user_id:
            said = self.users.get(event.user_id)
        if said is not None and event.user_id and event.user_id not in self.users:
            self.users[event.user_id] = self.new_users[event.user_id] = said
        if visitor:
            owner = self.visitors.get(visitor)
            tied_to = said if said is not None else by_token
            if owner is None and tied_to is not None:
                self.visitors[visitor] = self.new_visitors[visitor] = tied_to
            elif said is not None and owner != said and _moves(event):
                self.visitors[visitor] = self.moved_visitors[visitor] = said
        if said is not None:
            return said
        return owner if owner is not None else by_token


def _moves(event: IncomingEvent) -> bool:
    """A form (a track that carries an address) or an identify says who sits there now."""
    return event.kind in ("identify", "track", "alias")
