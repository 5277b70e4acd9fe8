"""The courier: a dramatiq broker on Redis (or Valkey). It carries no truth; all of it may be lost at any moment.

So nothing here waits for it: a worker that cannot tell that a job is done goes on, and one that cannot ask for the next
asks again until it can.
"""

import logging
import time
from collections.abc import Collection, Iterable
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import current_millis, dq_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware, SkipMessage, TimeLimit
from redis.backoff import NoBackoff
from redis.retry import Retry

from nurture.settings import Settings
from workers.failures import Failures, dead_letters_key, drop_old
from workers.stopping import OneSigterm

QUEUE = "nurture"
NAMESPACE = "nurture"
JOB_LIMIT_MS = 600_000
"""Longer than the slowest mail server may take for an answer: a job that is cut off leaves mails unknown."""
JOB_AGE_MS = 60_000
"""A job says only "there is work": one that waited a minute says nothing new, the clock has said it again since."""

IDLE_MS = 200
"""The longest pause between two looks at an empty queue: so long may news for sales wait to be taken."""
DELAYED_IDLE_MS = 2_000
"""The same for dramatiq's queue of jobs for later, of which we have none."""
ANSWERS_WITHIN = 5.0
"""Seconds. Whoever is told nothing for so long has no courier."""
AGAIN_SECONDS = 1.0
"""Until a worker asks again a courier that is away."""

log = logging.getLogger(__name__)

_AWAY = (redis.RedisError, ConnectionClosed)


class TooOld(Middleware):
    """Drops a job that waited too long. dramatiq's own `AgeLimit` would make a dead letter of it."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Raise `SkipMessage` where it did."""
        if current_millis() - message.message_timestamp >= JOB_AGE_MS:
            raise SkipMessage("the clock has said it again since")


class Patient(dramatiq.Consumer):
    """Takes jobs from the courier, and waits for one that is away. It says so once, not every few seconds."""

    def __init__(self, inner: dramatiq.Consumer) -> None:
        """In front of dramatiq's own."""
        self._inner = inner
        self._is_away = False

    def __next__(self) -> dramatiq.MessageProxy | None:
        """The next job; None where there is none at the moment."""
        try:
            message: dramatiq.MessageProxy | None = next(self._inner)
        except _AWAY as error:
            if not self._is_away:
                log.warning("the courier is away; asking until it is back", extra={"because": type(error).__name__})
            self._is_away = True
            time.sleep(AGAIN_SECONDS)
            return None
        if self._is_away:
            log.info("the courier is back")
        self._is_away = False
        return message

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """Say that a job is done. Where nobody hears, the job may be delivered once more, and finds nothing to do."""
        try:
            self._inner.ack(message)
        except _AWAY:
            log.debug("nobody heard that a job is done", extra={"kind": message.actor_name})

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Say that a job failed; as `ack`."""
        try:
            self._inner.nack(message)
        except _AWAY:
            log.debug("nobody heard that a job failed", extra={"kind": message.actor_name})

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give jobs back that were not begun; where nobody takes them, the clock asks for them again."""
        try:
            self._inner.requeue(messages)
        except _AWAY:
            log.debug("nobody took back jobs that were not begun")

    def close(self) -> None:
        """Let go."""
        self._inner.close()


class Courier(RedisBroker):
    """Looks often enough for a job that somebody waits for: dramatiq's own pause grows to a second."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = IDLE_MS) -> dramatiq.Consumer:
        """As the broker does."""
        idle = DELAYED_IDLE_MS if queue_name == dq_name(queue_name) else min(timeout, IDLE_MS)
        return Patient(super().consume(queue_name, prefetch, idle))

    def do_fetch(self, queue_name: str, prefetch: int) -> list[bytes | None]:
        """Take jobs as the broker does, but for what nobody can read: that goes to the dead letters.

        dramatiq would meet it as an error of its own, forget what it has taken besides, and begin anew.
        """
        found: list[bytes | None] = self._dispatch("fetch")(queue_name, prefetch)  # type: ignore[no-untyped-call]
        damaged = {one for one in found if one is not None and read(one) is None}
        if damaged:
            self._lay_aside(queue_name, damaged)
        return [one for one in found if one not in damaged]

    def _lay_aside(self, queue_name: str, damaged: Collection[bytes]) -> None:
        log.error("jobs cannot be read and are laid with the dead letters", extra={"jobs": len(damaged)})
        ours = f"{self.namespace}:__acks__.{self.broker_id}.{queue_name}"
        for id_, body in self.client.hscan_iter(f"{self.namespace}:{queue_name}.msgs"):
            if body in damaged and self.client.sismember(ours, id_):
                self.do_nack(queue_name, id_)
        drop_old(self.client, dead_letters_key(self, queue_name))


def read(body: bytes) -> "dramatiq.Message[Any] | None":
    """The job that lies at the courier; None where it is none that a worker could take and be done with."""
    try:
        message: dramatiq.Message[Any] = dramatiq.Message.decode(body)
        return message if message.options["redis_message_id"] and message.message_timestamp > 0 else None
    except Exception:  # whatever it stumbles over
        return None


def make_broker(settings: Settings) -> RedisBroker:
    """A broker for this process. A job that fails is not tried again: the clock asks for whatever is still due."""
    client = redis.Redis.from_url(
        settings.redis_url or "",
        socket_timeout=ANSWERS_WITHIN,
        socket_connect_timeout=ANSWERS_WITHIN,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 1),  # a kept connection may be of a server that has been restarted since
    )
    middleware: list[Middleware] = [TooOld(), TimeLimit(time_limit=JOB_LIMIT_MS), Failures(), OneSigterm()]
    return Courier(  # type: ignore[no-untyped-call]
        client=client,
        middleware=middleware,
        namespace=NAMESPACE,
        maintenance_chance=50_000,
        heartbeat_timeout=30_000,
    )
