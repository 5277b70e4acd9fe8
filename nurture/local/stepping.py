"""How far the demo's clock may be moved at once. Pure.

Few steps make a quick demo. Too long a one would jump over a mail's window and turn a busy machine into lost mails, or
let two things come due for one lead at once, of which either could then be first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

STRIDE = timedelta(hours=2)
"""So long after the first thing that is due, what has come due meanwhile is done with it in one go."""
BEFORE_THE_END = timedelta(seconds=1)
"""A window must be open still when its mail is looked at."""
JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Due:
    """Something comes due `at`, for a lead (`who`) or for nobody; to be done before `until`, if there is an `until`."""

    at: datetime
    until: datetime | None = None
    who: int | None = None


def next_stop(now: datetime, dues: Iterable[Due], end: datetime, stride: timedelta = STRIDE) -> datetime:
    """Where to move the clock: past the first thing due, at most `stride`, and before any window on the way ends.

    No lead has two things come due on the way, unless at the very same instant. Never back, never beyond `end`; where
    nothing is due before `end`, there. A window that has ended holds nothing up: its mail goes another day.
    """
    ahead = sorted((due for due in dues if due.until is None or due.until > now), key=lambda due: due.at)
    if not ahead or ahead[0].at >= end:
        return end
    first = max(ahead[0].at, now)
    stop = min(first + stride, end)
    met: set[int] = set()
    for due in ahead:
        if due.at > stop:
            break
        if due.who is not None and due.who in met:
            return max(due.at - JUST_BEFORE, first)
        if due.who is not None:
            met.add(due.who)
        if due.until is not None:
            stop = min(stop, max(due.until - BEFORE_THE_END, first))
    return stop
