from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.grammar.windows import Hours
from nurture.rules import calendar
from tests.rules.clocks import hours_of_day, is_inside, zone_and_day
from tests.rules.examples import utc

MINUTE = timedelta(minutes=1)


def test_the_local_date_is_the_one_on_the_wall() -> None:
    at = utc(2026, 3, 2, 5, 30)
    assert calendar.local_date(at, "America/Chicago") == date(2026, 3, 1)
    assert calendar.local_date(at, "Asia/Tokyo") == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "instant"),
    [
        pytest.param(date(2026, 3, 2), time(9), "America/Chicago", utc(2026, 3, 2, 15), id="plain"),
        pytest.param(date(2026, 3, 8), time(2, 30), "America/Chicago", utc(2026, 3, 8, 8), id="gap"),
        pytest.param(
            date(2026, 11, 1), time(1, 30), "America/Chicago", utc(2026, 11, 1, 6, 30), id="fold-is-the-first"
        ),
        pytest.param(
            date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", utc(2026, 10, 3, 15, 30), id="half-hour-gap"
        ),
        pytest.param(date(2026, 9, 27), time(3, 0), "Pacific/Chatham", utc(2026, 9, 26, 14), id="chatham"),
        pytest.param(date(2011, 12, 30), time(12), "Pacific/Apia", utc(2011, 12, 30, 10), id="skipped-day"),
        pytest.param(date(2026, 4, 24), time(0, 10), "Africa/Cairo", utc(2026, 4, 23, 22), id="midnight-gap"),
        pytest.param(date(2026, 3, 8), time(2, 30, 7, 5), "America/Chicago", utc(2026, 3, 8, 8), id="gap-microseconds"),
    ],
)
def test_a_wall_time_is_an_instant(day: date, clock: time, zone: str, instant: datetime) -> None:
    assert calendar.first_instant(day, clock, zone) == instant


def test_ordinary_hours_are_one_stretch() -> None:
    assert calendar.open_hours(date(2026, 3, 3), time(9), time(11, 30), "Europe/Berlin") == (
        (utc(2026, 3, 3, 8), utc(2026, 3, 3, 10, 30)),
    )


def test_hours_that_begin_in_a_gap_begin_when_it_ends() -> None:
    assert calendar.open_hours(date(2026, 3, 8), time(2), time(3, 30), "America/Chicago") == (
        (utc(2026, 3, 8, 8), utc(2026, 3, 8, 8, 30)),
    )


def test_hours_that_end_in_a_gap_end_when_it_begins() -> None:
    assert calendar.open_hours(date(2026, 3, 8), time(1, 30), time(2, 30), "America/Chicago") == (
        (utc(2026, 3, 8, 7, 30), utc(2026, 3, 8, 8)),
    )


def test_hours_wholly_in_a_gap_do_not_exist() -> None:
    assert calendar.open_hours(date(2026, 3, 8), time(2, 10), time(2, 50), "America/Chicago") == ()
    assert calendar.open_hours(date(2011, 12, 30), time(0), time(23, 59), "Pacific/Apia") == ()


def test_hours_around_a_fold_are_an_hour_longer() -> None:
    ((opened, closed),) = calendar.open_hours(date(2026, 11, 1), time(0, 30), time(3), "America/Chicago")
    assert closed - opened == timedelta(hours=3, minutes=30)


def test_hours_that_begin_in_a_fold_come_in_two_stretches() -> None:
    assert calendar.open_hours(date(2026, 11, 1), time(1, 30), time(3), "America/Chicago") == (
        (utc(2026, 11, 1, 6, 30), utc(2026, 11, 1, 7)),
        (utc(2026, 11, 1, 7, 30), utc(2026, 11, 1, 9)),
    )


def test_hours_until_midnight_last_until_the_day_ends() -> None:
    assert calendar.open_hours(date(2026, 3, 3), time(22), time(0), "UTC") == ((utc(2026, 3, 3, 22), utc(2026, 3, 4)),)


def test_hours_that_end_before_they_begin_are_none() -> None:
    assert calendar.open_hours(date(2026, 3, 3), time(17), time(9), "UTC") == ()


@settings(max_examples=48, deadline=None)
@given(where=zone_and_day(), hours=hours_of_day())
def test_open_hours_are_exactly_the_minutes_at_which_the_wall_clock_shows_them(
    where: tuple[str, date], hours: Hours
) -> None:
    zone, day = where
    segments = calendar.open_hours(day, hours.start, hours.end, zone)
    begin = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    at = begin
    while at < begin + timedelta(hours=54):
        is_open = any(opened <= at < closed for opened, closed in segments)
        assert is_open == is_inside(at, day, hours, zone), at
        at += timedelta(minutes=5)
    for opened, closed in segments:
        assert is_inside(opened, day, hours, zone)
        assert is_inside(closed - timedelta(microseconds=1), day, hours, zone)


@settings(max_examples=80, deadline=None)
@given(where=zone_and_day(), minute=st.integers(0, 24 * 60 - 1))
def test_the_first_instant_shows_the_wall_time_or_the_end_of_its_gap(where: tuple[str, date], minute: int) -> None:
    zone, day = where
    info = calendar.zone_info(zone)
    wall = datetime.combine(day, time(*divmod(minute, 60)))
    at = calendar.first_instant(day, wall.time(), zone)
    shown = at.astimezone(info).replace(tzinfo=None)
    before = (at - timedelta(seconds=1)).astimezone(info).replace(tzinfo=None)
    if shown == wall:
        assert at.astimezone(info).fold == 0
    else:
        assert before < wall < shown


@pytest.mark.parametrize(
    ("named", "day", "name"),
    [
        ("US", date(2026, 7, 3), "Independence Day (observed)"),
        ("US", date(2027, 12, 31), "New Year's Day (observed)"),
        ("US", date(2026, 7, 2), None),
        ("DE-BY", date(2026, 1, 6), "Epiphany"),
        ("DE", date(2026, 1, 6), None),
        ("GB", date(2026, 12, 25), "Christmas Day"),
    ],
)
def test_a_holiday_has_its_english_name(named: str, day: date, name: str | None) -> None:
    assert calendar.holiday(named, day) == name


def test_holidays_do_not_depend_on_the_language_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    calendar._holidays.cache_clear()
    assert calendar.holiday("DE", date(2026, 10, 3)) == "German Unity Day"
    calendar._holidays.cache_clear()


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("America/Chicago", "America/Chicago"),
        (" europe/berlin ", "Europe/Berlin"),
        ("Mars/Olympus", None),
        ("", None),
        ("../../etc/passwd", None),
        ("America", None),
        ("localtime", None),
        (None, None),
    ],
)
def test_a_zone_is_known_by_its_name(said: str | None, zone: str | None) -> None:
    assert calendar.zone_named(said) == zone


@pytest.mark.parametrize(("day", "said"), [(date(2026, 7, 3), "3 Jul"), (date(2027, 1, 31), "31 Jan 2027")])
def test_a_day_is_said_with_its_year_only_if_it_is_another(day: date, said: str) -> None:
    assert calendar.say_day(day, 2026) == said
