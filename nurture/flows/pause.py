"""Pause a lead's mail until a day that it chose, or end that pause."""

from datetime import date, datetime

from nurture.app import App
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.flows.decide import decide
from nurture.rules import pausing
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.happenings import Postponed
from nurture.store.choices import choices_of
from nurture.store.merging import lock_living


def pause(app: App, lead_id: int, until: date, now: datetime) -> bool:
    """No nurture mail before this day of the lead's own calendar. The same day twice is fine, another one replaces it.

    Returns:
        Whether there is such a lead.

    Raises:
        UsageError: The day is not after today, or more than a year away.
    """
    return _postpone(app, lead_id, until, now)


def resume(app: App, lead_id: int, now: datetime) -> bool:
    """End the pause; fine where there is none. False if there is no such lead."""
    return _postpone(app, lead_id, None, now)


def _postpone(app: App, lead_id: int, until: date | None, now: datetime) -> bool:
    with transaction(app.engine) as db:
        living = lock_living(db, lead_id)
        there = None if living is None else choices_of(db, living, now)
        if living is None or there is None:
            return False
        zone = zone_of(there.timezone, app.agreement)
        today = local_date(now, zone)
        if until is not None and not pausing.earliest(today) <= until <= pausing.latest(today):
            raise UsageError("a pause ends after today and within a year")
        at = now if until is None else pausing.ends_at(until, zone)
        if until is not None or there.paused_until is not None:
            decide(db, app, {living: Postponed(at, pausing.PAUSED)}, now)
    return True
