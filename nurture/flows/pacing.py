"""So many mails a second over all workers: each reserves the rate for a moment at a time, and keeps to it."""

import math
import time

from sqlalchemy import Engine

from nurture.db import transaction
from nurture.store import sending

AT_A_TIME = 1.0
"""Seconds of the whole rate that are reserved at once: so often a worker asks, however many mails that are."""
AHEAD = 5.0
"""Nothing is reserved that begins later; whoever waits for so long asks again."""
ASK_AGAIN = 0.5
TICK = 0.02
"""Seconds. Mails whose turn comes within so short a time go together, in one statement."""


class Pace:
    """What one worker may send when, by the machine's monotonic clock. Without a rate: everything, at once."""

    def __init__(self, engine: Engine, mailer: str, per_second: int | None) -> None:
        """Reserve nothing yet."""
        self._engine, self._mailer, self._per_second = engine, mailer, per_second
        self._begins = self._ask_at = 0.0
        self._size = self._taken = 0

    def most(self, wanted: int) -> int:
        """How many of the wanted mails may go now. Reserves the next moment where the last one is used up."""
        if self._per_second is None or not wanted:
            return wanted
        now = time.monotonic()
        if self._taken >= self._size and now >= self._ask_at:
            self._reserve(now)
        due = math.floor((now + TICK / 2 - self._begins) * self._per_second) + 1
        return max(0, min(wanted, due - self._taken, self._size - self._taken))

    def take(self, count: int) -> None:
        """So many went."""
        if self._per_second is not None:
            self._taken += count

    def wait(self) -> float | None:
        """Seconds until there is a reason to ask again; None: there is no rate."""
        if self._per_second is None:
            return None
        now = time.monotonic()
        next_at = self._begins + self._taken / self._per_second if self._taken < self._size else self._ask_at
        return max(TICK, next_at - now)

    def _reserve(self, now: float) -> None:
        rate = self._per_second or 1
        size = max(1, round(rate * AT_A_TIME))
        with transaction(self._engine) as db:
            begins_in = sending.reserve(db, self._mailer, seconds=size / rate, ahead=AHEAD)
        if begins_in is None:
            self._ask_at = now + ASK_AGAIN
        else:
            self._begins, self._size, self._taken = now + begins_in, size, 0
            self._ask_at = 0.0
