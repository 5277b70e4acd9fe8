"""What waits at the courier and what failed there, for `nurture queue`: one JSON document on stdout.

A dead letter carries no work, only the news that a job of its kind failed: so they are told of by kind, and to try one
again is to ask for its kind anew.

    python -m workers.dead_letters                  says what there is
    python -m workers.dead_letters deliver crm      asks for these kinds again, and forgets their dead letters
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from nurture.settings import read_settings
from workers.broker import NAMESPACE, QUEUE, make_broker, read
from workers.failures import dead_letters_key
from workers.kinds import KINDS, failed_key, waiting_key
from workers.nudge import message

OTHER = "other"
"""Jobs of another version of the program, which this one has no name for; and what nobody can read."""
UNREADABLE = "it cannot be read: somebody else writes into this Redis, or it lost a part of it"


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Jobs of one kind that failed: how many are kept, the first and the last, and why the last one did."""

    kind: str
    count: int
    since: datetime
    last_at: datetime
    because: str
    trace: str


def waiting(broker: RedisBroker) -> int:
    """How many jobs wait to be taken by a worker."""
    return int(broker.client.llen(f"{NAMESPACE}:{QUEUE}"))


def dead_letters(broker: RedisBroker) -> list[DeadLetters]:
    """What failed, by kind."""
    found: dict[str, DeadLetters] = {}
    for _, at, letter in _letters(broker):
        kind = _kind(letter)
        before = found.get(kind)
        options: Mapping[str, Any] = {} if letter is None else letter.options
        found[kind] = DeadLetters(
            kind,
            1 if before is None else before.count + 1,
            at if before is None else before.since,
            at,
            str(options.get("because") or (UNREADABLE if letter is None else "no job of this name in this version")),
            str(options.get("trace") or ""),
        )
    return [found[kind] for kind in sorted(found)]


def ask_again(broker: RedisBroker, kinds: Iterable[str]) -> int:
    """Forget dead letters of these kinds and ask for one job of each; gives how many were forgotten."""
    wanted = set(kinds)
    key = dead_letters_key(broker, QUEUE)
    ids = [id_ for id_, _, letter in _letters(broker) if _kind(letter) in wanted]
    if ids:
        broker.client.zrem(key, *ids)
        broker.client.hdel(f"{key}.msgs", *ids)
    for kind in sorted(wanted & set(KINDS)):
        broker.client.delete(failed_key(kind), waiting_key(kind))
        broker.enqueue(message(kind))
    return len(ids)


def _letters(broker: RedisBroker) -> Iterator[tuple[bytes, datetime, "Message[Any] | None"]]:
    """Id, time and content of each, oldest first; None where it cannot be read."""
    key = dead_letters_key(broker, QUEUE)
    found: Any = broker.client.zrange(key, 0, -1, withscores=True)
    bodies = broker.client.hmget(f"{key}.msgs", [id_ for id_, _ in found]) if found else []
    for (id_, millis), body in zip(found, bodies, strict=True):
        yield id_, datetime.fromtimestamp(millis / 1000, UTC), read(body or b"")


def _kind(letter: "Message[Any] | None") -> str:
    return letter.actor_name if letter is not None and letter.actor_name in KINDS else OTHER


def run(kinds: list[str]) -> int:
    """Do what the arguments say; gives the exit status: 1 where the courier is away."""
    broker = make_broker(read_settings(os.environ))
    try:
        if kinds:
            said: dict[str, Any] = {"forgotten": ask_again(broker, kinds)}
        else:
            said = {"waiting": waiting(broker), "dead": [asdict(one) for one in dead_letters(broker)]}
    except redis.RedisError as error:
        sys.stderr.write(f"Redis cannot be asked ({type(error).__name__})\n")
        return 1
    sys.stdout.write(orjson.dumps(said).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
