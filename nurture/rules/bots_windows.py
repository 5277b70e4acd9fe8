"""What happens close together: many different things within a moment, and what stands next to something telling."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar


class _Timed(Protocol):
    @property
    def at(self) -> datetime: ...


Thing = TypeVar("Thing", bound=_Timed)


def crowded(
    things: Sequence[Thing], span: timedelta, different: Callable[[Thing], Hashable], enough: int
) -> Iterator[Thing]:
    """Things that lie in some stretch of time, no longer than `span`, in which at least `enough` are different.

    `things` are in order of time. Each is given once, in order, and looked at twice, however many there are.
    """
    counts: Counter[Hashable] = Counter()
    end = told = 0
    for start, first in enumerate(things):
        while end < len(things) and things[end].at - first.at <= span:
            counts[different(things[end])] += 1
            end += 1
        if len(counts) >= enough:
            yield from things[max(start, told) : end]
            told = end
        counts[different(first)] -= 1
        if not counts[different(first)]:
            del counts[different(first)]


def runs(things: Sequence[Thing], pause: timedelta) -> Iterator[Sequence[Thing]]:
    """Things in order of time, cut wherever there is more than `pause` between two."""
    start = 0
    for place in range(1, len(things) + 1):
        if place == len(things) or things[place].at - things[place - 1].at > pause:
            yield things[start:place]
            start = place


def beside(things: Sequence[Thing], tells: Callable[[Thing], bool], pause: timedelta, most: timedelta) -> list[Thing]:
    """Things that do not tell by themselves but follow, or are followed by, one that does, as one piece of work.

    `things` are in order of time. One piece of work has no pause longer than `pause`; what is more than `most` away
    from what tells is no longer part of it.
    """
    found = []
    for run in runs(things, pause):
        times = [thing.at for thing in run if tells(thing)]
        for thing in run if times else ():
            place = bisect_left(times, thing.at)
            near = times[max(0, place - 1) : place + 1]
            if not tells(thing) and any(abs(thing.at - at) <= most for at in near):
                found.append(thing)
    return found
