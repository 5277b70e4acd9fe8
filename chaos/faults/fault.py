"""What a fault is."""

from random import Random
from typing import Protocol

from chaos.world import World


class Fault(Protocol):
    """One kind of trouble.

    Attributes:
        name: What `--fault` calls it.
        unknown: How many mails one strike may leave unknown at most. Who knows only later adds to
            `World.may_be_unknown` in `heal`.
        patient: Whether it takes longer than a short round has time for; only struck in long ones.
    """

    name: str
    unknown: int
    patient: bool

    def strike(self, world: World, dice: Random) -> str:
        """Break something; gives in words what. Takes a few seconds at most: what lasts is ended by `heal`."""
        ...

    def heal(self, world: World) -> None:
        """Mend what is still broken. Called once after each strike, when its time is up or the round ends."""
        ...
