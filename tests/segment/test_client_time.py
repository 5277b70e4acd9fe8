from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.segment.client_time import EARLIEST, occurred_at, parse_time

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
anytime = st.none() | st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-03T12:00:00Z", NOW),
        ("2026-03-03T12:00:00.000Z", NOW),
        ("2026-03-03T06:00:00-06:00", NOW),
        ("2026-03-03T12:00:00+00:00", NOW),
        ("2026-03-03 12:00:00", NOW),
        (1772539200, NOW),
        (1772539200000, NOW),
        (1772539200.0, NOW),
        ("1772539200", NOW),
        ("1772539200000", NOW),
        ("2026-03-03T12:00:00.000000000Z", NOW),
        ("2026-03-03T12:00:00.0000000+00:00", NOW),
        ("20260303", datetime(2026, 3, 3, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (None, None),
        (True, None),
        ({}, None),
        (10**400, None),
        (float("inf"), None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_times_are_read_as_clients_write_them(text, at):
    assert parse_time(text) == at


def test_a_wrong_clock_is_corrected():
    wrong = timedelta(hours=-7)
    said, sent = NOW - timedelta(seconds=40) + wrong, NOW - timedelta(seconds=10) + wrong
    assert occurred_at(said, sent, NOW) == NOW - timedelta(seconds=30)


def test_a_clock_that_was_never_set_is_corrected():
    said = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    assert occurred_at(said, said + timedelta(minutes=2), NOW) == NOW - timedelta(minutes=2)


def test_without_a_time_of_sending_the_client_is_believed():
    assert occurred_at(NOW - timedelta(days=400), None, NOW) == NOW - timedelta(days=400)


def test_history_keeps_its_time():
    old = datetime(2012, 5, 1, tzinfo=UTC)
    assert occurred_at(old, NOW, NOW) == old


@pytest.mark.parametrize(
    "sent", [NOW - timedelta(hours=2), NOW + timedelta(days=20000), datetime.min.replace(tzinfo=UTC)]
)
def test_where_the_time_of_sending_cannot_be_that_of_the_event_stands_by_itself(sent):
    assert occurred_at(NOW - timedelta(hours=1), sent, NOW) == NOW - timedelta(hours=1)


def test_a_clock_that_was_set_a_little_back_while_the_event_waited_is_no_trouble():
    behind = NOW - timedelta(hours=5)
    assert occurred_at(behind, behind - timedelta(seconds=20), NOW) == NOW


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (None, NOW),
        (NOW + timedelta(days=1), None),
        (NOW, NOW - timedelta(days=20000)),
        (NOW, NOW + timedelta(days=20000)),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_what_cannot_be_is_taken_for_now(said, sent):
    assert occurred_at(said, sent, NOW) == NOW


@given(anytime, anytime)
def test_no_event_is_in_the_future_or_before_the_web(said, sent):
    assert EARLIEST <= occurred_at(said, sent, NOW) <= NOW
