from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.notifiers.schedule import DELAYS, PATIENCE, next_try

FAILED = datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_waits_grow_as_standard_webhooks_says():
    whole = [DELAYS[tries] for tries in range(1, 10)]
    waits = [next_try("n", tries, FAILED) - FAILED for tries in range(1, 10)]
    assert whole[0] == timedelta(seconds=5)
    assert whole[-1] == timedelta(hours=24)
    assert all(least <= wait <= least * 1.1 for least, wait in zip(whole, waits, strict=True))


def test_ten_tries_are_enough():
    assert next_try("n", 9, FAILED) is not None
    assert next_try("n", 10, FAILED) is None


def test_a_longer_wait_that_the_channel_asks_for_is_given_up_to_a_day():
    assert next_try("n", 1, FAILED, retry_after=90) == FAILED + timedelta(seconds=90)
    assert next_try("n", 1, FAILED, retry_after=float("inf")) == FAILED + PATIENCE
    assert next_try("n", 4, FAILED, retry_after=1) - FAILED >= DELAYS[4]


@given(st.text(), st.integers(1, 9), st.none() | st.floats(allow_nan=False))
def test_the_same_try_always_waits_the_same_and_never_less_than_its_turn(notice, tries, retry_after):
    first = next_try(notice, tries, FAILED, retry_after)
    assert first == next_try(notice, tries, FAILED, retry_after)
    assert first is not None
    assert DELAYS[tries] <= first - FAILED <= max(DELAYS[tries] * 1.1, PATIENCE)


def test_different_notices_do_not_come_back_together():
    assert len({next_try(str(n), 4, FAILED) for n in range(100)}) > 90


def test_tries_count_from_one():
    with pytest.raises(ValueError, match="count from 1"):
        next_try("n", 0, FAILED)
