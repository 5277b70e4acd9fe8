"""How a worker process ends: whoever runs is let finish, nobody waits longer than a platform does.

A platform sends SIGTERM to every process of a dyno and SIGKILL thirty seconds later; dramatiq's master forwards a
SIGTERM of its own for each that it gets. So one that follows another is an echo. What still runs after `GONE_SECONDS`
runs no more: what it held is leased, and another worker has it as soon as the lease is over.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

FINISH_SECONDS = 18
"""So long dramatiq lets running jobs finish. A job that looks at `stopping` takes less."""
GONE_SECONDS = 22.0
"""After so long the process ends whatever runs, so that its master, which looks once a second, is gone within 25."""

stopping = threading.Event()
"""Set once this process was asked to stop: a long job looks here and makes way."""

log = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], Any]


class OneSigterm(Middleware):
    """Take every SIGTERM after the first for the echo it is; dramatiq's own worker takes the second as "die now"."""

    def after_process_boot(self, broker: dramatiq.Broker) -> None:
        """Wrap the handlers that dramatiq has just installed in this worker process."""
        installed = signal.getsignal(signal.SIGTERM)
        if not callable(installed):
            return
        once = heeded_once(installed)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, once)


def heeded_once(installed: Handler) -> Handler:
    """A handler that calls this one for the first signal only, and sees to it that the process ends in time.

    The next signal may come while the first is being heeded, between any two steps of it: so who is first is settled in
    a single one.
    """
    first = [True]

    def once(number: int, frame: FrameType | None) -> Any:
        try:
            first.pop()
        except IndexError:
            return None
        stopping.set()
        leave_in_time(GONE_SECONDS)
        return installed(number, frame)

    return once


def leave_in_time(seconds: float) -> None:
    """End this process in so many seconds at the latest, whatever its threads wait for."""
    last = threading.Timer(seconds, _leave)
    last.daemon = True
    last.start()


def _leave() -> None:
    log.warning("something has not ended in time; what it held is taken over when its lease is over")
    os._exit(0)
