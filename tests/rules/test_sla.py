from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nurture.agreement import WorkingHours
from nurture.grammar.durations import parse_duration
from nurture.rules import calendar, sla
from tests.rules.examples import make_hours, utc
from tests.rules.working import starts, working_hours

CHICAGO = make_hours()


def due(start: datetime, duration: str, hours: WorkingHours = CHICAGO) -> datetime:
    return sla.deadline(hours, start, parse_duration(duration))


@pytest.mark.parametrize(
    ("start", "duration", "deadline"),
    [
        pytest.param(utc(2026, 3, 2, 16), "4 hours", utc(2026, 3, 2, 20), id="within-one-day"),
        pytest.param(utc(2026, 3, 2, 21), "4 hours", utc(2026, 3, 3, 17), id="over-night"),
        pytest.param(utc(2026, 3, 3, 3), "15 minutes", utc(2026, 3, 3, 15, 15), id="offered-at-night"),
        pytest.param(utc(2026, 2, 27, 22), "4 hours", utc(2026, 3, 2, 18), id="over-the-weekend"),
        pytest.param(utc(2026, 2, 28, 18), "1 hour", utc(2026, 3, 2, 16), id="offered-on-a-saturday"),
        pytest.param(utc(2026, 7, 2, 20), "4 hours", utc(2026, 7, 6, 16), id="over-a-holiday"),
        pytest.param(utc(2026, 3, 2, 15), "8 hours", utc(2026, 3, 2, 23), id="a-whole-day-ends-with-it"),
        pytest.param(utc(2026, 3, 2, 23), "8 hours", utc(2026, 3, 3, 23), id="from-closing-time"),
        pytest.param(utc(2026, 3, 6, 22), "2 hours", utc(2026, 3, 9, 15), id="over-a-change-of-clocks"),
        pytest.param(utc(2026, 3, 2, 16, 0, 30), "1 minute", utc(2026, 3, 2, 16, 1, 30), id="to-the-second"),
    ],
)
def test_hours_and_minutes_are_working_time(start: datetime, duration: str, deadline: datetime) -> None:
    assert due(start, duration) == deadline


@pytest.mark.parametrize(
    ("start", "duration", "deadline"),
    [
        pytest.param(utc(2026, 3, 2, 16), "1 day", utc(2026, 3, 3, 16), id="tomorrow"),
        pytest.param(utc(2026, 3, 2, 16), "2 weeks", utc(2026, 3, 16, 15), id="the-same-time-on-the-wall"),
        pytest.param(utc(2026, 3, 6, 4), "1 day", utc(2026, 3, 7, 4), id="outside-working-hours-it-stays"),
        pytest.param(utc(2026, 3, 7, 8, 30), "1 day", utc(2026, 3, 8, 8), id="a-time-the-clocks-skip"),
        pytest.param(utc(2026, 10, 31, 6, 30), "1 day", utc(2026, 11, 1, 6, 30), id="a-time-that-comes-twice"),
    ],
)
def test_days_are_calendar_time(start: datetime, duration: str, deadline: datetime) -> None:
    assert due(start, duration) == deadline


def test_a_working_night_is_as_long_as_it_really_is() -> None:
    nights = make_hours(days="mon-sun", **{"from": "00:00", "to": "06:00"}, holidays=None)
    assert due(utc(2026, 3, 8, 6), "5 hours", nights) == utc(2026, 3, 8, 11)  # midnight to six, less the skipped hour
    assert due(utc(2026, 11, 1, 5), "7 hours", nights) == utc(2026, 11, 1, 12)


def test_working_time_of_the_past_is_none() -> None:
    assert sla.working_minutes(CHICAGO, utc(2026, 3, 3, 16), utc(2026, 3, 2, 16)) == 0


def test_a_week_has_forty_working_hours() -> None:
    assert sla.working_minutes(CHICAGO, utc(2026, 3, 1), utc(2026, 3, 8)) == 40 * 60
    assert sla.working_minutes(CHICAGO, utc(2026, 6, 28), utc(2026, 7, 5)) == 32 * 60


amounts = st.integers(1, 3000)


@settings(max_examples=48, deadline=None)
@given(hours=working_hours(), start=starts, minutes=amounts)
def test_exactly_the_promised_working_time_passes_until_a_deadline(
    hours: WorkingHours, start: datetime, minutes: int
) -> None:
    deadline = due(start, f"{minutes} minutes", hours)
    assert sla.working_minutes(hours, start, deadline) == minutes
    assert sla.working_minutes(hours, start, deadline - timedelta(seconds=1)) == minutes - 1


