"""What people write after `--since` and `--until`."""

from datetime import datetime, timedelta

from nurture.errors import UsageError
from nurture.grammar.durations import parse_calendar_duration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.zones import Zone
from nurture.rules import calendar


def begin_of(said: str, now: datetime, zone: Zone, *, option: str = "--since") -> datetime:
    """The instant that `--since` or `--until` means: a day begins where the company is."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        try:
            return now - timedelta(days=parse_calendar_duration(said).days)
        except Mistake:
            raise UsageError(
                f"{option} takes a date, a time or a number of days, such as 2026-03-02 or 7 days; {said!r} is none"
            ) from None
    return at if at.tzinfo is not None else calendar.first_instant(at.date(), at.time(), zone)
