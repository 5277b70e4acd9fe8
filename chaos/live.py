"""Lives through a day of business time while faults are struck, and lets the world settle afterwards."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chaos.crew import ALWAYS, CLOCKS, WORKERS
from chaos.plan import Plan, Strike
from chaos.world import World, wait_for
from nurture.db import transaction
from nurture.local.stepping import Due, next_stop
from nurture.rules import breaker
from nurture.store import deliveries, horizon, notices, sending

DAY = timedelta(days=1)
STRIDE = timedelta(minutes=15)
"""So far business time is moved at most past the first thing that is due: what is on time goes at once."""
PATIENCE, PATIENCE_IN_ALL, HASTE = 2.5, 8.0, 0.3
"""Seconds of machine time that the workers have for what is due before time goes on without them: at one moment, and in
a round; then they have this much."""
SEEMS_DEAD = 1.0
"""After so long nobody seems to be at it: in short rounds we let the seconds pass that another would wait for him."""
LONG_PATIENCE = 20.0
"""The same at one moment of a long round."""
GLANCE = 0.02
SETTLES_WITHIN = 90.0
STIRS_WITHIN = 1.5
"""Seconds of machine time that a living worker holds a mail, as a rule; what is held for longer holds up nobody."""

_AWAY = DBAPIError
_HELD = ("deliver", "notices")
_STIRS = text("""
    SELECT EXISTS (SELECT FROM delivery WHERE state = 'queued' AND slot_at <= :now OR state IN ('leased', 'sending')
                   AND leased_until > clock_timestamp() + make_interval(secs => :mail))
        OR EXISTS (SELECT FROM notice WHERE state = 'queued' AND next_at <= :now OR state = 'leased'
                   AND leased_until > clock_timestamp() + make_interval(secs => :news))
""")
_MAILS = text("""
    SELECT at FROM (SELECT slot_at AS at FROM delivery WHERE state = 'queued' AND slot_at < :end
          UNION ALL SELECT due_at FROM enrollment WHERE status <> 'ended' AND due_at < :end) AS due ORDER BY at
