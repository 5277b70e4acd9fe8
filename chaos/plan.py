"""What is to happen in a round, worked out of its seed: which faults, when, for how long, and how much traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chaos.faults import Fault

LONG_EVERY = 20
"""One round in so many is long: leases run out by themselves, and faults that need time have it."""
FEWEST, MOST, MOST_IN_LONG = 2, 5, 3
"""Strikes of a round."""
BUSY = 0.8
"""Share of the strikes that come while mails go out; the others come at any time."""
AMID = 0.7
"""Share of the strikes that wait until mails are seen to leave, which is within a second or two."""
SEEN_WITHIN = 2.0
LONGEST_DELAY, SHORTEST, LONGEST = 0.4, 0.1, 2.0
TRAFFIC = 8
"""Portions in which a round's events come."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault and its moment.

    Attributes:
        fault: What is struck.
        at: When, as a share: of the round's mails that have come due, or of its time where not `busy`.
        busy: Which of the two.
        delay: Seconds of machine time after that, at the latest.
        amid: Whether it falls as soon as mails are seen to leave.
        lasts: Seconds of machine time until it is healed.
        seed: Of the dice that it is given.
    """

    fault: Fault
    at: float
    busy: bool
    delay: float
    amid: bool
    lasts: float
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A round. `portions` are shares of its time at which a portion of its events is sent."""

    seed: int
    long: bool
    strikes: Sequence[Strike]
    portions: Sequence[float]


def plan_round(seed: int, faults: Mapping[str, Fault], *, long: bool) -> Plan:
    """The same seed and the same faults give the same plan."""
    dice = Random(seed)
    choice = [fault for _, fault in sorted(faults.items()) if long or not fault.patient]
    count = dice.randint(FEWEST, MOST_IN_LONG if long else MOST)
    strikes = [_strike(dice, dice.choice(choice)) for _ in range(count)] if choice else []
    return Plan(seed, long, strikes, sorted(dice.random() * 0.9 for _ in range(TRAFFIC)))


def _strike(dice: Random, fault: Fault) -> Strike:
    drawn = dice.uniform(SHORTEST, LONGEST)
    amid = dice.random() < AMID
    return Strike(
        fault=fault,
        at=dice.random(),
        busy=dice.random() < BUSY,
        delay=SEEN_WITHIN if amid else dice.uniform(0, LONGEST_DELAY),
        amid=amid,
        lasts=getattr(fault, "lasts", drawn),
        seed=dice.randrange(2**32),
    )
