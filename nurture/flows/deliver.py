"""Send the mails whose slot has come: leased, rendered, moved to `sending` through the gate, sent, recorded.

One statement serves all connections of this worker: it records the answers that came and moves the next mails to
`sending`. Only what it returns goes out, after its commit, as many to a connection at a time as it takes: one by SMTP,
one request's worth at an HTTP provider. So that is all of which nobody knows, after a crash, whether it was taken;
those become `unknown`, never sent again blindly.
"""

import asyncio
import time
from collections.abc import Callable
from uuid import uuid4

from nurture.app import App, Clock
from nurture.db import transaction
from nurture.flows import letting_go
from nurture.flows.leasing import LEASE, Supply, gate, put_back
from nurture.flows.ledger import Ledger
from nurture.flows.noting import TRIES, tell_failures
from nurture.flows.pacing import Pace
from nurture.flows.sending import send_batch
from nurture.flows.sending_run import Delivered, Run
from nurture.flows.stay_home import is_home
from nurture.mailers import Mailer, build_mailer
from nurture.store import deliveries

try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop  # type: ignore[assignment]

__all__ = ["LEASE", "TRIES", "Delivered", "deliver"]

FRESH = 5.0
"""Seconds. Mails of one batch are sent along with those of the next where they were leased no longer ago."""
GOOD_NEWS = 1.0
"""Seconds between two times that the breaker is told that all goes well; bad news are told at once."""


def deliver(
    app: App, now: Clock, *, seconds: float, stop: Callable[[], bool] = lambda: False, mailer: str = "default"
) -> Delivered:
    """Send mails of one mailer for so many seconds of machine time, or until none is due or `stop` says so.

    Where the mailer rests, is paused, or has sent all that the warm-up lets it send today, nothing is leased; nor
    where the database is a copy of another (`stay_home`).
    """
    app.settings.require("MAIL_URL")
    pace = Pace(app.engine, mailer, app.agreement.sending.per_second)
    run = Run(app, mailer, now, stop, uuid4(), gate(app), pace)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_deliver(run, time.monotonic() + seconds))


async def _deliver(run: Run, ends_at: float) -> Delivered:
    with transaction(run.app.engine) as db:
        if not deliveries.any_to_send(db, run.mailer, run.now()):
            return run.done
    if not is_home(run.app, run.now()):
        return run.done
    async with build_mailer(run.app.settings.mail_url or "", sign=run.app.sign) as mailer:
        supply = Supply(run, max(LEASE, sum(connection.most for connection in mailer.connections)))
        ledger = Ledger(run)
        try:
            run.done.more = await _send_batches(run, mailer, supply, ledger, ends_at)
        finally:
            await supply.close()
            ledger.close()
            with transaction(run.app.engine) as db:
                deliveries.release(db, run.token)
    return run.done


async def _send_batches(run: Run, mailer: Mailer, supply: Supply, ledger: Ledger, ends_at: float) -> bool:
    """Send batch after batch until the time is up; False where none is left that may go."""
    told_at = time.monotonic()

    def go_on(run: Run) -> None:
        nonlocal told_at
        # what failed is told to the rules once its batch is recorded, so that comes first
        if not run.failures and time.monotonic() < min(ends_at, run.batch.leased_at + FRESH):
            batch = supply.at_hand()
            if batch is not None:
                supply.order(batch)
                run.begin(batch)
                if time.monotonic() - told_at >= GOOD_NEWS:
                    letting_go.report(run, finished=True)
                    told_at = time.monotonic()

    while time.monotonic() < ends_at and not run.stop():
        batch = await supply.next()
        if not batch.rows:
            return False
        supply.order(batch)
        run.begin(batch)
        usable = await send_batch(run, mailer, ledger, go_on)
        letting_go.report(run, finished=True)
        letting_go.settle_count(run)
        tell_failures(run)
        if not usable:
            return False
        if run.halted:
            await supply.close()
            put_back(run)
    return True
