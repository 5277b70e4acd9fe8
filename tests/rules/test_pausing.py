"""Which days a pause may last until."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.calendar import local_date
from nurture.rules.pausing import earliest, ends_at, latest, months_after, offers

DAYS = st.dates(date(1990, 1, 1), date(2990, 1, 1))


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 3, 3), 1, date(2026, 4, 3)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_months_are_those_of_the_calendar(day, months, then) -> None:
    assert months_after(day, months) == then


@given(DAYS)
def test_every_offer_is_a_day_that_may_be_chosen(today) -> None:
    days = [day for _, day in offers(today)]
    assert days == sorted(days)
    assert all(earliest(today) <= day <= latest(today) for day in days)
    assert earliest(today) > today
    assert latest(today) - today <= timedelta(days=366)


@given(
    st.dates(date(2000, 1, 1), date(2035, 1, 1)), st.sampled_from(["America/Chicago", "Asia/Kolkata", "Pacific/Apia"])
)
def test_a_pause_is_over_as_the_day_begins_where_the_lead_lives(day, zone) -> None:
    at = ends_at(day, zone)
    assert local_date(at - timedelta(seconds=1), zone) < day <= local_date(at, zone)
    assert at.astimezone(UTC) - datetime.combine(day, datetime.min.time(), UTC) < timedelta(hours=25)
