"""Intervals and comparisons of shares, against published figures and against the equations that define them."""

from math import comb, isclose, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.proportions import difference, wilson

Z = NormalDist().inv_cdf(0.975)

# R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3: 95 % intervals of one proportion
PUBLISHED = [
    ((81, 263), (0.2553, 0.3662)),
    ((15, 148), (0.0624, 0.1605)),
    ((0, 20), (0.0, 0.1611)),
    ((1, 29), (0.0061, 0.1718)),
]

# the same, 873-890, table II, method 10: 95 % intervals of the difference of two
DIFFERENCES = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("counted", "interval"), PUBLISHED)
def test_wilsons_interval_is_the_published_one(counted: tuple[int, int], interval: tuple[float, float]) -> None:
    assert wilson(*counted) == pytest.approx(interval, abs=6e-5)


@pytest.mark.parametrize(("counted", "interval"), DIFFERENCES)
def test_the_interval_of_a_difference_is_newcombes(
    counted: tuple[int, int, int, int], interval: tuple[float, float]
) -> None:
    found = difference(*counted)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(interval, abs=6e-5)


@given(of=st.integers(1, 10**6), part=st.floats(0, 1))
def test_wilsons_ends_are_the_shares_that_the_counts_just_do_not_refute(of: int, part: float) -> None:
    n = round(of * part)
    low, high = wilson(n, of)
    assert 0 <= low <= n / of <= high <= 1
    for end in {low, high} - {0.0, 1.0}:
        assert isclose(abs(n / of - end), Z * sqrt(end * (1 - end) / of), rel_tol=1e-6, abs_tol=1e-12)


def test_the_interval_covers_about_as_often_as_it_says() -> None:
    of, share = 40, 0.3
    covered = 0.0
    for n in range(of + 1):
        low, high = wilson(n, of)
        covered += (low <= share <= high) * comb(of, n) * share**n * (1 - share) ** (of - n)
    assert 0.93 < covered < 0.97


def test_the_test_is_the_pooled_one() -> None:
    # chi-square without correction of the table [[45, 55], [30, 70]] is 4.8; its p, of one degree of freedom, 0.02846
    found = difference(45, 100, 30, 100)
    assert found is not None
    assert found.p == pytest.approx(0.02846, abs=1e-5)
    assert found.differs


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_difference_seen_from_the_other_side_is_the_same(n: int, more: int, other_n: int, other_more: int) -> None:
    one = difference(n, n + more, other_n, other_n + other_more)
    other = difference(other_n, other_n + other_more, n, n + more)
    if one is None or other is None:
        assert one is other
        return
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.low <= one.by <= one.high
    assert one.differs == other.differs


def test_few_mails_say_nothing_however_large_the_difference_looks() -> None:
    found = difference(3, 4, 0, 4)
    assert found is not None
    assert found.p is None
    assert not found.differs


def test_who_asks_more_often_must_see_more() -> None:
    once, often = difference(45, 100, 30, 100), difference(45, 100, 30, 100, comparisons=4)
    assert once is not None
    assert often is not None
    assert once.differs
    assert not often.differs
    assert often.low < once.low


def test_of_nothing_there_is_no_difference() -> None:
    assert difference(0, 0, 3, 4) is None