""")


@dataclass
class Round:
    """A round under way.

    Attributes:
        told: What each strike did, in words.
        waited: Seconds of machine time in which the workers did not get done.
        under_way: Strikes that are to be healed, with the instant of machine time when.
    """

    world: World
    plan: Plan
    events: int
    began_at: datetime = field(init=False)
    waiting: list[tuple[datetime, Strike]] = field(init=False)
    armed: list[tuple[float, Strike]] = field(default_factory=list)
    under_way: list[tuple[float, Strike]] = field(default_factory=list)
    portions: list[datetime] = field(init=False)
    told: list[str] = field(default_factory=list)
    waited: float = 0.0

    def __post_init__(self) -> None:
        clock = self.world.clock
        self.began_at, clock.until = clock.now, clock.now + DAY
        due = self._mails()
        self.waiting = sorted(
            ((self._moment(strike, due), strike) for strike in self.plan.strikes), key=lambda one: one[0]
        )
        self.portions = [self.began_at + DAY * share for share in self.plan.portions]
        self._dice = Random(self.plan.seed)

    def live(self) -> None:
        """From morning to morning."""
        clock = self.world.clock
        while clock.now < clock.until:
            try:
                self._step()
            except _AWAY:
                self._glance()
                continue
            self._send()
            self._arm()
            self._wait_for_workers()
        while self.armed or (self.plan.long and self.under_way):
            self._glance()

    def _wait_for_workers(self) -> None:
        """Give them time, but not all the time that somebody dead would need."""
        began = time.monotonic()
        patience = LONG_PATIENCE if self.plan.long else PATIENCE if self.waited < PATIENCE_IN_ALL else HASTE
        if not self.plan.long and not self._wait(min(patience, SEEMS_DEAD), lambda: not self._stirs()):
            self.world.forget_what_was_told()
            self.world.forget_dead_leader()
        if not self._wait(patience, lambda: not self._stirs()):
            self.waited += time.monotonic() - began

    def settle(self) -> Sequence[str]:
        """Heal all, and wait until nothing is due; gives what is left undone when patience ends."""
        world = self.world
        for _, strike in self.under_way:
            strike.fault.heal(world)
        self.under_way.clear()
        for server in (world.servers.postgres, world.servers.valkey):
            world.servers.start(server)
        world.crew.start(*ALWAYS)
        for receiver in (world.sink, world.esp, world.news):
            receiver.behave()
        world.forget_dead_leader()
        world.wait_until_ready()
        self._resume()
        wait_for(lambda: world.traffic.left() == 0, SETTLES_WITHIN, "the senders to be answered")
        if not self.plan.long and self._wait(SETTLES_WITHIN, lambda: not self._stirs()) and self.undone():
            self._end_dead_leases()
        self._wait(SETTLES_WITHIN, lambda: not self.undone())
        return self.undone()

    def undone(self) -> Sequence[str]:
        """What is due, or held."""
        try:
            with transaction(self.world.engine) as db:
                return horizon.undone(db, self.world.clock.now)
        except _AWAY:
            return ["database"]

    def _stirs(self) -> bool:
        """Whether something is due that is not in the hands of somebody who does not seem to be alive."""
        undone = self.undone()
        if not undone or any(kind not in _HELD for kind in undone):
            return bool(undone)
        values = {"now": self.world.clock.now, "mail": deliveries.LEASE_SECONDS - STIRS_WITHIN}
        try:
            with transaction(self.world.engine) as db:
                news = notices.LEASE_SECONDS - STIRS_WITHIN
                return bool(db.execute(_STIRS, {**values, "news": news}).scalar_one())
        except _AWAY:
            return True

    def _step(self) -> None:
        """Move business time, not beyond what is due next."""
        clock = self.world.clock
        with transaction(self.world.engine) as db:
            dues = [Due(row.at, row.until, row.lead_id) for row in horizon.ahead(db, clock.until)]
        dues += [Due(at) for at in self.portions] + [Due(at) for at, _ in self.waiting]
        ahead = [due for due in dues if due.at > clock.now]
        clock.set(next_stop(clock.now, ahead, clock.until, STRIDE))

    def _mails(self) -> Sequence[datetime]:
        with transaction(self.world.engine) as db:
            return list(db.execute(_MAILS, {"end": self.world.clock.until}).scalars())

    def _moment(self, strike: Strike, due: Sequence[datetime]) -> datetime:
        if strike.busy and due:
            return due[int(strike.at * len(due))]
        return self.began_at + DAY * strike.at

    def _send(self) -> None:
        """Have those events sent whose time has come."""
        now = self.world.clock.now
        while self.portions and self.portions[0] <= now:
            self.portions.pop(0)
            portion = self.events // len(self.plan.portions)
            self.world.traffic.send(self._dice, now, portion, hot=self._dice.randint(0, 1))

    def _arm(self) -> None:
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= self.world.clock.now:
            _, strike = self.waiting.pop(0)
            self.armed.append((now + strike.delay, strike))

    def _wait(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Wait while faults go on; whether it came true in time."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            if until():
                return True
            self._glance()
        return until()

    def _glance(self) -> None:
        """Strike and heal what is to be, start again who has ended, and let a moment pass."""
        now = time.monotonic()
        for entry in [entry for entry in self.armed if entry[0] <= now]:
            self.armed.remove(entry)
            self._strike(entry[1])
        for entry in [entry for entry in self.under_way if entry[0] <= now]:
            self.under_way.remove(entry)
            entry[1].fault.heal(self.world)
        self.world.crew.revive()
        time.sleep(GLANCE)

    def _strike(self, strike: Strike) -> None:
        self.world.may_be_unknown += strike.fault.unknown
        did = strike.fault.strike(self.world, Random(strike.seed))
        self.told.append(f"{strike.fault.name} ({did})")
        self.under_way.append((time.monotonic() + strike.lasts, strike))

    def _resume(self) -> None:
        """What an operator does once the mail server is well: `nurture deliveries sending --resume`."""
        with transaction(self.world.engine) as db:
            standing = sending.locked(db, "default")
            sending.resume(db, "default")
            if standing.breaker.state != "sending":
                sending.save(db, "default", breaker.resumed(standing.machine_now))

    def _end_dead_leases(self) -> None:
        """Have the living put back what they hold: all that is left is held by the dead. Let a minute pass for that."""
        self.world.crew.stop(*WORKERS)
        self.world.age_leases()
        self.world.crew.start(*WORKERS)


def quiet(world: World) -> None:
    """Everybody is there, and one clock."""
    world.crew.start(*ALWAYS)
    extra = [name for name in world.crew.running(*CLOCKS) if name not in ALWAYS]
    if extra:
        world.crew.stop(*extra)
