"""What a lead's human events change: the daily counts, the answers, that it is awake."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from nurture.facts import EventFact, EventKind, SignalCount
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.rules.counting import Counting, cycle_at
from nurture.rules.draft import Draft
from nurture.rules.effects import Answered, Counted, Engaged
from nurture.rules.evolving import evolve
from nurture.rules.once import once
from nurture.rules.qualification import REPLIED
from nurture.values import quick

NO_SIGN_OF_LIFE: tuple[EventKind, ...] = ("open", "identify", "look")
"""Kinds of events that say nothing of a lead: pictures that programs load, pages of ours that were only looked at."""


MOST_SAID = 200
"""So many characters of a reply stand in the sentence that says why a lead is offered."""


@quick
@dataclass(frozen=True, slots=True)
class Raised:
    """The lead raised its hand: by the signal of that name, or `replied`, and what it said then."""

    by: str
    said: str | None = None


def count(draft: Draft, events: Sequence[EventFact]) -> Raised | None:
    """Raise the daily counts; gives how the lead raised its hand, if one of the events of this cycle did."""
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
    latest = None
    for event in events:
        at = event.occurred_at
        if event.kind not in NO_SIGN_OF_LIFE and (latest is None or at > latest):
            latest = at
        if event.kind == "answer" and event.name is not None:
            answer = str(event.properties.get("answer", ""))
            draft.add(Answered(event.name, answer))
            profile = draft.state.profile
            attributes = {**profile.attributes, event.name: answer}
            draft.state = evolve(draft.state, profile=replace(profile, attributes=attributes))
    if latest is None:
        return False
    if draft.state.engaged_at is None or latest > draft.state.engaged_at:
        draft.add(Engaged(latest))
        draft.state = evolve(draft.state, engaged_at=latest)
    return True


@once
def _counting(book: Rulebook) -> Counting:
    return Counting(book)


def _raised(draft: Draft, event: EventFact) -> Raised | None:
    if event.kind == "reply":
        return Raised(REPLIED, _excerpt(event))
    agreement = draft.book.agreement
    if scoring.may_raise_hand(agreement, event.kind):
        for name in scoring.matched(agreement, event, draft.book.company):
            if agreement.signals[name].hand_raise:
                return Raised(name)
    return None


def _excerpt(event: EventFact) -> str | None:
    """What a reply says, on one line; None where nothing is kept of it."""
    said = " ".join(str(event.properties.get("text") or "").split())
    return said if len(said) <= MOST_SAID else f"{said[: MOST_SAID - 1].rstrip()}…"


def _raise_counts(draft: Draft, ups: dict[tuple[str, date], int]) -> None:
    if not ups:
        return
    counts = {(count.matcher, count.day): count for count in draft.state.counts}
    for (matcher, day), by in ups.items():
        before = counts.get((matcher, day))
        counts[matcher, day] = SignalCount(matcher, day, by if before is None else before.count + by)
    draft.state = evolve(draft.state, counts=tuple([counts[key] for key in sorted(counts)]))
