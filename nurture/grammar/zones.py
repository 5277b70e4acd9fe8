"""Time zones and holiday calendars, checked against the lists that the machine has."""

import re
from functools import lru_cache
from typing import Annotated
from zoneinfo import available_timezones

from nurture.grammar.mistakes import Mistake, did_you_mean, quoted
from nurture.grammar.national_days import country_holidays
from nurture.grammar.patterns import spoken
from nurture.grammar.spoken import Spoken

_NOT_A_PLACE = frozenset({"localtime", "posixrules", "Factory"})


class ZoneMistake(Mistake):
    """No time zone."""

    topic = "zone"


class HolidaysMistake(Mistake):
    """No holiday calendar."""

    topic = "holidays"


def parse_zone(value: object) -> str:
    """Take a name of the tz database, such as `America/Chicago`.

    Raises:
        ZoneMistake: there is no such zone.
    """
    name = value.strip() if isinstance(value, str) else ""
    if name in zone_names():
        return name
    raise ZoneMistake(f"{quoted(value)} is not a time zone", hint=_near_zone(name) or "such as `America/Chicago`")


def parse_holidays(value: object) -> str:
    """Take a country, or a country and a part of it, that the `holidays` library knows: `US`, `US-IL`, `DE-BY`.

    Raises:
        HolidaysMistake: the library knows no such country, or no such part of it.
    """
    name = value.strip() if isinstance(value, str) else ""
    name = name.upper() if name.isascii() else ""
    country, _, part = name.partition("-")
    if country not in _countries():
        meant = _country_aliases().get(country)
        hint = f"did you mean `{meant}`?" if meant else "a country's two letters, such as `US` or `DE-BY`"
        raise HolidaysMistake(f"{quoted(value)} has no holiday calendar", hint=hint)
    if "-" in name and part not in _parts(country):
        raise HolidaysMistake(
            f"{quoted(value)} has no holiday calendar of its own",
            hint=did_you_mean(part, _parts(country)) or f"write `{country}`",
        )
    return name


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every zone of the tz database."""
    return frozenset(available_timezones()) - _NOT_A_PLACE


def _near_zone(name: str) -> str | None:
    city = re.sub(r"\s+", "_", name.rpartition("/")[2]).casefold()
    same_city = sorted(zone for zone in zone_names() if zone.rpartition("/")[2].casefold() == city)
    return f"did you mean `{same_city[0]}`?" if same_city else did_you_mean(name, zone_names())


# The library takes a good part of a second to import. Its registry is enough to know a country; only a part of one
# needs that country's module.


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    from holidays.registry import COUNTRIES

    return frozenset(code for names in COUNTRIES.values() for code in names[1:] if len(code) == 2)


@lru_cache(maxsize=1)
def _country_aliases() -> dict[str, str]:
    from holidays.registry import COUNTRIES

    return {alias.upper(): names[1] for names in COUNTRIES.values() for alias in names}


@lru_cache(maxsize=32)
def _parts(country: str) -> tuple[str, ...]:
    return tuple(country_holidays(country).subdivisions)


Zone = Annotated[
    str,
    Spoken(
        parse_zone,
        schema=spoken(
            "[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*",
            ["America/Chicago", "America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "UTC"],
            "write a time zone's name, like `America/Chicago`",
        ),
    ),
]
"""A name of the tz database."""

HolidayCalendar = Annotated[
    str,
    Spoken(
        parse_holidays,
        schema=spoken(
            "[A-Za-z]{2}(?:-[^-].*)?",
            ["US", "GB", "DE-BY"],
            "write a country's two letters, or those and a part of it, like `US` or `DE-BY`",
        ),
    ),
]
"""Whose public holidays are kept: a country's code, or a country's and its part's."""
