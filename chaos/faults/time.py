"""Business time jumps: an hour on, an hour back, and over a night in which the clocks change.

Only business time can be moved, as the world's clock gives it. The machine's own time, on which leases, rates and rests
run, is that of the machine: nobody but its owner may set it, and all that else runs here lives by it.
"""

import time
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from chaos.faults.fault import Fault
from chaos.workspace import ZONES
from chaos.world import World

HOUR = timedelta(hours=1)
HALF_A_DAY = timedelta(hours=12)
ANSWERED_WITHIN = 3.0
"""Seconds. What is sent today and heard after months is history by then, and rightly no news to sales."""
LOOKS_AHEAD = timedelta(days=366)


class Jump:
    """An hour on or back, once."""

    unknown, patient = 0, False

    def __init__(self, name: str, by: timedelta) -> None:
        self.name, self._by = name, by

    def strike(self, world: World, dice: Random) -> str:
        return _moved(world, world.clock.now + self._by)

    def heal(self, world: World) -> None:
        """A jump is nothing that can be taken back."""


class ToAndFro:
    """An hour on, and back again while mails go out."""

    name, unknown, patient = "time-to-and-fro", 0, False

    def strike(self, world: World, dice: Random) -> str:
        self._back = -HOUR if dice.random() < 0.5 else HOUR
        return _moved(world, world.clock.now - self._back)

    def heal(self, world: World) -> None:
        _moved(world, world.clock.now + self._back)


class Change:
    """On to the day on which the clocks change in one of the leads' zones: it is lived through, the change amid it."""

    name, unknown, patient = "time-change", 0, True

    def strike(self, world: World, dice: Random) -> str:
        if not _all_answered(world):
            return "not now: events of today would be half a year old before they are heard"
        zone = dice.choice(ZONES)
        change = next_change(zone, world.clock.now + HALF_A_DAY)
        said = _moved(world, change - HALF_A_DAY)
        world.clock.until = max(world.clock.until, world.clock.now + 2 * HALF_A_DAY)
        return f"{zone}: {said}"

    def heal(self, world: World) -> None:
        """A jump is nothing that can be taken back."""


def next_change(zone: str, after: datetime) -> datetime:
    """The next instant at which the clocks in a zone are changed, to the minute."""
    info = ZoneInfo(zone)
    early, late = after, after
    while late.astimezone(info).utcoffset() == after.astimezone(info).utcoffset():
        early, late = late, late + timedelta(days=1)
        if late > after + LOOKS_AHEAD:
            raise ValueError(f"{zone} changes no clocks")
    while late - early > timedelta(seconds=1):
        between = early + (late - early) / 2
        same = between.astimezone(info).utcoffset() == early.astimezone(info).utcoffset()
        early, late = (between, late) if same else (early, between)
    return late.replace(second=0, microsecond=0).astimezone(UTC)


def _all_answered(world: World) -> bool:
    until = time.monotonic() + ANSWERED_WITHIN
    while world.traffic.left():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _moved(world: World, to: datetime) -> str:
    before = world.clock.now
    try:
        world.clock.set(to)
    except DBAPIError:  # another fault has it
        return "the database is away already"
    return f"from {before:%d %b %H:%M} to {to:%d %b %H:%M}"


FAULTS: tuple[Fault, ...] = (Jump("time-on", HOUR), Jump("time-back", -HOUR), ToAndFro(), Change())
