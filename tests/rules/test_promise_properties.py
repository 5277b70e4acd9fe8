"""Whoever looks at promises, however often, however late: each rung once, in order, and in the end the same."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from nurture.agreement import Sla, WorkingHours
from nurture.facts import BreachFact, HandoffFact
from nurture.grammar.durations import Duration
from nurture.rules import sla
from nurture.rules.ladder import SLACK, Rung, due_now, next_look
from nurture.rules.promises import pledges
from tests.rules.examples import AGREEMENT
from tests.rules.working import starts, working_hours

LADDER = ("remind", "escalate", "reassign", "return_to_nurture")
EXAMPLES = settings(max_examples=30, deadline=None)

lengths = st.one_of(
    st.builds(Duration, st.integers(1, 600), st.just("minute")), st.builds(Duration, st.integers(1, 20), st.just("day"))
)
days = st.builds(Duration, st.integers(3, 40), st.just("day"))


@st.composite
def agreed(draw: st.DrawFn) -> Sla:
    hours: WorkingHours = draw(working_hours(shortest=60, fewest_days=2))
    ladder = draw(st.lists(st.sampled_from(LADDER), unique=True).map(lambda some: sorted(some, key=LADDER.index)))
    terms = Sla.model_validate({**AGREEMENT["sla"], "hours": hours, "on_breach": ladder})
    return terms.model_copy(
        update={
            "accept_within": draw(lengths),
            "first_attempt_within": draw(lengths),
            "attempts": terms.attempts.model_copy(update={"count": draw(st.integers(1, 6)), "within": draw(days)}),
            "outcome_within": draw(days),
        }
    )


@st.composite
def handoffs(draw: st.DrawFn) -> HandoffFact:
    at = draw(starts)
    hand_raise = draw(st.booleans())
    if draw(st.booleans()):
        return HandoffFact("offered", 1, at, "one@acme.example", hand_raise=hand_raise)
    taken = at + timedelta(minutes=draw(st.integers(0, 5000)))
    made = draw(st.lists(st.integers(0, 20_000), max_size=8).map(sorted))
    attempts = tuple(taken + timedelta(minutes=after) for after in made)
    state: Any = draw(st.sampled_from(["accepted", "contacted", "qualified"]))
    return HandoffFact(state, 1, at, "one@acme.example", hand_raise=hand_raise, accepted_at=taken, attempts=attempts)


gaps = st.lists(
    st.one_of(st.integers(0, 3), st.integers(0, 300), st.integers(0, 20_000), st.integers(0, 200_000)), max_size=20
)
Told = list[tuple[datetime, Rung]]


def climb(handoff: HandoffFact, rungs: tuple[Rung, ...], at: datetime) -> HandoffFact:
    climbed = tuple(BreachFact(rung.promise, rung.n, rung.action, at) for rung in rungs)
    return replace(handoff, breaches=(*handoff.breaches, *climbed))


def look(terms: Sla, handoff: HandoffFact, now: datetime, told: Told) -> HandoffFact:
    rungs = due_now(terms, handoff, now)
    told += [(now, rung) for rung in rungs]
    return climb(handoff, rungs, now)


def is_over(told: Told) -> bool:
    return bool(told) and told[-1][1].returns


def begins(handoff: HandoffFact) -> datetime:
    """Nobody looks before what is known of the handoff has happened."""
    return max((handoff.accepted_at or handoff.offered_at, *handoff.attempts))


def late_looks(terms: Sla, handoff: HandoffFact, gaps: list[int]) -> tuple[HandoffFact, Told, datetime]:
    """Somebody looks so many minutes after the look before, whatever is due."""
    told: Told = []
    now = begins(handoff)
    for gap in gaps:
        now += timedelta(minutes=gap)
        handoff = look(terms, handoff, now, told)
        if is_over(told):
            break
    return handoff, told, now


def punctual_looks(terms: Sla, handoff: HandoffFact, now: datetime, told: Told) -> Told:
    """From here on somebody looks whenever it is time to."""
    for _ in range(30):
        at = next_look(terms, handoff, now)
        if at is None or is_over(told):
            return told
        now = max(now, at)
        before = len(told)
        handoff = look(terms, handoff, now, told)
        assert len(told) > before, "a look for nothing"
    raise AssertionError("a ladder that never ends")


def by_promise(told: Told) -> dict[str, list[tuple[datetime, Rung]]]:
    found: dict[str, list[tuple[datetime, Rung]]] = {}
    for at, rung in told:
        found.setdefault(rung.promise, []).append((at, rung))
    return found


@EXAMPLES
@given(terms=agreed(), handoff=handoffs(), gaps=gaps)
def test_whoever_looks_when_each_rung_is_climbed_once_in_order_and_never_early(
    terms: Sla, handoff: HandoffFact, gaps: list[int]
) -> None:
    _, told, _ = late_looks(terms, handoff, gaps)
    for climbed in by_promise(told).values():
        numbers = [rung.n for _, rung in climbed]
        assert numbers in ([0], list(range(1, len(numbers) + 1)))
        assert all(rung.due_at <= rung.climb_at <= at for at, rung in climbed)


@EXAMPLES
@given(terms=agreed(), handoff=handoffs(), gaps=gaps)
def test_nothing_is_done_while_nobody_is_at_work(terms: Sla, handoff: HandoffFact, gaps: list[int]) -> None:
    _, told, _ = late_looks(terms, handoff, gaps)
    for at, rung in told:
        assert sla.at_work(terms.hours, rung.climb_at) == rung.climb_at
        assert sla.at_work(terms.hours, at) == at or at - rung.climb_at <= SLACK


@EXAMPLES
@given(terms=agreed(), handoff=handoffs(), gaps=gaps)
def test_between_two_rungs_there_is_time_to_keep_the_promise(terms: Sla, handoff: HandoffFact, gaps: list[int]) -> None:
    _, told, _ = late_looks(terms, handoff, gaps)
    lengths = {pledge.promise: pledge for pledge in pledges(terms, handoff)}
    for promise, climbed in by_promise(told).items():
        for (before, _), (at, _) in pairwise(climbed):
            assert at >= lengths[promise].half_later(terms, before)


@EXAMPLES
@given(terms=agreed(), handoff=handoffs(), gaps=gaps)
def test_after_any_downtime_it_ends_as_if_there_had_been_none(
    terms: Sla, handoff: HandoffFact, gaps: list[int]
) -> None:
    punctual = punctual_looks(terms, handoff, begins(handoff), [])
    left, told, now = late_looks(terms, handoff, gaps)
    late = punctual_looks(terms, left, now, told)
    note(f"{punctual}\n{late}")
    assert is_over(late) == is_over(punctual), "a lead that goes back goes back, be it later"
    if not is_over(punctual):
        assert sorted((rung.promise, rung.n) for _, rung in late) == sorted(
            (rung.promise, rung.n) for _, rung in punctual
        )


@EXAMPLES
@given(terms=agreed(), handoff=handoffs(), gaps=gaps)
def test_looking_more_often_changes_nothing(terms: Sla, handoff: HandoffFact, gaps: list[int]) -> None:
    punctual = punctual_looks(terms, handoff, begins(handoff), [])
    more: Told = []
    now = begins(handoff)
    extra = sorted(now + timedelta(minutes=sum(gaps[:n])) for n in range(len(gaps) + 1))
    while not is_over(more):
        at = next_look(terms, handoff, now)
        if at is None:
            break
        while extra and extra[0] < at:
            handoff = look(terms, handoff, extra.pop(0), more)
        now = max(now, at)
        handoff = look(terms, handoff, now, more)
    assert more == punctual


@EXAMPLES
@given(terms=agreed(), handoff=handoffs(), gaps=gaps, later=st.integers(0, 100_000))
def test_whoever_waits_for_the_next_look_misses_nothing(
    terms: Sla, handoff: HandoffFact, gaps: list[int], later: int
) -> None:
    handoff, told, now = late_looks(terms, handoff, gaps)
    if is_over(told):
        return
    at = next_look(terms, handoff, now)
    then = now + timedelta(minutes=later)
    if due_now(terms, handoff, then):
        assert at is not None
        assert at <= then


@EXAMPLES
@given(terms=agreed(), handoff=handoffs())
def test_on_time_a_rung_is_climbed_when_its_length_has_passed_so_often(terms: Sla, handoff: HandoffFact) -> None:
    """To the instant for what is counted at work, but for who was just given the lead by another promise's ladder."""
    told = punctual_looks(terms, handoff, begins(handoff), [])
    at_work = {pledge.promise: pledge for pledge in pledges(terms, handoff) if not pledge.length.is_calendar}
    given = next((at for at, rung in told if rung.action == "reassign"), None)
    for at, rung in told:
        if rung.promise in at_work and rung.owed_at >= begins(handoff) and (given is None or at <= given):
            assert (
                at == rung.due_at == sla.deadline(terms.hours, handoff.offered_at, at_work[rung.promise].length, rung.n)
            )
