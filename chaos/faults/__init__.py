"""What is broken, one kind a class, all of them in `FAULTS`.

A fault is struck at a moment of a round, while mails go out and events come in, and healed before the world is to
settle. What it does follows from `dice` alone, so that a seed tells the same story again, as far as processes let it.
"""

from collections.abc import Mapping
from random import Random
from typing import Protocol

from chaos.faults.processes import KillClock, KillWeb, KillWorker
from chaos.world import World


class Fault(Protocol):
    """One kind of trouble.

    Attributes:
        name: What `--fault` calls it.
        unknown: How many mails one strike may leave unknown at most (see `World.may_be_unknown` for those who only know
            when they strike).
    """

    name: str
    unknown: int

    def strike(self, world: World, dice: Random) -> str:
        """Break something; gives in words what. Takes a few seconds at most: what lasts is ended by `heal`."""

    def heal(self, world: World) -> None:
        """Mend what is still broken. Called once after each strike, when its time is up or the round ends."""


FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (KillWorker(), KillWeb(), KillClock())}
