"""Find the lead that a report is about."""

from datetime import datetime

from sqlalchemy import Connection

from nurture.errors import NotFound
from nurture.facts import LeadState
from nurture.rules.book import Rulebook
from nurture.store import leads
from nurture.store.states import states


def lead_with(db: Connection, book: Rulebook, email: str, now: datetime) -> tuple[int, LeadState]:
    """The lead with this address, and what rules know of it. Nothing is locked: one that is just merged is asked again.

    Raises:
        NotFound: There is no such lead.
    """
    while (lead_id := leads.id_of(db, email)) is not None:
        if found := states(db, book, [lead_id], now):
            return lead_id, found[0]
    raise NotFound(f"no lead with the address {email}")
