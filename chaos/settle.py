"""Makes the world whole, and waits until nothing is due and nothing held."""

from collections.abc import Sequence

from chaos.crew import ALWAYS, CLOCKS, WORKERS
from chaos.due import stirs, undone
from chaos.live import Round
from chaos.world import World, wait_for
from nurture.db import transaction
from nurture.rules import breaker
from nurture.store import sending

SETTLES_WITHIN = 90.0


def settle(lived: Round) -> Sequence[str]:
    """Heal all, and wait; gives what is left undone when patience ends.

    Raises:
        TimeoutError: Somebody does not stop or does not start, or the senders are not answered.
    """
    world = lived.world
    lived.heal_all()
    make_whole(world)
    wait_for(lambda: world.traffic.left() == 0, SETTLES_WITHIN, "the senders to be answered")
    if not lived.plan.long:
        world.forget_what_was_told()
        if lived.wait(SETTLES_WITHIN, lambda: not stirs(world)) and undone(world):
            _end_dead_leases(world)
    lived.wait(SETTLES_WITHIN, lambda: not undone(world))
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
    _resume(world)


def _resume(world: World) -> None:
    """What an operator does once the mail server is well: `nurture deliveries sending --resume`."""
    with transaction(world.engine) as db:
        standing = sending.locked(db, "default")
        sending.resume(db, "default")
        if standing.breaker.state != "sending":
            sending.save(db, "default", breaker.resumed(standing.machine_now))


def _end_dead_leases(world: World) -> None:
    """Have the living put back what they hold: all that is left is held by the dead. Let a minute pass for that."""
    world.crew.stop(*WORKERS)
    world.age_leases()
    world.crew.start(*WORKERS)
