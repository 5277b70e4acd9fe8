"""Business time of a chaos: the row of the demo, which every process reads, moved by hand in any direction.

Machine time (leases, rates, rests of a mailer) stays real.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from nurture.db import transaction
from nurture.store import business_time


@dataclass
class BusinessClock:
    """What it shows, and shall show.

    Attributes:
        now: What the row says.
        until: Where the round ends; moved on too when time jumps forward beyond it.
    """

    engine: Engine
    now: datetime
    until: datetime

    def set(self, now: datetime) -> None:
        """Show this, whatever it showed before. Raises OperationalError while PostgreSQL is away."""
        with transaction(self.engine) as db:
            business_time.step_to(db, now)
        self.now = now
        self.until = max(self.until, now)

    def jump(self, by: timedelta) -> None:
        """Show so much more, or less."""
        self.set(self.now + by)
