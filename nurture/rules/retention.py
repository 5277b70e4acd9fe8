"""How long events are kept, and when a clock that says so is believed. Pure.

What is dropped never comes back, and it is a clock that says what is old. So a clock is asked twice: it must agree with
the database's own, and it must have gone steadily for a day. One that has just jumped, or has not been seen for days,
is looked at for a day first; that is time enough for whoever sees the mails of 2035 go out.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from nurture.agreement import Retention

AGREES_WITHIN = timedelta(hours=1)
"""So far two machines may be apart. More is a mistake, or a clock that is set by hand, as the demo's is."""

STEADY_FOR = timedelta(days=1)
"""So long a clock must have gone steadily before anything is dropped by it."""

MOST_BETWEEN_LOOKS = timedelta(days=2)
"""A longer step than this, or one back, and the clock is looked at anew."""

_BACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Watch:
    """When the clock was looked at last, and since when it has gone steadily."""

    looked_at: datetime | None = None
    steady_since: datetime | None = None

    def at(self, now: datetime) -> "Watch":
        """The watch after a look at a clock that says `now`."""
        if self.looked_at is None or self.steady_since is None:
            return Watch(now, now)
        step = now - self.looked_at
        return Watch(now, self.steady_since if -_BACK <= step <= MOST_BETWEEN_LOOKS else now)


def doubt(watch: Watch, database_now: datetime) -> str | None:
    """Why nothing may be dropped by this clock now, in plain words; None where it may.

    Args:
        watch: after the look at which the clock said what it says.
        database_now: what the database's own clock says at that moment.
    """
    if watch.looked_at is None or watch.steady_since is None:
        return "nobody has looked at the clock"
    if abs(watch.looked_at - database_now) > AGREES_WITHIN:
        return f"the clock says {_said(watch.looked_at)}, the database's {_said(database_now)}"
    until = watch.steady_since + STEADY_FOR
    if watch.looked_at < until:
        return f"the clock is believed from {_said(until)} on"
    return None


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %Y %H:%M} UTC"


def events_from(retention: Retention, now: datetime) -> date:
    """The first day of which events are kept: that of a month, for months are dropped whole."""
    oldest = (now - timedelta(days=retention.events.days)).astimezone(UTC).date()
    return date(oldest.year, oldest.month, 1)


def visitors_from(retention: Retention, now: datetime) -> datetime | None:
    """Since when the events of visitors are kept who never said who they are; None: as long as all others."""
    return None if retention.visitors is None else now - timedelta(days=retention.visitors.days)
