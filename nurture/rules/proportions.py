"""How far a share that was counted can be trusted, and whether two of them differ. Pure.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212;
R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven methods",
Statistics in Medicine 17 (1998), 873-890, method 10; the pooled z-test of two proportions as in any textbook.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

LEVEL = 0.95
ENOUGH = 5
"""Of what happened and of what did not, so many must be expected in each group for the z-test to mean anything."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a share has over another one.

    Attributes:
        by: the difference of the two shares, from -1 to 1.
        low: where it may lie, at the level asked for.
        high: the same.
        p: how likely a difference at least as large would be if there were none; None where too little was counted.
        differs: whether both the interval and the test say that there is one.
    """

    by: float
    low: float
    high: float
    p: float | None
    differs: bool


def wilson(n: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval for `n` out of `of`, which must be more than none."""
    z = _NORMAL.inv_cdf((1 + level) / 2)
    share = n / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    # rounding must not push an end that is 0 or 1 by the formula over it, nor past the share itself
    low = 0.0 if n == 0 else min(middle - half, share)
    high = 1.0 if n == of else max(middle + half, share)
    return max(low, 0.0), min(high, 1.0)


def difference(n: int, of: int, other_n: int, other_of: int, *, comparisons: int = 1) -> Difference | None:
    """What `n` out of `of` has over `other_n` out of `other_of`; None where nothing was counted on a side.

    Args:
        n: how often it happened.
        of: of how many.
        other_n: how often it happened elsewhere.
        other_of: of how many there.
        comparisons: how many such questions are asked of the same counts; the level is divided among them (Bonferroni).
    """
    if not of or not other_of:
        return None
    alpha = (1 - LEVEL) / comparisons
    share, other = n / of, other_n / other_of
    low, high = wilson(n, of, 1 - alpha)
    other_low, other_high = wilson(other_n, other_of, 1 - alpha)
    by = share - other
    least = by - sqrt((share - low) ** 2 + (other_high - other) ** 2)
    most = by + sqrt((high - share) ** 2 + (other - other_low) ** 2)
    p = _p(n, of, other_n, other_of)
    return Difference(by, least, most, p, p is not None and p < alpha and (least > 0 or most < 0))


def _p(n: int, of: int, other_n: int, other_of: int) -> float | None:
    """Two-sided, by the pooled share; None where fewer than `ENOUGH` are expected in one of the four cells."""
    pooled = (n + other_n) / (of + other_of)
    if min(of, other_of) * min(pooled, 1 - pooled) < ENOUGH:
        return None
    z = (n / of - other_n / other_of) / sqrt(pooled * (1 - pooled) * (1 / of + 1 / other_of))
    return 2 * (1 - _NORMAL.cdf(abs(z)))
