"""Round after round in one world; one that does not pass leaves its world as evidence, and the next has a new one."""

import contextlib
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chaos.audit import Broken
from chaos.audits import audit
from chaos.audits.mails import deliveries, to_leads
from chaos.audits.news import told_again
from chaos.due import AWAY
from chaos.evidence import keep_evidence
from chaos.faults import Fault
from chaos.leads import in_campaign
from chaos.live import Round
from chaos.plan import LONG_EVERY, plan_round
from chaos.settle import settle
from chaos.tally import Tally
from chaos.world import World, open_world
from nurture.errors import LocalServerError

FIRST_DAY = datetime(2026, 3, 1, 18, tzinfo=UTC)
"""Of seed 1; each seed has the next day. Clocks change on 8 March (New York), 29 March (Berlin), 5 April (Auckland)."""
YEAR = 365
LEAST_MAILS, LEAST_EVENTS = 0.2, 0.5
"""Shares of what was asked for that go through, or a round proves nothing. (A jump of time takes a zone's mails.)"""
OPENINGS = 3


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
    clicks: int = 0
    replies: int = 0


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
            with self._opened(folder, seed) as world:
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

    def _opened(self, folder: Path, seed: int) -> contextlib.AbstractContextManager[World]:
        """A new world; where its servers do not come up, which proves nothing of the product, another try."""
        stack = contextlib.ExitStack()
        for left in reversed(range(OPENINGS)):
            try:
                world = stack.enter_context(open_world(folder, first_day(seed)))
            except LocalServerError as error:
                if not left:
                    raise
                self.tell(f"  the world does not open ({error}): again")
                shutil.rmtree(folder, ignore_errors=True)
            else:
                return _leaving(stack, world)
        raise AssertionError

    def _round(self, world: World, seed: int) -> bool:
        """A round, and once more where too little went through to prove anything; whether it passed."""
        for again in (False, True):
            broken = self._try(world, seed, again=again)
            if broken is not None:
                return not broken
        raise AssertionError

    def _try(self, world: World, seed: int, *, again: bool) -> list[Broken] | None:
        """What is wrong after the round; None where it has to be repeated."""
        began = time.monotonic()
        long = self.asked.long if self.asked.long is not None else seed % LONG_EVERY == 0
        world.add_leads(max(0, self.asked.mails - in_campaign(world.engine)))
        lived = Round(world, plan_round(seed, self.asked.faults, long=long), self.asked.events)
        broken = live_and_audit(lived)
        counts = self._count(world, lived)
        too_little = self._too_little(counts)
        repeat = not broken and bool(too_little) and not again
        if too_little and again:
            broken.append(Broken(f"proves nothing, also when repeated: {too_little}"))
        self.tally.rounds += not repeat
        self.tally.blame(broken)
        words = "BROKEN" if broken else f"REPEATED, {too_little}" if repeat else "ok"
        self.tell(
            f"seed {seed:<5} {counts.mails:>5} mails {counts.events:>5} events {time.monotonic() - began:5.1f} s  "
            f"{words}  {'; '.join(lived.told)}"
        )
        if repeat:
            self.tally.repeated.append(seed)
            return None
        for one in broken:
            self.tell(f"  {one}")
        if broken:
            self.tally.failed.append(seed)
            self.tell(f"  rows and plan: {keep_evidence(lived, broken)}")
            self.tell(f"  replay: python -m chaos --seed {seed} --rounds 1")
        return broken

    def _too_little(self, counts: Known) -> str:
        """Of what too little went through; empty where it was enough."""
        least = {"mails": self.asked.mails * LEAST_MAILS, "events": self.asked.events * LEAST_EVENTS}
        few = [f"{getattr(counts, name)} {name} of at least {need:.0f}" for name, need in least.items()
               if getattr(counts, name) < need]  # fmt: skip
        return ", ".join(few)

    def _count(self, world: World, lived: Round) -> Known:
        """What this round added; nothing where the database is not there to be asked."""
        before = self._known
        try:
            unknown = sum(row.state == "unknown" for row in deliveries(world))
        except AWAY:
            unknown = before.unknown
        self._known = Known(
            len(to_leads(world)),
            len({event.id for event in world.traffic.answered()}),
            unknown,
            told_again(world),
            sum(one["kept"] for one in world.traffic.clicked()),
            len(world.traffic.replied()),
        )
        added = Known(*(getattr(self._known, name) - getattr(before, name) for name in Known.__dataclass_fields__))
        self.tally.faults += len(lived.told)
        for strike in lived.plan.strikes:
            self.tally.by_fault[strike.fault.name] = self.tally.by_fault.get(strike.fault.name, 0) + 1
        self.tally.mails += added.mails
        self.tally.events += added.events
        self.tally.unknown += added.unknown
        self.tally.again += added.again
        self.tally.clicks += added.clicks
        self.tally.replies += added.replies
        return added


def live_and_audit(lived: Round) -> list[Broken]:
    """A round, and what is wrong after it; also where it is the harness that fails, which ends no other round."""
    try:
        lived.live()
        left = settle(lived)
        unsettled = [Broken(f"not settled, still to do: {', '.join(left)}", (), "stuck")] if left else []
        return [*unsettled, *audit(lived.world)]
    except TimeoutError as error:
        return [Broken(str(error), (), "stuck")]
    except Exception as error:  # whatever it is, it is evidence
        (lived.world.folder / f"trouble-{lived.plan.seed}.txt").write_text(traceback.format_exc())
        return [
            Broken(f"the round broke off: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        ]


@contextlib.contextmanager
def _leaving(stack: contextlib.ExitStack, world: World) -> Iterator[World]:
    with stack:
        yield world


def first_day(seed: int) -> datetime:
    """The evening on which a world of this seed begins."""
    return FIRST_DAY + timedelta(days=(seed - 1) % YEAR)