@settings(max_examples=32, deadline=None)
@given(hours=working_hours(), start=starts, fewer=amounts, more=amounts)
def test_a_longer_promise_falls_due_later(hours: WorkingHours, start: datetime, fewer: int, more: int) -> None:
    assume(fewer < more)
    assert start < due(start, f"{fewer} minutes", hours) < due(start, f"{more} minutes", hours)


@settings(max_examples=32, deadline=None)
@given(hours=working_hours(), start=starts, later=st.integers(0, 10**6), minutes=amounts)
def test_a_later_start_never_falls_due_earlier(hours: WorkingHours, start: datetime, later: int, minutes: int) -> None:
    duration = f"{minutes} minutes"
    assert due(start, duration, hours) <= due(start + timedelta(seconds=later), duration, hours)


@settings(max_examples=32, deadline=None)
@given(hours=working_hours(), start=starts, days=st.integers(1, 90))
def test_calendar_days_keep_the_time_on_the_wall(hours: WorkingHours, start: datetime, days: int) -> None:
    from nurture.rules.calendar import zone_info

    info = zone_info(hours.timezone)
    wall, then = start.astimezone(info), due(start, f"{days} days", hours).astimezone(info)
    skipped = then.replace(tzinfo=None) - datetime.combine(wall.date() + timedelta(days=days), wall.time())
    assert skipped == timedelta() or timedelta() < skipped <= timedelta(hours=2)


def test_hours_until_midnight_last_until_midnight() -> None:
    evenings = make_hours(**{"from": "20:00", "to": "23:59"}).model_copy(update={"end": time.min})
    assert due(utc(2026, 3, 3, 2), "4 hours", evenings) == utc(2026, 3, 3, 6)
    assert date(2026, 3, 3).weekday() == 1


@settings(max_examples=48, deadline=None)
@given(hours=working_hours(), start=starts, first=amounts, second=amounts)
def test_one_promise_after_another_is_as_long_as_both_together(
    hours: WorkingHours, start: datetime, first: int, second: int
) -> None:
    both = due(start, f"{first + second} minutes", hours)
    assert due(due(start, f"{first} minutes", hours), f"{second} minutes", hours) == both


@settings(max_examples=32, deadline=None)
@given(hours=working_hours(), start=starts, amount=st.integers(1, 400), times=st.integers(1, 4))
def test_so_many_times_a_length_is_that_length_so_often(
    hours: WorkingHours, start: datetime, amount: int, times: int
) -> None:
    minutes, days = parse_duration(f"{amount} minutes"), parse_duration(f"{amount} days")
    assert sla.deadline(hours, start, minutes, times) == due(start, f"{amount * times} minutes", hours)
    assert sla.deadline(hours, start, days, times) == due(start, f"{amount * times} days", hours)


@settings(max_examples=24, deadline=None)
@given(hours=working_hours(shortest=120, fewest_days=3), start=starts, minutes=st.integers(1, 480))
def test_a_deadline_is_where_somebody_who_counts_every_minute_comes_to(
    hours: WorkingHours, start: datetime, minutes: int
) -> None:
    at = start.replace(second=0)
    assert due(at, f"{minutes} minutes", hours) == counted_by_hand(hours, at, minutes)


def counted_by_hand(hours: WorkingHours, at: datetime, minutes: int) -> datetime:
    """Look at the clock on the wall every minute, and make a mark where it shows working time."""
    info = calendar.zone_info(hours.timezone)
    while minutes:
        wall = at.astimezone(info)
        is_free = hours.holidays is not None and calendar.holiday(hours.holidays, wall.date()) is not None
        if wall.weekday() in hours.days and hours.start <= wall.time() < hours.end and not is_free:
            minutes -= 1
        at += timedelta(minutes=1)
    return at


@settings(max_examples=48, deadline=None)
@given(hours=working_hours(), start=starts)
def test_sales_is_at_work_now_or_as_soon_as_it_can_be(hours: WorkingHours, start: datetime) -> None:
    at = sla.at_work(hours, start)
    assert at >= start
    assert sla.at_work(hours, at) == at
    assert sla.working_minutes(hours, start, at) == 0, "no work was missed before"
    assert due(start, "1 minute", hours) <= due(at, "1 minute", hours)


def test_the_last_instant_of_a_working_day_is_work() -> None:
    assert sla.at_work(CHICAGO, utc(2026, 3, 2, 23)) == utc(2026, 3, 2, 23)
    assert sla.at_work(CHICAGO, utc(2026, 3, 2, 23, 0, 1)) == utc(2026, 3, 3, 15)
    assert sla.at_work(CHICAGO, utc(2026, 3, 2, 15)) == utc(2026, 3, 2, 15)
    assert sla.at_work(CHICAGO, utc(2026, 2, 28, 12)) == utc(2026, 3, 2, 15)
