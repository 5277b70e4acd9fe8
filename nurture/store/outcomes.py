"""Write what the rules decided, for a whole batch of leads, one statement a kind of fact.

The order matters: what ends is written before what begins, because the database allows one live enrollment and one
nurture mail a local day.
"""

from datetime import datetime

from sqlalchemy import Connection

from nurture.store import outcomes_lead as lead
from nurture.store import outcomes_mail as mail
from nurture.store.decided import Decisions
from nurture.trips import Trip


def save(db: Connection, decided: Decisions, now: datetime) -> None:
    """Write every effect but the handoffs offered, which `flows.hand_off` opens. The leads must be locked."""
    trip = Trip(db)
    lead.save_leads(trip, decided, now)
    lead.save_stages(trip, decided, now)
    lead.save_cycles(trip, decided)
    lead.save_counts(trip, decided)
    lead.save_scores(trip, decided)
    mail.save_leaving(trip, decided, now)
    mail.save_cancelled(trip, decided)
    mail.save_enrolled(trip, decided)
    mail.save_planned(trip, decided)
    mail.save_queued(trip, decided, now)
    trip.go()
    lead.save_handoffs(db, decided, now)
    lead.save_suppressed(db, decided, now)
