"""What every job has in common: its queue, its priority, and that a database which is away is nobody's mistake."""

import functools
import logging
from collections.abc import Callable

import dramatiq

from nurture.db import is_away, words_of
from workers import process
from workers.broker import QUEUE

NEWS, WORK = 0, 10
"""Priorities of what waits in this process: news for sales goes before all else."""

log = logging.getLogger(__name__)

dramatiq.set_broker(process.broker())


def job(priority: int) -> Callable[[Callable[[], None]], dramatiq.Actor[[], None]]:
    """Make a function of no arguments the job of the kind that is its name."""

    def made(work: Callable[[], None]) -> dramatiq.Actor[[], None]:
        @functools.wraps(work)
        def run() -> None:
            try:
                work()
            except Exception as error:
                if not is_away(error):
                    raise
                # No failure: all is as it was, and the clock asks again once the database is back.
                log.warning("the database is away", extra={"kind": work.__name__, "because": words_of(error)})

        return dramatiq.actor(actor_name=work.__name__, queue_name=QUEUE, priority=priority)(run)

    return made
