"""A simulation says what a warm-up would hold back."""

from datetime import date

from nurture.agreement import Sending
from nurture.lab.warming import held_back, in_words
from tests.rules.lives import book_of

WARMING = book_of().agreement.model_copy(
    update={"sending": Sending.model_validate({"warm_up": {"from": "2026-12-01", "first_day": 50, "grow": 30}})}
)
DAYS = {date(2026, 11, 30): 900, date(2026, 12, 1): 180, date(2026, 12, 2): 60, date(2026, 12, 3): 100}


def test_days_with_more_mails_than_may_leave_are_told() -> None:
    assert held_back(WARMING, DAYS) == [(date(2026, 12, 1), 180, 50), (date(2026, 12, 3), 100, 84)]
    words = in_words(WARMING, DAYS)
    assert words.startswith("2 days have more mails than the warm-up lets go: 146 mails would wait")
    assert "2026-12-01 (50 of 180 may leave)" in words


def test_without_a_warm_up_there_is_nothing_to_say() -> None:
    assert held_back(book_of().agreement, DAYS) == []
    assert in_words(book_of().agreement, DAYS) == ""
