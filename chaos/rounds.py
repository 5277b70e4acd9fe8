"""Round after round in one world; one that does not pass leaves its world as evidence, and the next has a new one."""

import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chaos.audit import Broken
from chaos.audits import audit
from chaos.audits.mails import deliveries, to_leads
from chaos.audits.news import told_again
from chaos.faults import Fault
from chaos.leads import in_campaign
from chaos.live import Round
from chaos.plan import LONG_EVERY, plan_round
from chaos.settle import settle
from chaos.tally import Tally
from chaos.world import World, open_world

FIRST_DAY = datetime(2026, 3, 1, 18, tzinfo=UTC)
"""Of seed 1; each seed has the next day. Clocks change on 8 March (New York), 29 March (Berlin), 5 April (Auckland)."""
YEAR = 365


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be lived: so many rounds from this seed on, with so many mails and events in each, of these faults."""

    rounds: int
    seed: int
    faults: Mapping[str, Fault]
    mails: int
    events: int
    evidence: Path
    long: bool | None = None
    keep: bool = False


@dataclass
class Known:
    """What was counted in this world before."""

    mails: int = 0
    events: int = 0
    unknown: int = 0
    again: int = 0


@dataclass
class Runs:
    """The rounds of one command."""

    asked: Asked
    tell: Callable[[str], None]
    tally: Tally = field(default_factory=Tally)
    _known: Known = field(default_factory=Known)

    def run(self) -> Tally:
        """Live through all; the tally says what came of it."""
        seeds = iter(range(self.asked.seed, self.asked.seed + self.asked.rounds))
        seed = next(seeds, None)
        while seed is not None:
            folder = self.asked.evidence / f"seed-{seed}"
            shutil.rmtree(folder, ignore_errors=True)
            passed = True
            with open_world(folder, first_day(seed)) as world:
                self._known = Known()
                while seed is not None and passed:
                    passed = self._round(world, seed)
                    seed = next(seeds, None)
            if passed and not self.asked.keep:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                self.tell(f"  {'world' if passed else 'evidence'}: {folder}")
        with contextlib.suppress(OSError):
            self.asked.evidence.rmdir()
        return self.tally

    def _round(self, world: World, seed: int) -> bool:
        began = time.monotonic()
        long = self.asked.long if self.asked.long is not None else seed % LONG_EVERY == 0
        world.add_leads(max(0, self.asked.mails - in_campaign(world.engine)))
        lived = Round(world, plan_round(seed, self.asked.faults, long=long), self.asked.events)
        broken = live_and_audit(lived)
        counts = self._count(world, lived, broken)
        words = "ok" if not broken else "BROKEN"
        self.tell(
            f"seed {seed:<5} {counts.mails:>5} mails {counts.events:>5} events {time.monotonic() - began:5.1f} s  "
            f"{words}  {'; '.join(lived.told)}"
        )
        for one in broken:
            self.tell(f"  {one}")
        if broken:
            self.tally.failed.append(seed)
            self.tell(f"  replay: python -m chaos --seed {seed} --rounds 1")
        return not broken

    def _count(self, world: World, lived: Round, broken: list[Broken]) -> Known:
        """What this round added."""
        before = self._known
        states = Counter(row.state for row in deliveries(world))
        events = len({event.id for event in world.traffic.answered()})
        self._known = Known(len(to_leads(world)), events, states["unknown"], told_again(world))
        added = Known(*(getattr(self._known, name) - getattr(before, name) for name in Known.__dataclass_fields__))
        self.tally.rounds += 1
        self.tally.faults += len(lived.told)
        for strike in lived.plan.strikes:
            self.tally.by_fault[strike.fault.name] = self.tally.by_fault.get(strike.fault.name, 0) + 1
        self.tally.mails += added.mails
        self.tally.events += added.events
        self.tally.unknown += added.unknown
        self.tally.again += added.again
        self.tally.blame(broken)
        return added


def live_and_audit(lived: Round) -> list[Broken]:
    """A round, and what is wrong after it."""
    try:
        lived.live()
        left = settle(lived)
    except TimeoutError as error:
        return [Broken(str(error), (), "stuck")]
    unsettled = [Broken(f"not settled, still to do: {', '.join(left)}", (), "stuck")] if left else []
    return [*unsettled, *audit(lived.world)]


def first_day(seed: int) -> datetime:
    """The evening on which a world of this seed begins."""
    return FIRST_DAY + timedelta(days=(seed - 1) % YEAR)
