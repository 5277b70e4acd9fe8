"""The jobs: each reads the clock, calls a flow until nothing is left or its time is up, and asks to be called again.

A job carries no ids. What is to be done is claimed from PostgreSQL, so a job delivered twice does nothing twice and a
Redis that was emptied is told again by the clock.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from nurture.flows import advance as advancing
from nurture.flows import deliver as delivering
from nurture.flows import forward_mail as forwarding
from nurture.flows import keep_promises as promising
from nurture.flows import read_inbox as reading
from nurture.flows import rescore as rescoring
from nurture.flows import score_again as scoring
from nurture.flows import send_confirmations as confirming
from nurture.flows import send_digest as digesting
from nurture.flows import settle as settling
from nurture.flows import sync_crm as syncing
from nurture.flows import tell as telling
from nurture.inbound.imap import InboxAway
from nurture.reports.digest import figures
from workers import process
from workers.jobs import NEWS, WORK, job
from workers.stopping import stopping
from workers.turns import Turns

BUSY_SECONDS = 20.0
"""How long a job works before it makes way for others."""

log = logging.getLogger("workers.actors")

_turns = Turns()


def _until_done(kind: str, batch: Callable[[], bool], *, part: str = "") -> None:
    """Call `batch` while it says that there is more; hand on what is left when the time is up."""
    nudge = process.app().nudge
    with _turns.take(f"{kind}/{part}", kind=kind, nudge=nudge) as ours:
        ends_at = time.monotonic() + BUSY_SECONDS
        while ours and batch():
            if time.monotonic() >= ends_at or stopping.is_set():
                nudge(kind)
                return


@job(WORK)
def advance() -> None:
    """Take what is due; its mails may go at once."""
    app = process.app()
    queued = 0

    def batch() -> bool:
        nonlocal queued
        done = advancing.advance(app, app.now())
        queued += done.queued
        app.meters.add("set_aside", "lead", n=done.set_aside)
        if done.offered:
            app.nudge("notices")
        return done.more

    _until_done("advance", batch)
    if queued:
        app.nudge("deliver")


@job(WORK)
def deliver() -> None:
    """Send mails whose slot has come, until none is left or the time is up."""
    app = process.app()
    with _turns.take("deliver", kind="deliver", nudge=app.nudge) as ours:
        if ours and delivering.deliver(app, app.now, seconds=BUSY_SECONDS, stop=stopping.is_set).more:
            app.nudge("deliver")


@job(WORK)
def settle() -> None:
    """Judge mail hits that have waited long enough."""
    app = process.app()

    def batch() -> bool:
        done = settling.settle(app, app.now())
        app.meters.add("set_aside", "hits", n=done.set_aside)
        return done.more

    _until_done("settle", batch)


@job(NEWS)
def notices() -> None:
    """Tell sales what it has not been told, all channels at once."""
    app = process.app()
    channels = telling.waiting_channels(app, app.now())
    with ThreadPoolExecutor(max(1, len(channels)), thread_name_prefix="notices") as threads:
        for told in [threads.submit(_tell, channel) for channel in channels]:
            told.result()


def _tell(channel: str) -> None:
    app = process.app()
    batch = partial(telling.tell, app, channel=channel, stop=stopping.is_set)
    _until_done("notices", lambda: batch(app.now()).more, part=channel)


@job(NEWS)
def confirmations() -> None:
    """Ask who sent a form whether it was them: somebody waits for that mail."""
    app = process.app()
    _until_done("confirmations", lambda: confirming.send_confirmations(app, app.now(), stop=stopping.is_set).more)


@job(NEWS)
def forwards() -> None:
    """Pass on what people wrote: somebody waits for an answer."""
    app = process.app()
    _until_done("forwards", lambda: forwarding.forward_mail(app, app.now(), stop=stopping.is_set).more)


@job(WORK)
def inbox() -> None:
    """Read the inbox, until nothing is left in it or the time is up."""
    app = process.app()

    def batch() -> bool:
        try:
            return reading.read_inbox(app, app.now(), stop=stopping.is_set).more
        except InboxAway as error:
            log.warning("the inbox cannot be read", extra={"because": str(error)})
            return False

    _until_done("inbox", batch)


@job(WORK)
def promises() -> None:
    """Look at what sales owes: remind, tell the manager, give leads to somebody else, take them back."""
    app = process.app()

    def batch() -> bool:
        done = promising.keep_promises(app, app.now())
        app.meters.add("set_aside", "handoff", n=done.set_aside)
        return done.more

    _until_done("promises", batch)


@job(WORK)
def rescore() -> None:
    """Count, grade and score all leads anew after a changed agreement, and again those for whom that failed."""
    app = process.app()

    def batch() -> bool:
        again = scoring.score_again(app, app.now()).more
        return rescoring.rescore(app, app.now()).more or again

    _until_done("rescore", batch)


@job(WORK)
def digest() -> None:
    """Put the week's letters to sales and marketing into the outbox."""
    app = process.app()

    def batch() -> bool:
        digesting.send_digest(app, app.now(), figures=figures)
        return False

    _until_done("digest", batch)


@job(WORK)
def crm() -> None:
    """Tell the CRMs what is new, and read what reps did there."""
    app = process.app()
    for channel in app.crm:
        sync = partial(syncing.sync, app, channel)
        _until_done("crm", lambda sync=sync: sync(app.now()), part=channel)  # type: ignore[misc]
