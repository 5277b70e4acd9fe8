"""Jobs come twice, by thousands, for nobody, or damaged. They carry nothing, so nothing may come of it."""

from abc import ABC, abstractmethod
from random import Random
from typing import Any, cast
from uuid import uuid4

import redis
from dramatiq import Message

from chaos.faults.fault import Fault
from chaos.world import World
from workers.broker import NAMESPACE, QUEUE
from workers.nudge import KINDS, message

TIMES, STRAY = 5, 3000
WAITS = f"{NAMESPACE}:{QUEUE}"
MESSAGES = f"{WAITS}.msgs"
ACKS = f"{NAMESPACE}:__acks__.*.{QUEUE}"
DAMAGED: tuple[bytes | None, ...] = (
    b"", b"\xff\x00 no JSON", b"{", b"null", b"[]", b'"deliver"', b"{}", b'{"actor_name": "deliver"}',
    b'{"queue_name":"nurture","actor_name":7,"args":{},"kwargs":[],"options":1,"message_id":[],"message_timestamp":"x"}',
    None,
)  # fmt: skip
"""What stands where a job should. None: nothing does."""


class _LeavesNothing:
    """It is over as soon as it has struck."""

    def heal(self, world: World) -> None:
        """Nothing has to be mended."""


class Jobs(_LeavesNothing, ABC):
    """What all faults of jobs have in common: they stand in Redis as its own broker would put them there."""

    unknown, patient = 0, False

    def strike(self, world: World, dice: Random) -> str:
        try:
            with redis.Redis.from_url(world.servers.redis_url, socket_timeout=5) as client:
                return self.put(client, dice)
        except redis.RedisError:  # another fault has it
            return "away already"

    @abstractmethod
    def put(self, client: redis.Redis, dice: Random) -> str:
        """Put the jobs there; gives what was done, for the log."""


class Twice(Jobs):
    """Every kind of job, some times at once, whether there is work or not."""

    name = "jobs-twice"

    def put(self, client: redis.Redis, dice: Random) -> str:
        jobs = [message(kind) for kind in KINDS for _ in range(TIMES)]
        dice.shuffle(jobs)
        put(client, *jobs)
        return f"{len(jobs)} jobs"


class Again(Jobs):
    """What is being worked on is delivered again, as after an acknowledgement that was lost."""

    name = "jobs-again"

    def put(self, client: redis.Redis, dice: Random) -> str:
        under_way = [job for key in client.scan_iter(ACKS) for job in cast("set[bytes]", client.smembers(key))]
        if under_way:
            client.rpush(WAITS, *under_way)
        return f"{len(under_way)} jobs under way"


class Stray(Jobs):
    """Thousands of jobs for which there is no work."""

    name = "jobs-stray"

    def put(self, client: redis.Redis, dice: Random) -> str:
        put(client, *(message(dice.choice(KINDS)) for _ in range(STRAY)))
        return f"{STRAY} jobs"


class Unheard(Jobs):
    """Jobs of kinds that nobody knows, as after a release was taken back; with arguments that nobody takes."""

    name = "jobs-unheard-of"

    def put(self, client: redis.Redis, dice: Random) -> str:
        unknown = [_job(f"kind{dice.randrange(100)}") for _ in range(20)]
        put(client, *unknown, _job("deliver", 1, 2), _job("advance", when="never"), _job("deliver", eta="soon"))
        return f"{len(unknown)} of unknown kinds, 3 that are told too much"


class Damaged(Jobs):
    """What stands in the queue is no job, or is not there."""

    name = "jobs-damaged"

    def put(self, client: redis.Redis, dice: Random) -> str:
        damaged = dice.sample(DAMAGED, dice.randint(1, len(DAMAGED)))
        for data in damaged:
            name = str(uuid4())
            if data is not None:
                client.hset(MESSAGES, name, data)
            client.lpush(WAITS, name)
        return f"{len(damaged)} jobs"


def put(client: redis.Redis, *jobs: "Message[Any]") -> None:
    """Put jobs into the queue, in one go."""
    with client.pipeline(transaction=False) as pipeline:
        for job in jobs:
            name = str(uuid4())
            whole = job.copy(options={"redis_message_id": name})
            pipeline.hset(MESSAGES, name, whole.encode())
            pipeline.rpush(WAITS, name)
        pipeline.execute()


def _job(kind: str, *args: object, eta: str | None = None, **kwargs: object) -> "Message[Any]":
    options = {} if eta is None else {"eta": eta}
    return Message(queue_name=QUEUE, actor_name=kind, args=args, kwargs=kwargs, options=options)


FAULTS: tuple[Fault, ...] = (Twice(), Again(), Stray(), Unheard(), Damaged())
