"""The courier: a dramatiq broker on Redis (or Valkey). It carries no truth; all of it may be lost at any moment."""

import logging
import signal
import threading
import time
from types import FrameType
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Retries, ShutdownNotifications, TimeLimit

from nurture.settings import Settings

QUEUE = "nurture"
GRACE_SECONDS = 25
"""A PaaS kills 30 seconds after it asked; a job that runs may finish within this."""
JOB_LIMIT_MS = 600_000
"""Longer than the slowest mail server may take for an answer: a job that is cut off leaves mails unknown."""
JOB_AGE_MS = 60_000
"""A job says only "there is work": one that waited a minute says nothing new, the clock has said it again since."""

IDLE_MS = 200
"""The longest pause between two looks at an empty queue: so long may news for sales wait to be taken."""

stopping = threading.Event()
"""Set once this worker process was asked to stop: a long job looks here and makes way."""

log = logging.getLogger(__name__)


class OneSigterm(Middleware):
    """Take a second SIGTERM within the grace time for the echo it is.

    A PaaS sends SIGTERM to every process of a dyno, and dramatiq's master forwards another; a worker process takes the
    second as "die now" and the running job is lost.
    """

    def after_process_boot(self, broker: dramatiq.Broker) -> None:
        """Wrap the handler that dramatiq has just installed in this worker process."""
        installed = signal.getsignal(signal.SIGTERM)
        if not callable(installed):
            return
        asked_at: list[float] = []

        def once(number: int, frame: FrameType | None) -> Any:
            if asked_at and time.monotonic() - asked_at[0] < GRACE_SECONDS:
                return None
            asked_at[:] = [time.monotonic()]
            stopping.set()
            return installed(number, frame)

        signal.signal(signal.SIGTERM, once)


class Courier(RedisBroker):
    """Looks often enough for a job that somebody waits for: dramatiq's own pause grows to a second."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = IDLE_MS) -> dramatiq.Consumer:
        """As the broker does."""
        return super().consume(queue_name, prefetch, min(timeout, IDLE_MS))


def make_broker(settings: Settings) -> RedisBroker:
    """A broker for this process. Jobs are tried a few times only: the clock asks again for whatever is still due."""
    middleware: list[Middleware] = [
        AgeLimit(max_age=JOB_AGE_MS),
        TimeLimit(time_limit=JOB_LIMIT_MS),
        ShutdownNotifications(),
        Callbacks(),
        Retries(max_retries=2, min_backoff=1_000, max_backoff=10_000),
        OneSigterm(),
    ]
    return Courier(  # type: ignore[no-untyped-call]
        url=settings.redis_url,
        middleware=middleware,
        namespace="nurture",
        maintenance_chance=50_000,
        heartbeat_timeout=30_000,
    )
