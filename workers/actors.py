"""The jobs: each reads the clock, calls a flow until nothing is left or its time is up, and asks to be called again.

A job carries no ids. What is to be done is claimed from PostgreSQL, so a job delivered twice does nothing twice and a
Redis that was emptied is told again by the clock.
"""

import time
from collections.abc import Callable
from threading import Lock

import dramatiq

from nurture.flows import advance as advancing
from nurture.flows import deliver as delivering
from nurture.flows import rescore as rescoring
from nurture.flows import settle as settling
from nurture.flows import tell as telling
from workers import process
from workers.broker import QUEUE, stopping
from workers.nudge import waiting_key

BUSY_SECONDS = 20.0
"""How long a job works before it makes way for others."""

dramatiq.set_broker(process.broker())
_sending = Lock()
"""One sending job a process: its connections to the mail server are many enough."""


def _until_done(kind: str, batch: Callable[[], bool]) -> None:
    """Call `batch` while it says that there is more; hand on what is left when the time is up."""
    process.broker().client.delete(waiting_key(kind))
    ends_at = time.monotonic() + BUSY_SECONDS
    while batch():
        if time.monotonic() >= ends_at or stopping.is_set():
            process.app().nudge(kind)
            return


@dramatiq.actor(queue_name=QUEUE)
def advance() -> None:
    """Take what is due; its mails may go at once."""
    app = process.app()
    queued = 0

    def batch() -> bool:
        nonlocal queued
        done = advancing.advance(app, app.now())
        queued += done.queued
        if done.offered:
            app.nudge("notices")
        return done.more

    _until_done("advance", batch)
    if queued:
        app.nudge("deliver")


@dramatiq.actor(queue_name=QUEUE)
def deliver() -> None:
    """Send mails whose slot has come, until none is left or the time is up."""
    app = process.app()
    process.broker().client.delete(waiting_key("deliver"))
    if not _sending.acquire(blocking=False):
        return
    try:
        done = delivering.deliver(app, app.now, seconds=BUSY_SECONDS, stop=stopping.is_set)
    finally:
        _sending.release()
    if done.more:
        app.nudge("deliver")


@dramatiq.actor(queue_name=QUEUE)
def settle() -> None:
    """Judge mail hits that have waited long enough."""
    app = process.app()
    _until_done("settle", lambda: settling.settle(app, app.now()).more)


@dramatiq.actor(queue_name=QUEUE)
def notices() -> None:
    """Tell sales what it has not been told."""
    app = process.app()
    _until_done("notices", lambda: telling.tell(app, app.now()).more)


@dramatiq.actor(queue_name=QUEUE)
def rescore() -> None:
    """Count, grade and score all leads anew after a changed agreement."""
    app = process.app()
    _until_done("rescore", lambda: rescoring.rescore(app, app.now()).more)
