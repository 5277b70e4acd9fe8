"""The clock: says "look now" while there is something to look at, and settles what dead workers held.

Leadership is a lease row; a second clock waits for it. Two clocks at once would do no harm: all that is due stands in
PostgreSQL, a late tick finds it all, and the rules spread what is late over what is left of its window.
"""

import logging
import os
import signal
import socket
import threading
import time
import uuid
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError, ProgrammingError

from nurture.app import App
from nurture.db import transaction
from nurture.flows import send_digest, sync_crm
from nurture.flows.adopt import adopt
from nurture.flows.keep_house import keep_house
from nurture.store import confirmations, deliveries, due, hits, inbound, leases, notices, promises, walks
from workers import process
from workers.beating import beating

LEASE_SECONDS = 15.0
KEEP_HOUSE_EVERY = timedelta(hours=1)
READ_INBOX_EVERY = 60.0
"""Seconds between two looks into the inbox."""

log = logging.getLogger("workers.clock")


class Clock:
    """One clock process. `tick` may be called at any time and any number of times."""

    def __init__(self, app: App) -> None:
        """Not the leader yet."""
        self.app = app
        self.holder = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self.leads = False
        self.kept_house_at: datetime | None = None
        self.read_inbox_at = float("-inf")

    def tick(self) -> bool:
        """Take or keep the lead; then look once. False: another clock leads."""
        with transaction(self.app.engine) as db:
            leads = leases.take(db, "clock", self.holder, LEASE_SECONDS)
        if leads and not self.leads:
            log.info("this clock leads now")
            adopt(self.app, self.app.now())
        self.leads = leads
        if leads:
            self._look(self.app.now())
        return leads

    def give_up(self) -> None:
        """Let another clock lead at once."""
        if self.leads:
            with transaction(self.app.engine) as db:
                leases.give_up(db, "clock", self.holder)
            self.leads = False

    def _look(self, now: datetime) -> None:
        self._keep_house(now)
        with transaction(self.app.engine) as db:
            expired = deliveries.expire(db)
            lost = confirmations.expire(db)
            work = {
                "advance": due.any_due(db, now),
                "deliver": deliveries.any_to_send(db, "default", now),
                "settle": hits.any_to_settle(db, now),
                "notices": notices.any_due(db, now),
                "promises": promises.any_due(db, now),
                "confirmations": confirmations.any_due(db, now),
                "forwards": inbound.any_to_forward(db, now),
                "rescore": walks.under_way(db, walks.AGREEMENT),
            }
        if expired:
            self.app.meters.add("mails", "default", "unknown", n=expired.get("unknown", 0))
            log.warning("settled what dead workers held", extra=expired)
        if lost:
            log.warning("nobody knows whether mails that ask to confirm went out", extra={"count": lost})
        work["digest"] = send_digest.waiting(self.app, now) is not None
        work["inbox"] = self._is_time_to_read()
        work["crm"] = sync_crm.anything_to_do(self.app, now)
        for kind, waits in work.items():
            if waits:
                self.app.nudge(kind)

    def _is_time_to_read(self) -> bool:
        """Whether there is an inbox that nobody has looked into for a while; by the machine's time, as mail comes."""
        ticks = time.monotonic()
        if self.app.settings.mail.inbox_url is None or ticks - self.read_inbox_at < READ_INBOX_EVERY:
            return False
        self.read_inbox_at = ticks
        return True

    def _keep_house(self, now: datetime) -> None:
        """Now and then. Mail goes out whether there are months for events or not."""
        if self.kept_house_at is not None and timedelta(0) <= now - self.kept_house_at < KEEP_HOUSE_EVERY:
            return
        try:
            again = keep_house(self.app, now).again
        except ProgrammingError as error:  # such as: this user may make no tables
            log.error("cannot keep house with events", extra={"because": str(error.orig).splitlines()[0]})
            again = False
        self.kept_house_at = None if again else now


def run() -> None:
    """Tick until SIGTERM or SIGINT."""
    settings = process.settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock = Clock(process.app())
    beats = beating(process.app(), "clock")
    log.info("clock started", extra={"tick_seconds": settings.tick_seconds})
    while not stop.is_set():
        try:
            clock.tick()
        except OperationalError:
            log.warning("the database is away; trying again at the next tick")
        stop.wait(settings.tick_seconds)
    clock.give_up()
    beats.stop()
    log.info("clock stopped")


if __name__ == "__main__":
    run()
