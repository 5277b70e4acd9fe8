"""What a lead's signals are worth today.

score(lead, day) = Σ over signals s, days d within the horizon of
    points_s · min(count_{s,d}, cap_s) · 2^(−(day − d) / half_life_s)

The power of two comes from a table of whole millionths, so every term and the sum are integers: they do not depend on
the order of the terms, nor on the machine, and SQL that joins the same table gets the same sum to the last digit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from operator import attrgetter

from nurture.agreement import Agreement
from nurture.facts import MICRO, NOTHING, EventFact, Known, Score, ScoreRow, SignalCount
from nurture.grammar.matchers import Matcher, path_matches, same_name
from nurture.rules import conditions
from nurture.rules.once import once

KEPT = 8192
"""So many days' worth are kept for one agreement: signals by days by counts, and yesterday's."""
_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)


def decay_micro(half_life_days: int, age_days: int) -> int:
    """What is left of a million after so many days: 10^6 · 2^(−age/half-life), to the nearest integer, ties to even.

    Worked out in decimals of 40 digits, so that every machine gives the same.
    """
    exponent = _EXACT.divide(Decimal(-age_days), Decimal(half_life_days))
    left = _EXACT.multiply(_EXACT.power(Decimal(2), exponent), Decimal(MICRO))
    return int(left.to_integral_value(ROUND_HALF_EVEN))


@lru_cache(maxsize=256)
def decay_table(half_life_days: int, horizon_days: int) -> tuple[int, ...]:
    """`decay_micro` for each age from 0 to the horizon, that included."""
    return tuple(decay_micro(half_life_days, age) for age in range(horizon_days + 1))


def score(agreement: Agreement, counts: Iterable[SignalCount], day: date) -> Score:
    """The score on a UTC day, from the daily counts of the lead's current cycle.

    Counts of one matcher and day add up before the cap, however they are split. A count of a later day than `day` (the
    clocks of two machines disagree about midnight) is one of today: age 0. So a score never rises by itself. Signals
    without points have no rows; two signals that ask for the same each have their own.
    """
    total: dict[tuple[str, date], int] = {}
    for counted in counts:
        key = counted.matcher, counted.day
        total[key] = total.get(key, 0) + counted.count
    worth_of = _days_worth(agreement)
    rows: list[ScoreRow] = []
    for (matcher, when), count in total.items():
        rows += worth_of[matcher, when, count, day]
    if len(rows) > 1:
        rows.sort(key=_by_day)
    worth: dict[str, int] = {}
    for row in rows:
        worth[row.signal] = worth.get(row.signal, 0) + row.worth
    return Score(day, sum(worth.values()), tuple(rows), sum([one > 0 for one in worth.values()]))


def matchers(agreement: Agreement) -> dict[str, Matcher]:
    """What the agreement's signals ask for, by fingerprint; signals that ask for the same share one."""
    return {signal.when.fingerprint: signal.when for signal in agreement.signals.values()}


def may_raise_hand(agreement: Agreement, kind: str) -> bool:
    """Whether some signal that raises the hand asks for events of this kind."""
    return kind in _hands(agreement)


def matched(agreement: Agreement, event: EventFact, company: Mapping[str, object]) -> tuple[str, ...]:
    """Names of the signals that an event counts for, in the agreement's order; none for an event that is not human.

    `company` is what conditions see under that name.
    """
    if event.verdict != "human":
        return ()
    asked = _by_kind(agreement).get(event.kind, ())
    return tuple(name for name, matcher in asked if matches(matcher, event, company))


def matches(matcher: Matcher, event: EventFact, company: Mapping[str, object]) -> bool:
    """Whether an event is what a matcher asks for. Names and answers compare without regard to case and spacing."""
    if matcher.kind != event.kind or not _is_named(matcher, event):
        return False
    if matcher.condition is None:
        return True
    here = Known(event.occurred_at, NOTHING, company, event=event.properties)
    return conditions.holds(matcher.condition, here) is True


@dataclass(frozen=True, slots=True)
class _Term:
    """What one signal makes of a day's count."""

    signal: str
    points: int
    at_most: int | None
    decay: tuple[int, ...]

    def row(self, day: date, count: int, age: int) -> ScoreRow:
        counted = count if self.at_most is None else min(count, self.at_most)
        return ScoreRow(self.signal, day, count, counted, self.points, age, self.points * counted * self.decay[age])


_by_day = attrgetter("day", "signal")


class _DaysWorth(dict[tuple[str, date, int, date], tuple[ScoreRow, ...]]):
    """What a day's count of a matcher is worth on another day. Kept, for thousands of leads have the same."""

    __slots__ = ("_asked", "_horizon")

    def __init__(self, agreement: Agreement) -> None:
        """Nothing has been asked."""
        super().__init__()
        self._horizon = agreement.horizon.days
        self._asked: dict[str, list[_Term]] = {}
        for name, signal in agreement.signals.items():
            if signal.points:
                decay = decay_table((signal.half_life or agreement.half_life).days, self._horizon)
                term = _Term(name, signal.points, signal.at_most, decay)
                self._asked.setdefault(signal.when.fingerprint, []).append(term)

    def __missing__(self, asked: tuple[str, date, int, date]) -> tuple[ScoreRow, ...]:
        if len(self) >= KEPT:
            self.clear()
        matcher, when, count, day = asked
        age = max(0, (day - when).days)
        counts = count > 0 and age <= self._horizon
        rows = self[asked] = tuple([term.row(when, count, age) for term in self._asked.get(matcher, ()) if counts])
        return rows


_days_worth = once(_DaysWorth)


@once
def _by_kind(agreement: Agreement) -> dict[str, list[tuple[str, Matcher]]]:
    """What signals ask for, by the kind of event, in the agreement's order."""
    by_kind: dict[str, list[tuple[str, Matcher]]] = {}
    for name, signal in agreement.signals.items():
        by_kind.setdefault(signal.when.kind, []).append((name, signal.when))
    return by_kind


@once
def _hands(agreement: Agreement) -> frozenset[str]:
    return frozenset(signal.when.kind for signal in agreement.signals.values() if signal.hand_raise)


def _is_named(matcher: Matcher, event: EventFact) -> bool:
    if matcher.pattern is None:
        return True
    if matcher.kind == "page":
        return event.path is not None and path_matches(matcher.pattern, event.path)
    if event.name is None or same_name(matcher.pattern) != same_name(event.name):
        return False
    return matcher.answer is None or same_name(matcher.answer) == same_name(_answer(event.properties))


def _answer(properties: Mapping[str, object]) -> str:
    return str(properties.get("answer", ""))
