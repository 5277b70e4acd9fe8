"""PostgreSQL's disk is slow, or full. Where there is no C compiler neither can be had, and the strike says so."""

from random import Random

from chaos.crew import WORKERS
from chaos.faults.fault import Fault
from chaos.world import CONNECTIONS, World

NOT_HERE = "not here: no C compiler"


class Slow:
    """Each sync takes long: a commit, a checkpoint's files."""

    name, unknown, patient = "disk-slow", 0, False

    def strike(self, world: World, dice: Random) -> str:
        milliseconds = dice.choice((20, 100, 400))
        return f"{milliseconds} ms a sync" if world.servers.disk.be(milliseconds=milliseconds) else NOT_HERE

    def heal(self, world: World) -> None:
        world.servers.disk.be()


class Full:
    """No file can grow any more. PostgreSQL refuses what needs room, and goes down where its log has none."""

    name, unknown, patient = "disk-full", len(WORKERS) * CONNECTIONS, False

    def strike(self, world: World, dice: Random) -> str:
        return "no file grows" if world.servers.disk.be(full=True) else NOT_HERE

    def heal(self, world: World) -> None:
        world.servers.disk.be()
        world.servers.start(world.servers.postgres)


FAULTS: tuple[Fault, ...] = (Slow(), Full())
