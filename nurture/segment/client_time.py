"""When an event really happened, by a clock that may be wrong. Pure.

Segment's rule (HTTP tracking API, "timestamps"): occurred = received − (sent − said). What the client's clock is off by
stands on both sides and falls out; what is left is how long the event waited to be sent. Where that cannot be (sent
before it happened, or decades later) the time of sending is of no use, and the time of the event stands by itself.
"""

import re
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No event is older. What seems to be was stamped by a clock that had not been set."""

_MILLISECONDS_FROM = 1e11
_UNIX = re.compile(r"[0-9]{10}|[0-9]{13}")
_UNEVEN = timedelta(minutes=1)
"""So much earlier than the event may it have been sent: clocks are set while things wait."""


def parse_time(value: object) -> datetime | None:
    """An instant out of ISO 8601 text (UTC where it has no offset), Unix seconds or milliseconds; else None."""
    try:
        if isinstance(value, str) and _UNIX.fullmatch(value):
            value = int(value)
        if isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            at = datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, UTC)
        else:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def occurred_at(said: datetime | None, sent: datetime | None, received: datetime) -> datetime:
    """When the event happened, between `EARLIEST` and `received`.

    Args:
        said: the client's own timestamp of the event.
        sent: the same clock when the client sent it; without it the client's clock is believed.
        received: our clock.
    """
    if said is None:
        return received
    if sent is not None and -_UNEVEN <= sent - said <= received - EARLIEST:
        return min(received - (sent - said), received)
    return said if EARLIEST <= said <= received else received
