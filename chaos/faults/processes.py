"""Processes of the product are killed, told to stop, stopped in their tracks; a PaaS starts them again."""

import os
import signal
from random import Random

from chaos.crew import ALWAYS, CLOCKS, WORKERS
from chaos.faults.fault import Fault
from chaos.world import CONNECTIONS, World


class KillWorker:
    """SIGKILL to a worker's whole group."""

    name, unknown, patient = "kill-worker", CONNECTIONS, False

    def strike(self, world: World, dice: Random) -> str:
        name = dice.choice(WORKERS)
        world.crew.kill(name)
        return name

    def heal(self, world: World) -> None:
        world.crew.start(*WORKERS)


class KillWorkerProcess:
    """SIGKILL to the process that does the work, below the one that watches over it (as the OOM killer does)."""

    name, unknown, patient = "kill-worker-process", CONNECTIONS, False

    def strike(self, world: World, dice: Random) -> str:
        name = dice.choice(WORKERS)
        below = world.crew.family(name)[1:]
        for pid in below:
            os.kill(pid, signal.SIGKILL)
        return f"{len(below)} below {name}"

    def heal(self, world: World) -> None:
        world.crew.start(*WORKERS)


class KillWeb:
    """SIGKILL to web, with whatever requests it is at."""

    name, unknown, patient = "kill-web", 0, False

    def strike(self, world: World, dice: Random) -> str:
        world.crew.kill("web")
        return "web"

    def heal(self, world: World) -> None:
        world.crew.start("web")


class KillClock:
    """SIGKILL to every clock; another waits until the dead one's lease is over."""

    name, unknown, patient = "kill-clock", 0, False

    def strike(self, world: World, dice: Random) -> str:
        names = world.crew.running(*CLOCKS)
        for name in names:
            world.crew.kill(name)
        return ", ".join(names)

    def heal(self, world: World) -> None:
        world.crew.start("clock1")


class KillAll:
    """SIGKILL to all of the product at once: the machine went down, its database on another did not."""

    name, unknown, patient = "kill-all", len(WORKERS) * CONNECTIONS, False

    def strike(self, world: World, dice: Random) -> str:
        for name in (*ALWAYS, "clock2"):
            world.crew.kill(name)
        return "everybody"

    def heal(self, world: World) -> None:
        world.crew.start(*ALWAYS)


class StopTwice:
    """SIGTERM to the whole group of every process, and again: what a PaaS does at a release. All must end in time."""

    name, unknown, patient = "stop-twice", 0, False

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def strike(self, world: World, dice: Random) -> str:
        names = world.crew.running(*ALWAYS, "clock2")
        self._told = {name: world.crew.pid(name) for name in names}
        for _ in range(2):
            for name in names:
                world.crew.signal(name, signal.SIGTERM)
        world.crew.wanted.difference_update(names)
        return ", ".join(names)

    def heal(self, world: World) -> None:
        # others may have been started since, when what killed them was healed; nobody told these to stop
        world.crew.wait(*[name for name in world.crew.running(*self._told) if world.crew.pid(name) == self._told[name]])
        world.crew.start(*ALWAYS)


class StandStill:
    """A worker stands still for longer than its leases last, then goes on as if nothing had happened."""

    name, unknown, patient = "stand-still", len(WORKERS) * CONNECTIONS, False

    def strike(self, world: World, dice: Random) -> str:
        name = dice.choice(WORKERS)
        for pid in world.crew.family(name):
            os.kill(pid, signal.SIGSTOP)
        world.age_leases()
        return name

    def heal(self, world: World) -> None:
        for name in WORKERS:
            world.crew.signal(name, signal.SIGCONT)


class TwoClocks:
    """A second clock, while the first is killed and another comes: leadership goes to and fro."""

    name, unknown, patient = "two-clocks", 0, False

    def strike(self, world: World, dice: Random) -> str:
        world.crew.start("clock1", "clock2")
        killed = dice.choice((*CLOCKS, None))
        if killed is not None:
            world.crew.kill(killed)
            world.forget_dead_leader()
            world.crew.start(killed)
        return f"killed {killed}"

    def heal(self, world: World) -> None:
        world.crew.start("clock1")
        world.crew.stop("clock2")


FAULTS: tuple[Fault, ...] = (
    KillWorker(),
    KillWorkerProcess(),
    KillWeb(),
    KillClock(),
    KillAll(),
    StopTwice(),
    StandStill(),
    TwoClocks(),
)
