"""How many calls are worked on at once: as many as there are connections that are kept, so that none waits for one.

The others of a web process, pages and events, have as many again. Who comes when all are taken waits a while in a row;
who would wait too long is told to come back, which is better than a call that times out on the way.
"""

import asyncio
from types import TracebackType

from nurture.web.api.problems import BUSY, Problem

WAITS_FOR = 10.0
"""Seconds a call waits for its turn."""
MOST_WAITING = 500
RETRY_AFTER = 2


class Room:
    """`async with room:` around the work of one call."""

    def __init__(self, at_once: int, *, waits_for: float = WAITS_FOR, most_waiting: int = MOST_WAITING) -> None:
        """Args: at_once: calls. waits_for: seconds. most_waiting: calls in the row."""
        self._turns = asyncio.Semaphore(at_once)
        self._waits_for, self._most_waiting, self._waiting = waits_for, most_waiting, 0

    async def __aenter__(self) -> None:
        """Wait for a turn.

        Raises:
            Problem: It would take too long; with `Retry-After`.
        """
        if self._waiting >= self._most_waiting:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._waits_for):
                await self._turns.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Give the turn to the next."""
        self._turns.release()


def _busy() -> Problem:
    return Problem(BUSY, BUSY.example, headers={"retry-after": str(RETRY_AFTER)})
