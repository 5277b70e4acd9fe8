"""Makes the world whole, and waits until nothing is due and nothing held."""

import time
from collections.abc import Sequence

from chaos.crew import ALWAYS, CLOCKS, WORKERS
from chaos.due import stirs, undone
from chaos.live import GLANCE, Round
from chaos.world import World

SETTLES_WITHIN = 90.0
"""Seconds without anything getting on."""


def settle(lived: Round) -> Sequence[str]:
    """Heal all, and wait; gives what is left undone when patience ends.

    Raises:
        TimeoutError: Somebody does not stop or does not start, or the senders are not answered.
    """
    world = lived.world
    lived.heal_all()
    make_whole(world)
    _wait_for_senders(world)
    if not lived.plan.long:
        world.forget_what_was_told()
        if lived.wait_while_it_goes_on(SETTLES_WITHIN, lambda: not stirs(world)) and undone(world):
            _end_dead_leases(world)
    lived.wait_while_it_goes_on(SETTLES_WITHIN, lambda: not undone(world))
    return undone(world)


def make_whole(world: World) -> None:
    """Everything there is, as it is in quiet times, and one clock.

    Raises:
        TimeoutError: Somebody does not stop, or web does not start.
    """
    for server in (world.servers.postgres, world.servers.valkey):
        world.servers.start(server)
    world.crew.start(*ALWAYS)
    if extra := [name for name in world.crew.running(*CLOCKS) if name not in ALWAYS]:
        world.crew.stop(*extra)
    for receiver in (world.sink, world.esp, world.news):
        receiver.behave()
    world.forget_dead_leader()
    world.wait_until_ready()
    world.resume_sending()


def _wait_for_senders(world: World) -> None:
    """As long as one after the other is answered.

    Raises:
        TimeoutError: Nobody is any more.
    """
    left = world.traffic.left()
    moved_at = time.monotonic()
    while left:
        if time.monotonic() - moved_at > SETTLES_WITHIN:
            raise TimeoutError(f"for {SETTLES_WITHIN:.0f} s none of {left} senders was answered")
        time.sleep(GLANCE)
        if (now := world.traffic.left()) != left:
            left, moved_at = now, time.monotonic()


def _end_dead_leases(world: World) -> None:
    """Have the living put back what they hold: all that is left is held by the dead. Let a minute pass for that."""
    world.crew.stop(*WORKERS)
    world.age_leases()
    world.crew.start(*WORKERS)
