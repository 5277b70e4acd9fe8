"""The clock: says "look now" while there is something to look at, and settles what dead workers held.

Leadership is a lease row; a second clock waits for it. Two clocks at once would do no harm: all that is due stands in
PostgreSQL, a late tick finds it all, and the rules spread what is late over what is left of its window. Whatever goes
wrong with one part of a look, the others are done: mail goes out although a file cannot be adopted.
"""

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from nurture.app import App
from nurture.db import is_away, transaction, words_of
from nurture.flows import send_digest, sync_crm
from nurture.flows.adopt import adopt
from nurture.flows.keep_house import keep_house
from nurture.store import agenda, confirmations, deliveries, leases
from workers import process
from workers.beating import beating
from workers.stopping import leave_in_time

LEASE_SECONDS = 15.0
KEEP_HOUSE_EVERY = timedelta(hours=1)
LETTERS_EVERY = timedelta(seconds=10)
READ_INBOX_EVERY = 60.0
"""Seconds between two looks into the inbox."""
MISHAP_SECONDS = 30.0
"""Until something is tried again that cannot be done for a reason that will not pass by itself."""
LEAVES_WITHIN = 20.0
"""Seconds after SIGTERM, whatever a database that stands still is being asked."""

log = logging.getLogger("workers.clock")


class Clock:
    """One clock process. `tick` may be called at any time and any number of times."""

    def __init__(self, app: App) -> None:
        """Not the leader yet."""
        self.app = app
        self.holder = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.leads = False
        self.adopted = False
        self.kept_house_at: datetime | None = None
        self.looked_at_letters: datetime | None = None
        self.read_inbox_at = float("-inf")
        self._not_before: dict[str, float] = {}

    def tick(self) -> bool:
        """Take or keep the lead; then look once. False: another clock leads."""
        with self.app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            leads = leases.take(db, "clock", self.holder, LEASE_SECONDS)
            waiting = agenda.waiting(db, self.app.now()) if leads else []
        if leads and not self.leads:
            log.info("this clock leads now")
            self.adopted = False
        self.leads = leads
        if leads:
            self._look(waiting, self.app.now())
        return leads

    def give_up(self) -> None:
        """Let another clock lead at once; where nobody can be told, it does in a quarter of a minute."""
        if not self.leads:
            return
        self.leads = False
        try:
            with transaction(self.app.engine) as db:
                leases.give_up(db, "clock", self.holder)
        except SQLAlchemyError as error:
            log.warning("another clock leads once the lease is over", extra={"because": words_of(error)})

    def _look(self, waiting: list[str], now: datetime) -> None:
        """First of all the files, by which all is decided; last the house, which can wait."""
        if not self.adopted:
            self._do("adopt the files", lambda: self._adopt(now))
        for kind in waiting:
            if kind not in (agenda.EXPIRED, agenda.LOST):
                self.app.nudge(kind)
        if agenda.EXPIRED in waiting or agenda.LOST in waiting:
            self._do("settle what dead workers held", self._settle)
        self._do("look at the week's letters", lambda: self._look_at_letters(now))
        self._do("look at CRMs", lambda: self._nudge_if("crm", sync_crm.anything_to_do(self.app, now)))
        self._nudge_if("inbox", self._is_time_to_read())
        self._keep_house(now)

    def _do(self, what: str, act: Callable[[], None]) -> None:
        """Do one part of a look. What cannot be done is said, and left alone for a while."""
        if time.monotonic() < self._not_before.get(what, 0.0):
            return
        try:
            act()
        except Exception as error:
            if is_away(error):
                raise
            log.exception("the clock cannot %s", what)
            self._not_before[what] = time.monotonic() + MISHAP_SECONDS

    def _adopt(self, now: datetime) -> None:
        adopt(self.app, now)
        self.adopted = True

    def _settle(self) -> None:
        with transaction(self.app.engine) as db:
            expired = deliveries.expire(db)
            lost = confirmations.expire(db)
        if expired:
            self.app.meters.add("mails", "default", "unknown", n=expired.get("unknown", 0))
            log.warning("settled what dead workers held", extra=expired)
            self._nudge_if("deliver", expired.get("queued"))
        if lost:
            log.warning("nobody knows whether mails that ask to confirm went out", extra={"count": lost})

    def _nudge_if(self, kind: str, waits: object) -> None:
        if waits:
            self.app.nudge(kind)

    def _look_at_letters(self, now: datetime) -> None:
        if not _is_lately(self.looked_at_letters, now, LETTERS_EVERY):
            self._nudge_if("digest", send_digest.waiting(self.app, now))
            self.looked_at_letters = now

    def _is_time_to_read(self) -> bool:
        """Whether there is an inbox that nobody has looked into for a while; by the machine's time, as mail comes."""
        ticks = time.monotonic()
        if self.app.settings.mail.inbox_url is None or ticks - self.read_inbox_at < READ_INBOX_EVERY:
            return False
        self.read_inbox_at = ticks
        return True

    def _keep_house(self, now: datetime) -> None:
        """Now and then. Mail goes out whether there are months for events or not."""
        if _is_lately(self.kept_house_at, now, KEEP_HOUSE_EVERY):
            return
        try:
            again = keep_house(self.app, now).again
        except Exception as error:  # such as: this user may make no tables
            if is_away(error):
                raise
            log.exception("cannot keep house with events")
            again = False
        self.kept_house_at = None if again else now


def _is_lately(at: datetime | None, now: datetime, within: timedelta) -> bool:
    return at is not None and timedelta(0) <= now - at < within


def run() -> None:
    """Tick until SIGTERM or SIGINT."""
    settings = process.settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end(stop))
    clock = Clock(process.app())
    beats = beating(process.app(), "clock")
    log.info("clock started", extra={"tick_seconds": settings.tick_seconds})
    is_away = False
    while not stop.is_set():
        is_away = not _ticked(clock, was_away=is_away)
        stop.wait(settings.tick_seconds)
    clock.give_up()
    beats.stop()
    log.info("clock stopped")


def _end(stop: threading.Event) -> None:
    if not stop.is_set():
        stop.set()
        leave_in_time(LEAVES_WITHIN)


def _ticked(clock: Clock, *, was_away: bool) -> bool:
    """Tick once; False where the database is away, which is said when it goes and when it comes."""
    try:
        clock.tick()
    except Exception as error:
        if not is_away(error):
            log.exception("the clock cannot look")
        elif not was_away:
            log.warning("the database is away; looking until it is back", extra={"because": words_of(error)})
        return not is_away(error)
    if was_away:
        log.info("the database is back")
    return True


if __name__ == "__main__":
    run()
