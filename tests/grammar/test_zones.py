import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.grammar.zones import HolidaysMistake, ZoneMistake, parse_holidays, parse_zone, zone_names
from tests.grammar.asking import mistake_in


@pytest.mark.parametrize(
    "name", ["America/Chicago", "Europe/Berlin", "Asia/Kolkata", "UTC", "America/Argentina/Buenos_Aires"]
)
def test_zones_of_the_tz_database(name):
    assert parse_zone(name) == name


def test_every_zone_that_is_taken_can_be_used():
    assert all(ZoneInfo(name) for name in zone_names())


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("America/Chigaco", "did you mean `America/Chicago`?"),
        ("Chicago", "did you mean `America/Chicago`?"),
        ("america/chicago", "did you mean `America/Chicago`?"),
        ("US/New York", "did you mean `America/New_York`?"),
        ("qqqqqqqq", "such as `America/Chicago`"),
        ("localtime", None),
        ("../../etc/passwd", None),
        ("", "such as `America/Chicago`"),
        (None, "such as `America/Chicago`"),
        (5, None),
    ],
)
def test_what_is_no_zone_is_refused_with_the_nearest(name, hint):
    with pytest.raises(ZoneMistake) as caught:
        parse_zone(name)
    if hint:
        assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("value", "name"), [("US", "US"), ("US-IL", "US-IL"), ("DE-BY", "DE-BY"), ("us", "US"), (" gb ", "GB")]
)
def test_holiday_calendars_of_the_library(value, name):
    assert parse_holidays(value) == name


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("USA", "`USA` has no holiday calendar (did you mean `US`?)"),
        ("XX", "`XX` has no holiday calendar (a country's two letters, such as `US` or `DE-BY`)"),
        ("US-XX", "`US-XX` has no holiday calendar of its own"),
        ("US-", "has no holiday calendar of its own (write `US`)"),
        ("", "has no holiday calendar"),
        (None, "has no holiday calendar"),
        (True, "has no holiday calendar"),
    ],
)
def test_what_is_no_holiday_calendar_is_refused(value, words):
    with pytest.raises(HolidaysMistake) as caught:
        parse_holidays(value)
    assert words in str(caught.value)


def test_checking_a_country_loads_no_countries():
    code = (
        "import sys; from nurture.grammar.zones import parse_holidays; parse_holidays('US'); parse_holidays('de');"
        "print(*(name for name in sys.modules if name.startswith('holidays.countries')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


@given(st.text() | st.none() | st.integers())
def test_anything_else_is_a_mistake_and_nothing_worse(value):
    for parse in (parse_zone, parse_holidays):
        assert "\n" not in str(mistake_in(parse, value))
