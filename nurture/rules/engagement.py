"""What a lead's human events change: the daily counts, the answers, that it is awake."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from nurture.facts import EventFact, LeadState, SignalCount
from nurture.rules import scoring
from nurture.rules.draft import Draft
from nurture.rules.effects import Answered, Counted, Engaged
from nurture.rules.evolving import evolve
from nurture.rules.known import known


def cycle_of(state: LeadState, at: datetime) -> int:
    """The cycle in which an event happened: the last one that had begun; before all of them, the first."""
    begun = [n for n, started_at in state.cycles if started_at <= at]
    return begun[-1] if begun else state.cycles[0][0]


def count(draft: Draft, events: Sequence[EventFact]) -> str | None:
    """Raise the daily counts; gives why the lead raised its hand, if one of the events of this cycle did."""
    raised: str | None = None
    ups: Counter[tuple[int, str, date]] = Counter()
    signals = draft.book.agreement.signals
    for event in events:
        cycle = cycle_of(draft.state, event.occurred_at)
        if not scoring.may_count(draft.book.agreement, event.kind):
            names: tuple[str, ...] = ()
        else:
            here = known(draft.book, draft.state, draft.now, event=event.properties)
            names = scoring.matched(draft.book.agreement, event, here)
        day = event.occurred_at.astimezone(UTC).date()
        for matcher in sorted({signals[name].when.fingerprint for name in names}):
            ups[cycle, matcher, day] += 1
        if cycle == draft.state.cycle and raised is None:
            raised = _raised(draft, event, names)
    for (cycle, matcher, day), by in sorted(ups.items()):
        draft.add(Counted(cycle, matcher, day, by))
    _raise_counts(
        draft, {(matcher, day): by for (cycle, matcher, day), by in ups.items() if cycle == draft.state.cycle}
    )
    return raised


def engage(draft: Draft, events: Sequence[EventFact]) -> bool:
    """Note answers and the last sign of life; True if there was any sign other than an open."""
    for event in events:
        if event.kind == "answer" and event.name is not None:
            answer = str(event.properties.get("answer", ""))
            draft.add(Answered(event.name, answer))
            profile = draft.state.profile
            attributes = {**profile.attributes, event.name: answer}
            draft.state = evolve(draft.state, profile=replace(profile, attributes=attributes))
    latest = max((event.occurred_at for event in events if event.kind not in ("open", "identify")), default=None)
    if latest is None:
        return False
    if draft.state.engaged_at is None or latest > draft.state.engaged_at:
        draft.add(Engaged(latest))
        draft.state = evolve(draft.state, engaged_at=latest)
    return True


def _raised(draft: Draft, event: EventFact, names: Sequence[str]) -> str | None:
    if event.kind == "reply":
        return "replied"
    for name in names:
        if draft.book.agreement.signals[name].hand_raise:
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
