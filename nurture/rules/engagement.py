"""What a lead's human events change: the daily counts, the answers, that it is awake."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from nurture.facts import EventFact, EventKind, SignalCount
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.rules.counting import Counting, cycle_at
from nurture.rules.draft import Draft
from nurture.rules.effects import Answered, Counted, Engaged
from nurture.rules.evolving import evolve
from nurture.rules.once import once

NO_SIGN_OF_LIFE: tuple[EventKind, ...] = ("open", "identify", "look")
"""Kinds of events that say nothing of a lead: pictures that programs load, pages of ours that were only looked at."""


def count(draft: Draft, events: Sequence[EventFact]) -> str | None:
    """Raise the daily counts; gives why the lead raised its hand, if one of the events of this cycle did."""
    state, book = draft.state, draft.book
    ups = _counting(book).count(state.cycles, events)
    if ups:
        for (cycle, matcher, day), by in sorted(ups.items()):
            draft.add(Counted(cycle, matcher, day, by))
        _raise_counts(draft, {(matcher, day): by for (cycle, matcher, day), by in ups.items() if cycle == state.cycle})
    for event in events:
        if cycle_at(state.cycles, event.occurred_at) == state.cycle:
            raised = _raised(draft, event)
            if raised is not None:
                return raised
    return None


def engage(draft: Draft, events: Sequence[EventFact]) -> bool:
    """Note answers and the last sign of life; True if there was any sign other than an open."""
    for event in events:
        if event.kind == "answer" and event.name is not None:
            answer = str(event.properties.get("answer", ""))
            draft.add(Answered(event.name, answer))
            profile = draft.state.profile
            attributes = {**profile.attributes, event.name: answer}
            draft.state = evolve(draft.state, profile=replace(profile, attributes=attributes))
    latest = max((event.occurred_at for event in events if event.kind not in NO_SIGN_OF_LIFE), default=None)
    if latest is None:
        return False
    if draft.state.engaged_at is None or latest > draft.state.engaged_at:
        draft.add(Engaged(latest))
        draft.state = evolve(draft.state, engaged_at=latest)
    return True


@once
def _counting(book: Rulebook) -> Counting:
    return Counting(book)


def _raised(draft: Draft, event: EventFact) -> str | None:
    if event.kind == "reply":
        return "replied"
    agreement = draft.book.agreement
    if scoring.may_raise_hand(agreement, event.kind):
        for name in scoring.matched(agreement, event, draft.book.company):
            if agreement.signals[name].hand_raise:
                return name
    return None


def _raise_counts(draft: Draft, ups: dict[tuple[str, date], int]) -> None:
    if not ups:
        return
    counts = {(count.matcher, count.day): count.count for count in draft.state.counts}
    for key, by in ups.items():
        counts[key] = counts.get(key, 0) + by
    draft.state = evolve(
        draft.state, counts=tuple(SignalCount(matcher, day, n) for (matcher, day), n in sorted(counts.items()))
    )
