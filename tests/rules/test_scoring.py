from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.facts import MICRO, EventFact, SignalCount
from nurture.rules import scoring
from tests.rules.examples import AGREEMENT, NOW, make_agreement

AGREED = make_agreement()
COMPANY = {"name": "Acme Robotics"}
TODAY = date(2026, 3, 2)


def count_of(signal: str, count: int = 1, ago: int = 0) -> SignalCount:
    return SignalCount(AGREED.signals[signal].when.fingerprint, TODAY - timedelta(days=ago), count)


def event(kind: str, **changes: Any) -> EventFact:
    return EventFact(kind=kind, occurred_at=NOW, **changes)  # type: ignore[arg-type]


# The table


@pytest.mark.parametrize(
    ("half_life", "age", "left"),
    [
        (14, 0, 1_000_000),
        (14, 14, 500_000),
        (14, 28, 250_000),
        (14, 1, 951_695),
        (14, 7, 707_107),
        (10, 3, 812_252),
        (1, 7, 7_812),  # 7812.5: ties go to the even
        (1, 6, 15_625),
        (1, 21, 0),
    ],
)
def test_a_half_life_halves(half_life: int, age: int, left: int) -> None:
    assert scoring.decay_micro(half_life, age) == left


@given(half_life=st.integers(1, 3650), age=st.integers(0, 3650))
def test_the_table_is_exact_to_the_nearest_millionth(half_life: int, age: int) -> None:
    """n is nearest to 10^6 · 2^(−a/h) when (2n−1)^h · 2^a ≤ (2·10^6)^h ≤ (2n+1)^h · 2^a: integers only."""
    left = scoring.decay_micro(half_life, age)
    middle = (2 * MICRO) ** half_life
    assert left == 0 or (2 * left - 1) ** half_life << age <= middle
    assert middle <= (2 * left + 1) ** half_life << age


def test_the_table_has_every_age_up_to_the_horizon() -> None:
    assert scoring.decay_table(14, 90) == tuple(scoring.decay_micro(14, age) for age in range(91))


# The score


def test_a_signal_is_worth_its_points_today() -> None:
    assert scoring.score(AGREED, [count_of("whitepaper")], TODAY).micro == 15 * MICRO


def test_a_signal_is_worth_half_after_its_own_half_life() -> None:
    assert scoring.score(AGREED, [count_of("pricing_page", ago=10)], TODAY).micro == 10 * MICRO
    assert scoring.score(AGREED, [count_of("whitepaper", ago=14)], TODAY).micro == 15 * MICRO // 2


def test_no_more_than_the_cap_counts_on_one_day() -> None:
    score = scoring.score(AGREED, [count_of("pricing_page", 5)], TODAY)
    assert (score.rows[0].count, score.rows[0].counted, score.micro) == (5, 2, 40 * MICRO)


def test_the_cap_is_a_days_own() -> None:
    counts = [count_of("pricing_page", 5), count_of("pricing_page", 5, ago=10)]
    assert scoring.score(AGREED, counts, TODAY).micro == 60 * MICRO


def test_without_a_cap_everything_counts() -> None:
    assert scoring.score(AGREED, [count_of("webinar", 4)], TODAY).micro == 120 * MICRO


def test_what_is_older_than_the_horizon_counts_nothing() -> None:
    assert len(scoring.score(AGREED, [count_of("webinar", ago=90)], TODAY).rows) == 1
    assert scoring.score(AGREED, [count_of("webinar", ago=91)], TODAY).rows == ()


def test_a_count_of_tomorrow_is_one_of_today() -> None:
    score = scoring.score(AGREED, [count_of("webinar", ago=-1)], TODAY)
    assert (score.micro, score.rows[0].age_days) == (30 * MICRO, 0)


def test_a_negative_signal_takes_points_away() -> None:
    assert scoring.score(AGREED, [count_of("careers_page", 7)], TODAY).micro == -70 * MICRO


def test_different_signals_are_those_worth_something() -> None:
    counts = [count_of("webinar", 3), count_of("mail_click"), count_of("careers_page"), count_of("demo_request")]
    assert scoring.score(AGREED, counts, TODAY).signals == 2


def test_a_signal_without_points_has_no_row() -> None:
    assert scoring.score(AGREED, [count_of("demo_request")], TODAY).rows == ()


def test_a_count_that_no_signal_asks_for_any_more_is_worth_nothing() -> None:
    assert scoring.score(AGREED, [SignalCount("0" * 16, TODAY, 3)], TODAY).micro == 0


def test_two_signals_may_ask_for_the_same() -> None:
    signals = {"a": {"when": "clicked", "points": 5}, "b": {"when": "clicked", "points": 7, "at_most": "1 per day"}}
    agreed = make_agreement(signals=signals)
    (matcher,) = scoring.matchers(agreed)
    score = scoring.score(agreed, [SignalCount(matcher, TODAY, 2)], TODAY)
    assert [(row.signal, row.worth) for row in score.rows] == [("a", 10 * MICRO), ("b", 7 * MICRO)]
    assert score.signals == 2


