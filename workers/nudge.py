"""Tell the workers that there is work. One job of a kind waits at most; it carries nothing but its kind."""

import logging

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError

from nurture.app import Nudge
from workers.broker import QUEUE

KINDS = (
    "advance", "deliver", "settle", "notices", "confirmations", "forwards", "inbox", "rescore", "promises", "digest",
    "crm",
)  # fmt: skip
WAITS_AT_MOST_SECONDS = 10
"""So long a kind counts as told; then it is told again, whatever became of the job."""

log = logging.getLogger(__name__)


def waiting_key(kind: str) -> str:
    """The Redis key that says a job of this kind waits to be taken."""
    return f"nurture:waits:{kind}"


def make_nudge(broker: RedisBroker) -> Nudge:
    """A function that enqueues a job of a kind unless one waits already. Never fails: the clock says it again."""

    def nudge(kind: str) -> None:
        if kind not in KINDS:
            raise ValueError(f"no such kind of work: {kind}")
        try:
            if broker.client.set(waiting_key(kind), "1", nx=True, ex=WAITS_AT_MOST_SECONDS):
                broker.enqueue(message(kind))
        except (redis.RedisError, BrokerConnectionError):
            log.warning("the courier is away; the clock will say it again", extra={"kind": kind})

    return nudge


def message(kind: str) -> dramatiq.Message[None]:
    """The job: a kind of work, and nothing else."""
    return dramatiq.Message(queue_name=QUEUE, actor_name=kind, args=(), kwargs={}, options={})
