"""Whether a lead would have gone to sales without some of what it was thought to have done.

Asked of the evidence that the handoff was opened with: its rows hold the points, caps and decay of that day, whatever
the agreement says of them by now and whichever events are still kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from nurture.agreement import Agreement
from nurture.facts import MICRO, EventFact, Grade, Score, ScoreRow
from nurture.rules import qualification, scoring
from nurture.rules.counting import Cycles, cycle_at
from nurture.rules.grading import Grading


@dataclass(frozen=True, slots=True)
class Offer:
    """A handoff as it was opened: the grade, whether for a raised hand, the score's rows as its evidence has them."""

    cycle: int
    offered_at: datetime
    grade: Grade
    hand_raise: bool
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What is left of an offer: whether it would have been made, the score it would have had, and why."""

    stands: bool
    score_micro: int
    because: str


def look_back(
    agreement: Agreement,
    company: Mapping[str, object],
    offer: Offer,
    cycles: Cycles,
    human: Iterable[EventFact],
    lost: Iterable[EventFact],
) -> Hindsight | None:
    """What is left of an offer without `lost`; None where these had no part in it.

    Args:
        agreement: its signals say what an event was counted for, its `qualify` what suffices.
        company: what conditions see under that name.
        offer: the handoff.
        cycles: the lead's.
        human: what the lead did before it was offered, by the verdicts of today; only who raised a hand matters.
        lost: what counted then and does not count any more, facts with the verdict "human".
    """
    theirs = [event for event in lost if _is_before(event, offer, cycles)]
    gone = Counter(
        (name, event.occurred_at.astimezone(UTC).date())
        for event in theirs
        for name in scoring.matched(agreement, event, company)
    )
    rows, took = _without(offer.rows, gone)
    hand_lost = offer.hand_raise and any(_raises(agreement, company, event) for event in theirs)
    if not took and not hand_lost:
        return None
    score = Score(offer.offered_at.astimezone(UTC).date(), sum(row.worth for row in rows), rows, _different(rows))
    raised = next(
        (
            raised
            for event in human
            if _is_before(event, offer, cycles) and (raised := _raises(agreement, company, event))
        ),
        None,
    )
    decision = qualification.decide(agreement, Grading(offer.grade, 0, ()), score, raised, barred=False)
    return Hindsight(decision.qualifies, score.micro, decision.because)


def _is_before(event: EventFact, offer: Offer, cycles: Cycles) -> bool:
    return event.occurred_at <= offer.offered_at and cycle_at(cycles, event.occurred_at) == offer.cycle


def _without(
    rows: Sequence[Mapping[str, Any]], gone: Mapping[tuple[str, date], int]
) -> tuple[tuple[ScoreRow, ...], bool]:
    """The rows with fewer counts, and whether any of them lost one."""
    left, took = [], False
    for row in rows:
        day = date.fromisoformat(row["day"])
        lost = min(gone.get((row["signal"], day), 0), row["count"])
        took = took or lost > 0
        count, worth = row["count"] - lost, Fraction(str(row["worth"])) * MICRO
        # A cap shows only where it cut something off; elsewhere everything counted.
        counted = min(count, row["counted"])
        if row["counted"]:
            worth = worth * counted / row["counted"]
        left.append(ScoreRow(row["signal"], day, count, counted, row["points"], row["age_days"], round(worth)))
    return tuple(left), took


def _raises(agreement: Agreement, company: Mapping[str, object], event: EventFact) -> str | None:
    """By what an event raises a hand."""
    if event.kind == "reply":
        return qualification.REPLIED
    names = scoring.matched(agreement, event, company)
    return next((name for name in names if agreement.signals[name].hand_raise), None)


def _different(rows: Iterable[ScoreRow]) -> int:
    """How many different signals are worth something."""
    worth: Counter[str] = Counter()
    for row in rows:
        worth[row.signal] += row.worth
    return sum(sum_ > 0 for sum_ in worth.values())
