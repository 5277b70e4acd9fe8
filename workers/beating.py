"""Every process says every few seconds that it is alive and what it has counted, by its row in the database.

Workers and the clock have no port to be asked on, and of several web processes any one is asked; so all of them tell
the database, and `/metrics` and `nurture status` read it there.
"""

import threading
from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware

from nurture.app import App
from nurture.flows.beat import Beat

EVERY = 5.0
"""Seconds. A process that is killed takes with it what it has counted since it told last."""


class Beating:
    """Tells in a thread of its own, so that no job or request ever waits for it."""

    def __init__(self, beat: Beat, every: float = EVERY) -> None:
        """Silent until `start`."""
        self._beat, self._every = beat, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="beat", daemon=True)

    def start(self) -> "Beating":
        """Tell at once, and then every so often."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Tell for the last time."""
        self._over.set()
        self._thread.join(self._every)
        self._beat.end()

    def _go_on(self) -> None:
        self._beat.tell()
        while not self._over.wait(self._every):
            self._beat.tell()


class BeatingWorker(Middleware):
    """Lets a worker process tell, from when it has forked until its last job is done."""

    def __init__(self) -> None:
        """Silent until the worker boots."""
        self._app: App | None = None
        self._beating: Beating | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Open the app before any thread needs it, and begin."""
        from workers import process

        self._app = process.app()
        self._beating = beating(self._app, "worker")

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Count jobs that failed."""
        if exception is not None and self._app is not None:
            self._app.meters.add("jobs_failed", message.actor_name)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """All jobs are done."""
        if self._beating is not None:
            self._beating.stop()


def beating(app: App, kind: str) -> Beating:
    """A process of this kind, telling from now on."""
    return Beating(Beat(app, kind)).start()