def test_rows_stand_in_the_order_of_their_days() -> None:
    counts = [count_of("webinar"), count_of("mail_click", ago=3), count_of("whitepaper", ago=3)]
    rows = scoring.score(AGREED, counts, TODAY).rows
    assert [(row.signal, row.age_days) for row in rows] == [("mail_click", 3), ("whitepaper", 3), ("webinar", 0)]


counts_of_all_kinds = st.lists(
    st.builds(count_of, st.sampled_from(list(AGREED.signals)), st.integers(1, 9), st.integers(-2, 120)), max_size=25
)


@settings(max_examples=40)
@given(counts=counts_of_all_kinds, data=st.data())
def test_the_score_is_the_same_for_any_order_and_any_split_of_the_counts(
    counts: list[SignalCount], data: st.DataObject
) -> None:
    split = [SignalCount(one.matcher, one.day, 1) for one in counts for _ in range(one.count)]
    assert scoring.score(AGREED, data.draw(st.permutations(split)), TODAY) == scoring.score(AGREED, counts, TODAY)


@settings(max_examples=40)
@given(counts=counts_of_all_kinds)
def test_the_score_is_the_sum_of_its_rows_and_of_the_formula(counts: list[SignalCount]) -> None:
    score = scoring.score(AGREED, counts, TODAY)
    assert score.micro == sum(row.worth for row in score.rows)
    by_formula = sum(
        row.points * row.counted * 2 ** (-row.age_days / (10 if row.signal == "pricing_page" else 14))
        for row in score.rows
    )
    assert score.micro == pytest.approx(
        by_formula * MICRO, abs=sum(abs(row.points) * row.counted for row in score.rows)
    )


@settings(max_examples=40)
@given(counts=counts_of_all_kinds, days=st.lists(st.integers(0, 130), min_size=2, max_size=6))
def test_the_score_never_rises_by_itself_where_no_signal_is_negative(
    counts: list[SignalCount], days: list[int]
) -> None:
    signals = {name: signal for name, signal in AGREEMENT["signals"].items() if name != "careers_page"}
    agreed = make_agreement(signals=signals)
    scores = [scoring.score(agreed, counts, TODAY + timedelta(days=n)).micro for n in sorted(days)]
    assert scores == sorted(scores, reverse=True)


# What an event counts for


@pytest.mark.parametrize(
    ("happened", "signals"),
    [
        (event("page", path="/pricing"), ("pricing_page",)),
        (event("page", path="/pricing/eu?utm_source=x"), ("pricing_page",)),
        (event("page", path="/about"), ()),
        (event("page"), ()),
        (event("track", name="Whitepaper Downloaded"), ("whitepaper",)),
        (event("track", name="whitepaper  downloaded"), ("whitepaper",)),
        (event("track", name="Webinar Attended", properties={"minutes": 20}), ("webinar",)),
        (event("track", name="Webinar Attended", properties={"minutes": 19}), ()),
        (event("track", name="Webinar Attended"), ()),
        (event("track"), ()),
        (event("click"), ("mail_click",)),
        (event("open"), ()),
        (event("answer", name="timing", properties={"answer": "now"}), ("buying_now",)),
        (event("answer", name="timing", properties={"answer": "later"}), ()),
        (event("answer", name="budget", properties={"answer": "now"}), ()),
        (event("answer", name="timing"), ()),
    ],
)
def test_an_event_counts_for_the_signals_that_ask_for_it(happened: EventFact, signals: tuple[str, ...]) -> None:
    assert scoring.matched(AGREED, happened, COMPANY) == signals


@pytest.mark.parametrize("verdict", ["automated", "pending"])
def test_only_human_events_count(verdict: Any) -> None:
    assert scoring.matched(AGREED, event("click", verdict=verdict), COMPANY) == ()


def test_one_event_may_count_for_several_signals() -> None:
    signals = {
        "any_page": {"when": {"page": "*"}, "points": 1},
        "pricing": {"when": {"page": "/pricing"}, "points": 1},
        "opened": {"when": "opened", "points": 1},
        "replied": {"when": "replied", "points": 1},
        "any_answer": {"when": {"answer": "timing"}, "points": 1},
    }
    agreed = make_agreement(signals=signals)
    assert scoring.matched(agreed, event("page", path="/pricing"), COMPANY) == ("any_page", "pricing")
    assert scoring.matched(agreed, event("open"), COMPANY) == ("opened",)
    assert scoring.matched(agreed, event("reply"), COMPANY) == ("replied",)
    assert scoring.matched(agreed, event("answer", name="Timing", properties={"answer": "x"}), COMPANY) == (
        "any_answer",
    )


def test_matchers_are_known_by_their_fingerprints() -> None:
    assert set(scoring.matchers(AGREED)) == {signal.when.fingerprint for signal in AGREED.signals.values()}
