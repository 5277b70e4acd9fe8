"""What people are going to do, by when. Who adds first does not matter."""

import heapq
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class Planned(Protocol):
    """Something that is done about one lead, not before `at`."""

    @property
    def at(self) -> datetime:
        """Not before then."""

    @property
    def email(self) -> str:
        """About whom; only one thing about a lead is done at a time."""


Item = TypeVar("Item", bound=Planned)


class Agenda(Generic[Item]):
    """A queue by time; things planned for the same instant about one lead keep the order in which they were added."""

    def __init__(self) -> None:
        """Nothing is planned."""
        self._heap: list[tuple[datetime, str, int, Item]] = []
        self._added: Counter[str] = Counter()

    def add(self, item: Item) -> None:
        """Plan something."""
        self._added[item.email] += 1
        heapq.heappush(self._heap, (item.at, item.email, self._added[item.email], item))

    @property
    def next_at(self) -> datetime | None:
        """When the first thing is to be done; None where nothing is planned."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime, *, but: Collection[str] = ()) -> list[Item]:
        """What is to be done now, at most one thing about each lead; call again for what is left.

        Leads in `but` have to wait.
        """
        taken: dict[str, Item] = {}
        left = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if entry[1] in taken or entry[1] in but:
                left.append(entry)
            else:
                taken[entry[1]] = entry[3]
        for entry in left:
            heapq.heappush(self._heap, entry)
        return list(taken.values())
