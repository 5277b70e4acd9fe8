"""The demo's hand on the clock: moves it to the next business instant once all that is due has been done."""

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import Nudge
from nurture.errors import LocalServerError
from nurture.local.stepping import Due, next_stop
from nurture.store import business_time, horizon

PATIENCE = 300.0
"""Seconds of machine time that the workers have for what is due at one instant."""
FIRST_GLANCE, LONGEST_GLANCE = 0.008, 0.025
AGAIN = 0.2
"""Workers pass work on among themselves; only if they seem not to have heard are they told once more."""


class SteppedTime:
    """Business time from `now`, which the clock shows already, to `end`."""

    def __init__(
        self, db: Connection, now: datetime, end: datetime, *, check: Callable[[], None], nudge: Nudge
    ) -> None:
        """Keep what is needed to look and to move.

        Args:
            db: commits by itself; asked often, so it is held all the time.
            now: what the clock shows.
            end: how far it is moved.
            check: raises if a process is dead; called while we wait.
            nudge: tells the workers of a kind of work.
        """
        self._db, self._check, self._nudge = db, check, nudge
        self.now, self.end = now, end

    def step(self, planned_at: datetime | None) -> set[int]:
        """Move on, not far past what people have planned; gives the leads about whom the workers have something to do.

        The others may act at once. Those may when all is done, lest it be chance what is first.
        """
        dues = [Due(row.at, row.until, row.lead_id) for row in horizon.ahead(self._db, self.end)]
        planned = [] if planned_at is None else [Due(planned_at)]
        self.move(next_stop(self.now, [*dues, *planned], self.end))
        return {due.who for due in dues if due.at <= self.now and due.who is not None}

    def move(self, to: datetime) -> None:
        """Set the clock, and tell the workers what has come due."""
        business_time.step_to(self._db, to)
        self.now = to
        for kind in horizon.undone(self._db, to):
            self._nudge(kind)

    def drain(self) -> None:
        """Wait until nothing is due.

        Raises:
            LocalServerError: A process died, or the workers do not get done.
        """
        began = told = time.monotonic()
        glance = FIRST_GLANCE
        while undone := horizon.undone(self._db, self.now):
            now = time.monotonic()
            if now > began + PATIENCE:
                what = ", ".join(undone)
                raise LocalServerError(
                    f"the workers do not get done with what is due {self.now:%d %b %Y %H:%M}: {what}"
                )
            self._check()
            if now >= told + AGAIN:
                told = now
                for kind in undone:
                    self._nudge(kind)
            time.sleep(glance)
            glance = min(glance * 1.5, LONGEST_GLANCE)
