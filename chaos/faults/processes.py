"""Processes of the product are killed; a PaaS starts them again."""

from random import Random

from chaos.crew import CLOCKS, WORKERS
from chaos.world import CONNECTIONS, World


class KillWorker:
    """SIGKILL to a worker's whole group."""

    name = "kill-worker"
    unknown = CONNECTIONS

    def strike(self, world: World, dice: Random) -> str:
        name = dice.choice(WORKERS)
        world.crew.kill(name)
        return name

    def heal(self, world: World) -> None:
        world.crew.start(*WORKERS)


class KillWeb:
    """SIGKILL to web, with whatever requests it is at."""

    name = "kill-web"
    unknown = 0

    def strike(self, world: World, dice: Random) -> str:
        world.crew.kill("web")
        return "web"

    def heal(self, world: World) -> None:
        world.crew.start("web")


class KillClock:
    """SIGKILL to every clock; another waits until the dead one's lease is over."""

    name = "kill-clock"
    unknown = 0

    def strike(self, world: World, dice: Random) -> str:
        for name in CLOCKS:
            world.crew.kill(name)
        return "clock"

    def heal(self, world: World) -> None:
        world.crew.start("clock1")
