"""Tell the workers that there is work. One job of a kind waits at most; it carries nothing but its kind."""

import logging
import time

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError

from nurture.app import Nudge
from workers.broker import QUEUE
from workers.kinds import KINDS, waiting_key

__all__ = ["KINDS", "make_nudge", "message", "waiting_key"]

WAITS_AT_MOST_SECONDS = 3
"""So long a kind counts as told; then it is told again, whatever became of the job: it may have died with a worker.

A job that is told of for nothing costs well under a millisecond, and there are more only while no worker takes any."""
AWAY_SECONDS = 3.0
"""So long nobody tries to tell a courier that did not answer: who tells has better things to do than to wait for it."""

log = logging.getLogger(__name__)


def make_nudge(broker: RedisBroker) -> Nudge:
    """A function that enqueues a job of a kind unless one waits already. Never fails: the clock says it again."""
    away_until = float("-inf")

    def nudge(kind: str) -> None:
        nonlocal away_until
        if kind not in KINDS:
            raise ValueError(f"no such kind of work: {kind}")
        if time.monotonic() < away_until:
            return
        try:
            if broker.client.set(waiting_key(kind), "1", nx=True, ex=WAITS_AT_MOST_SECONDS):
                broker.enqueue(message(kind))
        except (redis.RedisError, BrokerConnectionError):
            away_until = time.monotonic() + AWAY_SECONDS
            log.warning("the courier is away; the clock will say it again", extra={"kind": kind})

    return nudge


def message(kind: str) -> dramatiq.Message[None]:
    """The job: a kind of work, and nothing else."""
    return dramatiq.Message(queue_name=QUEUE, actor_name=kind, args=(), kwargs={}, options={})
