"""A warm-up begins with little and grows by the day."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from nurture.agreement import Agreement, Sending
from nurture.rules.ramp import day_of, most_on
from tests.rules.lives import book_of

WORDS = {"warm_up": {"from": "2026-12-01", "first_day": 50, "grow": "30% a day"}}


def agreement(**sending: object) -> Agreement:
    return book_of().agreement.model_copy(update={"sending": Sending.model_validate(sending)})


@pytest.mark.parametrize(
    ("day", "most"),
    [
        (date(2026, 11, 30), None),
        (date(2026, 12, 1), 50),
        (date(2026, 12, 2), 65),
        (date(2026, 12, 3), 84),
        (date(2026, 12, 8), 313),
        (date(2027, 6, 1), None),
    ],
)
def test_each_day_brings_so_much_more(day: date, most: int | None) -> None:
    assert most_on(agreement(**WORDS), day) == most


def test_without_a_warm_up_nothing_is_held_back() -> None:
    assert most_on(agreement(), date(2026, 12, 1)) is None
    assert most_on(agreement(per_second=14), date(2026, 12, 1)) is None


def test_no_day_brings_less_than_the_day_before() -> None:
    signed = agreement(warm_up={"from": "2026-12-01", "first_day": 1, "grow": "1% a day"})
    days = [most_on(signed, date.fromordinal(date(2026, 12, 1).toordinal() + n)) for n in range(200)]
    assert days[0] == 1
    assert days == sorted(days, key=lambda most: most or 10**9)


def test_the_day_is_the_companys() -> None:
    late = datetime(2026, 12, 2, 3, tzinfo=UTC)  # still the first of December in Chicago
    assert day_of(agreement(), late) == date(2026, 12, 1)


@pytest.mark.parametrize(
    "warm_up",
    [
        {"first_day": 50},
        {"from": "1.12.2026", "first_day": 50},
        {"from": "2026-02-30", "first_day": 50},
        {"from": "2026-12-01", "first_day": 0},
        {"from": "2026-12-01", "first_day": 50, "grow": "0% a day"},
        {"from": "2026-12-01", "first_day": 50, "grow": "double"},
    ],
)
def test_what_makes_no_sense_is_refused(warm_up: object) -> None:
    with pytest.raises(ValidationError):
        Sending.model_validate({"warm_up": warm_up})
