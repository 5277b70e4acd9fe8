"""A mailer rests after a storm and not after a few bad addresses, for a growing while, and tries a few mails first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.messages import Receipt
from nurture.rules.breaker import (
    ANSWERED_WITHIN,
    LEAST,
    LONGEST,
    RESTS,
    WINDOW,
    Breaker,
    heard,
    is_news,
    mark,
    resumed,
    stopped,
    tried,
    untried,
)

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
FRESH = Breaker()


def after(marks: str, breaker: Breaker = FRESH, now: datetime = NOW) -> Breaker:
    for one in marks:
        breaker = heard(breaker, one, "550 5.7.1 suspended", now)
    return breaker


@pytest.mark.parametrize(
    "marks",
    ["x", "-", "xxxxx", "-" * (LEAST - 1), "+" * 30 + "x" * 10, "+-" * 15, "+++-" * 10, "!!", "!+!+!+", "x" * 19 + "+"],
)
def test_a_few_errors_are_no_storm(marks: str) -> None:
    assert after(marks).state == "sending"


@pytest.mark.parametrize("marks", ["-" * LEAST, "+" * 20 + "-" * 12, "!!!", "x" * WINDOW, "--+" * 7])
def test_a_storm_is_one(marks: str) -> None:
    resting = after(marks)
    assert resting.state == "resting"
    assert resting.until == NOW + RESTS[0]
    assert "550 5.7.1 suspended" in resting.why


def test_an_account_that_is_suspended_is_noticed_after_ten_mails() -> None:
    breaker, mails = Breaker(), 0
    while breaker.state == "sending":
        breaker, mails = after("-", breaker), mails + 1
    assert mails == LEAST


def test_a_lost_batch_after_good_ones_is_a_storm_at_once() -> None:
    assert heard(after("+" * WINDOW), "-" * 100, "no answer", NOW).state == "resting"


def test_it_is_tried_when_the_rest_is_over_and_by_one_at_a_time() -> None:
    resting = after("-" * LEAST)
    assert tried(resting, NOW + RESTS[0] - timedelta(seconds=1)) is None
    trying = tried(resting, NOW + RESTS[0])
    assert trying is not None
    assert trying.state == "trying"
    assert tried(trying, NOW + RESTS[0] + timedelta(seconds=1)) is None
    assert tried(trying, NOW + RESTS[0] + ANSWERED_WITHIN) is not None


@pytest.mark.parametrize(
    ("marks", "state"),
    [("+++", "sending"), ("+x+", "sending"), ("+", "sending"), ("---", "resting"), ("xxx", "resting")],
)
def test_what_the_few_say_decides(marks: str, state: str) -> None:
    trying = tried(after("-" * LEAST), NOW + RESTS[0])
    assert trying is not None
    assert heard(trying, marks, "still no", NOW + RESTS[0]).state == state


def test_each_rest_is_longer_until_a_whole_window_has_gone_well() -> None:
    breaker, now, rests = after("-" * LEAST), NOW, []
    for _ in range(len(RESTS) + 1):
        assert breaker.until is not None
        rests.append(breaker.until - now)
        now = breaker.until
        breaker = heard(tried(breaker, now) or breaker, "---", "no", now)
    assert rests == [*RESTS, RESTS[-1]]
    assert breaker.until is not None
    well = heard(tried(breaker, breaker.until) or breaker, "+++", "", breaker.until)
    assert well.state == "sending"
    again = after("-" * LEAST, well, breaker.until)
    assert again.until == breaker.until + RESTS[-1]
    forgotten = after("+" * WINDOW, well, breaker.until)
    assert after("-" * WINDOW, forgotten, breaker.until).until == breaker.until + RESTS[0]


def test_what_is_worth_a_statement_of_its_own() -> None:
    assert is_news("+++-")
    assert is_news("x" * LEAST)
    assert is_news("+" * 30 + "x" * LEAST)
    assert not is_news("+" * 200)
    assert not is_news("xxx")
    assert not is_news("x" * 30 + "+")


def test_late_answers_do_not_prolong_a_rest() -> None:
    resting = after("-" * LEAST)
    assert after("------", resting, NOW + timedelta(seconds=5)) == resting


def test_a_server_that_says_how_long_is_obeyed_within_reason() -> None:
    assert stopped(Breaker(), "429", NOW, wait=timedelta(minutes=7)).until == NOW + timedelta(minutes=7)
    assert stopped(Breaker(), "429", NOW, wait=timedelta(days=7)).until == NOW + LONGEST
    assert stopped(Breaker(), "401 wrong key", NOW).why == "401 wrong key"


def test_a_person_can_end_a_rest_and_nothing_tried_is_no_news() -> None:
    assert resumed(NOW).state == "sending"
    trying = tried(after("-" * LEAST), NOW + RESTS[0])
    assert trying is not None
    assert tried(untried(trying, NOW + RESTS[0]), NOW + RESTS[0]) is not None


def test_which_outcomes_count_against_a_mailer() -> None:
    marks = {
        mark(Receipt(1, "sent")): "+",
        mark(Receipt(1, "refused", dead_address=True)): "x",
        mark(Receipt(1, "refused")): "x",
    }
    assert all(mark == expected for mark, expected in marks.items())
    for bad in (Receipt(1, "put_off"), Receipt(1, "put_off", policy=True), Receipt(1, "held"), Receipt(1, "unknown")):
        assert mark(bad) == "-"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("+x-!"), st.integers(0, 2000)), max_size=80))
def test_whatever_comes_it_can_always_send_again(story: list[tuple[str, int]]) -> None:
    breaker, now = Breaker(), NOW
    for one, seconds in story:
        now += timedelta(seconds=seconds)
        breaker = heard(tried(breaker, now) or breaker, one, "why", now)
        assert len(breaker.recent) <= WINDOW
        if breaker.state == "resting":
            assert breaker.until is not None
            assert now - RESTS[-1] <= breaker.until <= now + RESTS[-1]
            assert breaker.why
    later = now + LONGEST
    breaker = heard(tried(breaker, later) or breaker, "+++", "", later)
    assert breaker.state == "sending"
