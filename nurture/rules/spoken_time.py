"""Days and times as people say them, the same in every locale: always the lead's own, with its zone."""

from datetime import date, datetime

from nurture.rules.calendar import WEEKDAYS, local_date, say_day, zone_info


def say_date(day: date, this_year: int) -> str:
    """`Tue 3 Mar`, or `Tue 3 Mar 2027` when it is not this year."""
    return f"{WEEKDAYS[day.weekday()][:3]} {say_day(day, this_year)}"


def say_moment(at: datetime, zone: str, now: datetime) -> str:
    """`Tue 3 Mar at 09:41`, on the clocks of the zone."""
    local = at.astimezone(zone_info(zone))
    return f"{say_date(local.date(), local_date(now, zone).year)} at {local:%H:%M}"


def say_day_of(at: datetime, zone: str, now: datetime) -> str:
    """`Tue 3 Mar`, the day that this instant has in the zone."""
    return say_date(local_date(at, zone), local_date(now, zone).year)


def say_count(count: int, noun: str) -> str:
    """`1 mail`, `2 mails`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
