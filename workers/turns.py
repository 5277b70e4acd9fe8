"""One job of a kind at a time in a process: a second would take the same work from the first, and a thread from others.

Without this the clock, which says "look now" every few seconds, could fill all threads with one kind of long job, and
news for sales would wait until one of them has ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from nurture.app import Nudge


class Turns:
    """Who has the turn, by kind of work, in this process."""

    def __init__(self) -> None:
        """Nobody."""
        self._lock = Lock()
        self._asked: dict[str, bool] = {}

    @contextmanager
    def take(self, what: str, *, kind: str, nudge: Nudge) -> Iterator[bool]:
        """Whether it is our turn; else whoever has it will ask for another job of this kind when it ends.

        That other job finds what came after the last look of the one that runs, so nothing is missed.
        """
        with self._lock:
            ours = what not in self._asked
            self._asked[what] = not ours
        try:
            yield ours
        finally:
            if ours:
                with self._lock:
                    asked = self._asked.pop(what)
                if asked:
                    nudge(kind)
