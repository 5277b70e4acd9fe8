"""A release: the workers are told to stop, as a PaaS does it, and come back with something else in their hands."""

import time

import redis

from chaos.crew import WORKERS
from chaos.world import World
from workers.broker import NAMESPACE

HEARTBEATS = f"{NAMESPACE}:__heartbeats__"
"""Where workers say that they are there, by milliseconds since 1970."""
WITHIN = 20.0
"""Seconds. A round goes on without workers that take longer."""


def release(world: World) -> None:
    """Stop the workers, start them again, and wait until they look for work: what is struck is to be met by them."""
    world.crew.stop(*WORKERS)
    stopped_at = time.time() * 1000
    world.crew.start(*WORKERS)
    until = time.monotonic() + WITHIN
    while time.monotonic() < until and _looking(world, stopped_at) < len(WORKERS):
        time.sleep(0.05)


def release_with(world: World, mail_url: str) -> None:
    """Have the workers send by another `MAIL_URL` from now on."""
    if world.crew.environment["MAIL_URL"] != mail_url:
        world.crew.environment["MAIL_URL"] = mail_url
        release(world)


def _looking(world: World, since: float) -> int:
    try:
        with redis.Redis.from_url(world.servers.redis_url, socket_timeout=1) as client:
            return int(client.zcount(HEARTBEATS, since, "+inf"))
    except redis.RedisError:  # another fault has it
        return 0
