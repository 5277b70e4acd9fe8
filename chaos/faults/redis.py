"""Redis (here Valkey) forgets everything, or is away."""

from random import Random

import redis

from chaos.faults.fault import Fault
from chaos.world import World


class Flush:
    """All of it is gone, some times in a row."""

    name, unknown, patient = "redis-flush", 0, False

    def strike(self, world: World, dice: Random) -> str:
        times = dice.randint(1, 5)
        with redis.Redis.from_url(world.servers.redis_url, socket_timeout=5) as client:
            for _ in range(times):
                try:
                    client.flushall()
                except redis.RedisError:  # another fault has it
                    return "away already"
        return f"{times} times"

    def heal(self, world: World) -> None:
        """Nothing has to be mended."""


class Restart:
    """Killed, and back at once with nothing in it."""

    name, unknown, patient = "redis-restart", 0, False

    def strike(self, world: World, dice: Random) -> str:
        world.servers.end(world.servers.valkey, "kill")
        world.servers.start(world.servers.valkey)
        return "killed and started"

    def heal(self, world: World) -> None:
        world.servers.start(world.servers.valkey)


class Away:
    """Away until the fault is healed: a few seconds."""

    name, unknown, patient = "redis-away", 0, False

    def strike(self, world: World, dice: Random) -> str:
        world.servers.end(world.servers.valkey, "kill")
        return "until it is healed"

    def heal(self, world: World) -> None:
        world.servers.start(world.servers.valkey)


class AwayForAMinute(Away):
    """Away for a minute of machine time."""

    name, patient = "redis-away-a-minute", True
    lasts = 60.0


FAULTS: tuple[Fault, ...] = (Flush(), Restart(), Away(), AwayForAMinute())
