"""How long events are kept, and when a clock that says so is believed."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.agreement import Retention
from nurture.rules.retention import Watch, doubt, events_from, visitors_from

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def gone(start: datetime, *steps: timedelta) -> Watch:
    """A clock that was looked at first at `start`, then after each step."""
    watch, now = Watch().at(start), start
    for step in steps:
        now += step
        watch = watch.at(now)
    return watch


def believed(watch: Watch) -> bool:
    return watch.looked_at is not None and doubt(watch, watch.looked_at) is None


def test_events_are_kept_from_the_first_of_the_month_in_which_the_oldest_lie() -> None:
    assert events_from(Retention(events="13 months"), NOW) == date(2025, 10, 1)
    assert events_from(Retention(events="90 days"), datetime(2026, 4, 1, tzinfo=UTC)) == date(2026, 1, 1)


def test_visitors_go_to_the_minute_and_with_the_events_where_nothing_is_said() -> None:
    assert visitors_from(Retention(events="13 months", visitors="90 days"), NOW) == NOW - 90 * DAY
    assert visitors_from(Retention(events="13 months"), NOW) is None


@settings(max_examples=50)
@given(st.integers(1, 4000), st.dates(date(2001, 1, 1), date(2090, 1, 1)))
def test_nothing_younger_than_was_said_is_ever_dropped(days: int, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    kept = events_from(Retention(events=f"{days} days"), now)
    assert kept.day == 1
    assert timedelta(0) <= (now - timedelta(days=days)).date() - kept < timedelta(days=31)


def test_a_clock_that_has_gone_steadily_for_a_day_is_believed() -> None:
    assert not believed(gone(NOW))
    assert not believed(gone(NOW, 23 * HOUR))
    assert believed(gone(NOW, 23 * HOUR, HOUR))
    assert believed(gone(NOW, 12 * HOUR, 47 * HOUR))


def test_a_clock_that_jumps_is_looked_at_for_a_day() -> None:
    steady = [12 * HOUR] * 4
    for jump in (timedelta(days=3000), timedelta(days=3), timedelta(days=-3000), timedelta(minutes=-6)):
        assert not believed(gone(NOW, *steady, jump))
        assert not believed(gone(NOW, *steady, jump, 23 * HOUR))
        assert believed(gone(NOW, *steady, jump, 23 * HOUR, HOUR))
    assert believed(gone(NOW, *steady, timedelta(minutes=-4)))


def test_a_clock_that_differs_from_the_databases_is_not_believed() -> None:
    watch = gone(NOW, DAY)
    assert watch.looked_at is not None
    assert doubt(watch, watch.looked_at + HOUR) is None
    assert doubt(watch, watch.looked_at + 2 * HOUR) == (
        "the clock says 23 Nov 2026 12:00 UTC, the database's 23 Nov 2026 14:00 UTC"
    )
    assert doubt(watch, watch.looked_at - 3000 * DAY) is not None
    assert doubt(Watch(), NOW) is not None
