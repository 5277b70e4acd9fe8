"""What raises which day's count. One function for an event that comes in and for one that is read again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from nurture.facts import EventFact
from nurture.grammar.matchers import Matcher
from nurture.rules import scoring
from nurture.rules.book import Rulebook

KEPT = 20_000
"""So many answers are remembered while events are read again; sites have fewer pages."""

Cycles = Sequence[tuple[int, datetime]]
"""(n, started_at) of a lead's cycles, oldest first; at least one."""
DayCounts = dict[tuple[int, str, date], int]
"""How often, by cycle, fingerprint and UTC day."""


def cycle_at(cycles: Cycles, at: datetime) -> int:
    """The cycle in which an event happened: the last one that had begun; before all of them, the first."""
    begun = [n for n, started_at in cycles if started_at <= at]
    return begun[-1] if begun else cycles[0][0]


class Counting:
    """Counts events by some matchers. Makes no difference between one event and a million, but in speed.

    An event whose properties nobody asks for is matched once for its kind, name and path, and the answer kept.
    """

    def __init__(self, book: Rulebook, matchers: Collection[str] | None = None) -> None:
        """By the matchers with these fingerprints; by all that the rulebook counts where none are given."""
        asked = book.matchers if matchers is None else {f: m for f, m in book.matchers.items() if f in set(matchers)}
        self.matchers: Mapping[str, Matcher] = asked
        self._company = book.company
        self._by_kind: dict[str, list[tuple[str, Matcher]]] = {}
        for fingerprint, matcher in sorted(asked.items()):
            self._by_kind.setdefault(matcher.kind, []).append((fingerprint, matcher))
        self._kept: dict[tuple[str, str | None, str | None], tuple[str, ...]] = {}
        self.asks_properties = frozenset(
            matcher.kind for matcher in asked.values() if matcher.condition is not None or matcher.answer is not None
        )
        """The kinds of events whose properties matter."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that count for anything."""
        return frozenset(self._by_kind)

    def raised_by(self, event: EventFact) -> tuple[str, ...]:
        """Fingerprints of the matchers that a human event is one of, each once."""
        asked = self._by_kind.get(event.kind)
        if asked is None or event.verdict != "human":
            return ()
        if event.kind in self.asks_properties:
            return self._matched(asked, event)
        key = (event.kind, event.name, event.path)
        raised = self._kept.get(key)
        if raised is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            raised = self._kept[key] = self._matched(asked, event)
        return raised

    def count(self, cycles: Cycles, events: Iterable[EventFact]) -> DayCounts:
        """The daily counts of one lead's events."""
        counts: DayCounts = {}
        for event in events:
            raised = self.raised_by(event)
            if raised:
                cycle = cycle_at(cycles, event.occurred_at)
                day = event.occurred_at.astimezone(UTC).date()
                for fingerprint in raised:
                    key = cycle, fingerprint, day
                    counts[key] = counts.get(key, 0) + 1
        return counts

    def _matched(self, asked: Sequence[tuple[str, Matcher]], event: EventFact) -> tuple[str, ...]:
        return tuple(fingerprint for fingerprint, one in asked if scoring.matches(one, event, self._company))
