"""Lives through a day of business time while faults are struck and healed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from random import Random

from chaos import people
from chaos.due import AWAY, Watch, ahead, mails_ahead, mails_leave, stirs
from chaos.plan import Plan, Strike
from chaos.world import World
from nurture.local.stepping import Due, next_stop

DAY = timedelta(days=1)
STRIDE = timedelta(minutes=15)
"""So far business time is moved at most past the first thing that is due: what is on time goes at once."""
PATIENCE, PATIENCE_IN_ALL, HASTE = 2.5, 8.0, 0.3
"""Seconds of machine time in which nobody gets on with what is due before time goes on without it: at one moment, and
in a round; then it is this much. As long as somebody gets on, however slowly, time stands still."""
SEEMS_DEAD = 1.0
"""After so long nobody seems to be at it: in short rounds we let the seconds pass that another would wait for him."""
LONG_PATIENCE = 20.0
"""The same at one moment of a long round."""
LONGEST = 60.0
"""So long at one moment at most, even then: news that nobody takes may come again and again."""
GLANCE = 0.02
LOOK_EVERY = 0.2
"""Seconds between two looks whether somebody gets on."""
CLICK_AT = (3, 6)
"""Portions with which people click in mails."""


@dataclass
class Round:
    """A round under way.

    Attributes:
        waiting: Strikes, with the instant of business time at which they are armed.
        armed: Strikes, with the instant of machine time at which they fall at the latest.
        under_way: Strikes that are to be healed, with the instant of machine time when.
        portions: When a portion of the events is sent.
        told: What each strike did, in words.
        waited: Seconds of machine time in which nobody got on with what was due.
    """

    world: World
    plan: Plan
    events: int
    waiting: list[tuple[datetime, Strike]] = field(init=False)
    armed: list[tuple[float, Strike]] = field(default_factory=list)
    under_way: list[tuple[float, Strike]] = field(default_factory=list)
    portions: list[datetime] = field(init=False)
    told: list[str] = field(default_factory=list)
    waited: float = 0.0

    def __post_init__(self) -> None:
        clock = self.world.clock
        began_at, clock.until = clock.now, clock.now + DAY
        due = mails_ahead(self.world)
        strikes = [(_moment(strike, due, began_at), strike) for strike in self.plan.strikes]
        self.waiting = sorted(strikes, key=itemgetter(0))
        self.portions = [began_at + DAY * share for share in self.plan.portions]
        self._dice = Random(self.plan.seed)

    def live(self) -> None:
        """From evening to evening."""
        clock = self.world.clock
        while clock.now < clock.until:
            try:
                self._step()
            except AWAY:
                self.glance()
                continue
            self._send()
            self._arm()
            self._wait_for_workers()
        while self.armed or (self.plan.long and self.under_way):
            self.glance()

    def wait(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Wait while faults go on; whether it came true in time."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            if until():
                return True
            self.glance()
        return until()

    def wait_while_it_goes_on(self, patience: float, until: Callable[[], bool]) -> bool:
        """Wait as long as somebody gets on with what is due, and for so many seconds when nobody does."""
        began = moved_at = looked_at = time.monotonic()
        watch = Watch(self.world)
        watch.has_moved()
        while not until():
            now = time.monotonic()
            if now - looked_at > LOOK_EVERY:
                looked_at = now
                if watch.has_moved():
                    moved_at = now
            if now - moved_at > patience or now - began > max(patience, LONGEST):
                self.waited += now - moved_at
                return until()
            self.glance()
        return True

    def glance(self) -> None:
        """Strike and heal what is to be, start again who has ended, and let a moment pass."""
        now = time.monotonic()
        amid = any(strike.amid for _, strike in self.armed) and mails_leave(self.world)
        for entry in [entry for entry in self.armed if entry[0] <= now or (amid and entry[1].amid)]:
            self.armed.remove(entry)
            self._strike(entry[1])
        for entry in [entry for entry in self.under_way if entry[0] <= now]:
            self.under_way.remove(entry)
            entry[1].fault.heal(self.world)
        self.world.crew.revive()
        time.sleep(GLANCE)

    def heal_all(self) -> None:
        """Heal what is under way, whether its time is up or not."""
        while self.under_way:
            _, strike = self.under_way.pop()
            strike.fault.heal(self.world)

    def _step(self) -> None:
        """Move business time, not beyond what is due next."""
        clock = self.world.clock
        dues = [*ahead(self.world), *map(Due, self.portions), *(Due(at) for at, _ in self.waiting)]
        clock.set(next_stop(clock.now, [due for due in dues if due.at > clock.now], clock.until, STRIDE))

    def _send(self) -> None:
        """Have those events sent whose time has come."""
        now = self.world.clock.now
        while self.portions and self.portions[0] <= now:
            self.portions.pop(0)
            portion = self.events // len(self.plan.portions)
            self.world.traffic.send(self._dice, now, portion, hot=self._dice.randint(0, 1))
            people.reply(self.world, self._dice)
            if len(self.plan.portions) - len(self.portions) in CLICK_AT:
                people.click(self.world, self._dice)

    def _arm(self) -> None:
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= self.world.clock.now:
            _, strike = self.waiting.pop(0)
            self.armed.append((now + strike.delay, strike))

    def _wait_for_workers(self) -> None:
        """Give them time, but not all the time that somebody dead would need."""
        if self.plan.long:
            self.wait_while_it_goes_on(LONG_PATIENCE, self._is_quiet)
            return
        patience = PATIENCE if self.waited < PATIENCE_IN_ALL else HASTE
        if not self.wait_while_it_goes_on(min(patience, SEEMS_DEAD), self._is_quiet):
            self.world.forget_what_was_told()
            self.world.forget_dead_leader()
            self.wait_while_it_goes_on(patience, self._is_quiet)

    def _is_quiet(self) -> bool:
        return not stirs(self.world)

    def _strike(self, strike: Strike) -> None:
        self.world.may_be_unknown += strike.fault.unknown
        did = strike.fault.strike(self.world, Random(strike.seed))
        self.told.append(f"{strike.fault.name} ({did})")
        self.under_way.append((time.monotonic() + strike.lasts, strike))


def _moment(strike: Strike, due: Sequence[datetime], began_at: datetime) -> datetime:
    if strike.busy and due:
        return due[int(strike.at * len(due))]
    return began_at + DAY * strike.at
