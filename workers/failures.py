"""What happens when a job begins, and when it fails.

A failed job loses nothing, for the clock asks again for what is still due: so it is not tried again by itself, the next
one of its kind is held back for a growing while, and it is laid with the dead letters, where a person sees what failed
and why (`nurture queue`). Of these the latest are kept: they are all alike.
"""

import logging
import time
import traceback
from contextlib import suppress
from typing import Any

import dramatiq
import redis
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware

from nurture.logs import cause_of, without_personal_data
from workers.kinds import failed_key, waiting_key

KEPT = 100
"""Dead letters, of all kinds together."""
HELD_BACK_SECONDS = (2, 4, 8, 16, 30)
"""Until a job of a kind may be asked for again that failed once, twice… in a row; news for sales must not wait long."""
REMEMBERED_SECONDS = 600
"""So long after its last failure a kind is still taken for failing."""
_FRAMES = 12

log = logging.getLogger(__name__)


class Failures(Middleware):
    """Notes jobs that begin, fail, and go well again."""

    def __init__(self) -> None:
        """None has failed in this process."""
        self._failing: set[str] = set()

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """From here on another job of this kind may wait: it will see what this one has not."""
        with suppress(redis.RedisError):
            _client(broker).delete(waiting_key(message.actor_name))

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Note what became of a job."""
        kind = message.actor_name
        with suppress(redis.RedisError):
            if exception is not None:
                message.fail()
                self._failing.add(kind)
                _note(_client(broker), broker, message, exception)
            elif kind in self._failing:
                self._failing.discard(kind)
                _client(broker).delete(failed_key(kind))

    def after_nack(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        """Keep no more dead letters than somebody may want to see."""
        with suppress(redis.RedisError):
            drop_old(_client(broker), dead_letters_key(broker, message.queue_name))


def dead_letters_key(broker: dramatiq.Broker, queue: str) -> str:
    """Where dramatiq lays dead letters: a sorted set of ids by when; behind `.msgs` their contents."""
    return f"{_redis(broker).namespace}:{queue}.XQ"


def _note(client: redis.Redis, broker: dramatiq.Broker, message: MessageProxy, error: BaseException) -> None:
    """Hold the next one back, and write why into the message before it is moved to the dead letters."""
    kind = message.actor_name
    told = message.copy(options={"failed_at": time.time(), "because": cause_of(error), "trace": _trace(error)})
    messages = f"{_redis(broker).namespace}:{message.queue_name}.msgs"
    times = int(client.incr(failed_key(kind)))
    seconds = HELD_BACK_SECONDS[min(times, len(HELD_BACK_SECONDS)) - 1]
    with client.pipeline() as pipe:
        pipe.expire(failed_key(kind), REMEMBERED_SECONDS)
        pipe.set(waiting_key(kind), "1", ex=seconds)
        pipe.hset(messages, message.options["redis_message_id"], told.encode())
        pipe.execute()
    log.warning("a job failed", extra={"kind": kind, "times": times, "held_back": seconds})


def drop_old(client: redis.Redis, key: str) -> None:
    """Forget all dead letters but the latest."""
    old = client.zrange(key, 0, -KEPT - 1)
    if old:
        client.zrem(key, *old)
        client.hdel(f"{key}.msgs", *old)


def _trace(error: BaseException) -> str:
    return without_personal_data("".join(traceback.format_exception(error, limit=-_FRAMES)))[-4000:]


def _redis(broker: dramatiq.Broker) -> RedisBroker:
    assert isinstance(broker, RedisBroker)  # noqa: S101 - there is no other
    return broker


def _client(broker: dramatiq.Broker) -> redis.Redis:
    client: redis.Redis = _redis(broker).client
    return client
