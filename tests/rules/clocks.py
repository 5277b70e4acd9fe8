"""Strategies for what clocks do: every zone there is, and days on which its clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from hypothesis import strategies as st

from nurture.grammar.windows import Hours
from nurture.grammar.zones import zone_names
from nurture.rules.calendar import zone_info

ODD_ZONES = (
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Apia",  # skipped 30 December 2011
    "Pacific/Chatham",  # 12:45, and changes at 2:45
    "Africa/Cairo",  # changes at midnight
    "Asia/Beirut",  # changes at midnight
    "America/Havana",  # changes at 0:00 and 1:00
    "Atlantic/Azores",  # back over midnight
    "America/Nuuk",  # forward over midnight
    "America/Asuncion",
    "Africa/Casablanca",  # back for Ramadan
    "Antarctica/Troll",  # by two hours
    "Europe/Dublin",  # winter time is the exception
    "Asia/Kathmandu",
    "America/Chicago",
    "Europe/Berlin",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
)
FIRST, LAST = date(2000, 1, 1), date(2040, 12, 31)


@cache
def change_days(zone: str) -> tuple[date, ...]:
    """Local days among which, within a few, the offset of a zone changes."""
    info = zone_info(zone)
    looked = [datetime(FIRST.year, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(0, (LAST - FIRST).days, 4)]
    offsets = [noon.astimezone(info).utcoffset() for noon in looked]
    changed = [looked[n - 1] for n in range(1, len(looked)) if offsets[n] != offsets[n - 1]]
    return tuple(noon.astimezone(info).date() + timedelta(days=n) for noon in changed for n in range(6))


zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(sorted(zone_names())))


@st.composite
def zone_and_day(draw: st.DrawFn) -> tuple[str, date]:
    """A zone and, more often than not, a day near a change of its clocks."""
    zone = draw(zones)
    changes = change_days(zone)
    if changes and draw(st.integers(0, 3)):
        return zone, draw(st.sampled_from(changes))
    return zone, draw(st.dates(FIRST, LAST))


@st.composite
def hours_of_day(draw: st.DrawFn) -> Hours:
    """Hours of any length; many in the night, where clocks change."""
    last = draw(st.sampled_from((5 * 60, 24 * 60 - 1)))
    start = draw(st.integers(0, last - 1))
    end = draw(st.integers(start + 1, last))
    return Hours(time(*divmod(start, 60)), time(*divmod(end, 60)))


def is_inside(at: datetime, day: date, hours: Hours, zone: str) -> bool:
    """What every slot must keep to, said as simply as can be: the clock on the wall, read at that instant."""
    wall = at.astimezone(zone_info(zone))
    return wall.date() == day and hours.start <= wall.time() < hours.end
