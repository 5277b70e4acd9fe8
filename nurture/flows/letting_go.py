"""How many mails a mailer may be given now, and what it is told to make of the answers.

What keeps mails back: an operator's pause, the breaker after a storm of errors, the warm-up's day. While they are kept
back nothing is leased and nothing fails; what misses its window is planned again.
"""

import logging
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from nurture.db import transaction
from nurture.flows.sending_run import Run
from nurture.mailers import Connection as Way
from nurture.rules import breaker, ramp
from nurture.rules.breaker import Breaker
from nurture.store import backlog, sending
from nurture.store.sending import Standing

_ADDRESS = re.compile(r"[^\s<>()\",;:]+@[^\s<>()\",;:]+")
_SHOWN = 300
LONG_WAIT = 5.0
"""Seconds. For longer ones than that, workers do something else meanwhile."""

log = logging.getLogger(__name__)


def without_addresses(words: str) -> str:
    """A server's words, fit for a log and for everybody's eyes."""
    return _ADDRESS.sub("…@…", words)[:_SHOWN]


@dataclass(frozen=True, slots=True)
class Leave:
    """How many mails may be leased, whether they are only to try the mailer, and the warm-up's day they count on."""

    most: int
    trying: bool = False
    day: date | None = None


def may_go(db: Connection, run: Run, wanted: int, now: datetime) -> Leave:
    """How many mails may be leased now, in this transaction; none: those whose window is over are passed over."""
    day = ramp.day_of(run.app.agreement, now)
    ceiling = ramp.most_on(run.app.agreement, day)
    standing = sending.look(db, run.mailer)
    has_a_rate = run.app.agreement.sending.per_second is not None
    if standing is None or standing.breaker.state != "sending" or ceiling is not None:
        if standing is None and ceiling is None and not has_a_rate:
            return Leave(wanted)
        standing = sending.locked(db, run.mailer)
    leave = Leave(0) if standing.paused_at else _by_breaker(db, run, standing, wanted)
    if ceiling is not None:
        leave = replace(leave, most=min(leave.most, max(0, ceiling - standing.count_on(day))), day=day)
    if not leave.most:
        backlog.pass_over(db, run.mailer, now)
    return leave


def is_held(run: Run) -> bool:
    """Whether the mailer was paused, or rests because of what another worker met, since these mails were leased."""
    with transaction(run.app.engine) as db:
        standing = sending.look(db, run.mailer)
    return standing is not None and (standing.paused_at is not None or standing.breaker.state == "resting")


def count(db: Connection, run: Run, day: date | None, leased: int) -> None:
    """Count leased mails on the warm-up's day, so that no other worker takes their places."""
    if day is not None and leased:
        already = sending.locked(db, run.mailer).count_on(day)
        sending.count(db, run.mailer, day, already + leased)


def settle_count(run: Run) -> None:
    """Give back the places of those of the batch that did not leave."""
    unused = len(run.batch.rows) - run.left
    if run.batch.day is not None and unused > 0:
        with transaction(run.app.engine) as db:
            sending.give_back(db, run.mailer, run.batch.day, unused)


def report(run: Run, *, finished: bool = False) -> None:
    """Let the breaker hear what came back; nothing more is begun where it says to rest.

    Good news waits until the end; those who try again say all at once.
    """
    marks, why = run.marks, run.why
    if finished and run.trying and not marks:
        _change(run, breaker.untried)
    if not marks or (not finished and (run.trying or not breaker.is_news(marks))):
        return
    run.marks = run.why = ""
    _change(run, lambda at, now: breaker.heard(at, marks, why, now))


def report_trouble(run: Run, way: Way) -> None:
    """Say that the mailer cannot be used: for so long as it asked, or until a person mends it."""
    why = without_addresses(way.trouble)
    log.warning("the mail server cannot be used", extra={"mailer": run.mailer, "why": why})
    wait = timedelta(seconds=way.wait)
    marks, run.marks, run.why = run.marks, "", ""
    if way.unusable or way.wait > LONG_WAIT:
        _change(run, lambda at, now: breaker.stopped(at, why, now, wait=wait))
    else:
        _change(run, lambda at, now: breaker.heard(at, marks + breaker.AWAY, why, now))


def _by_breaker(db: Connection, run: Run, standing: Standing, wanted: int) -> Leave:
    if standing.breaker.state == "sending":
        return Leave(wanted)
    attempt = breaker.tried(standing.breaker, standing.machine_now)
    if attempt is None:
        return Leave(0)
    sending.save(db, run.mailer, attempt)
    return Leave(min(wanted, breaker.TRIES), trying=True)


def _change(run: Run, rule: breaker.Change) -> None:
    with transaction(run.app.engine) as db:
        standing = sending.look(db, run.mailer) or sending.locked(db, run.mailer)
        if rule(standing.breaker, standing.machine_now) == standing.breaker:
            return
        standing = sending.locked(db, run.mailer)
        after = rule(standing.breaker, standing.machine_now)
        sending.save(db, run.mailer, after)
    run.halted = run.halted or after.state == "resting"
    _say(run.mailer, standing.breaker, after)


def _say(mailer: str, before: Breaker, after: Breaker) -> None:
    if after.state == "resting" and after.since != before.since:
        until = after.until.isoformat() if after.until else ""
        log.warning("sending rests", extra={"mailer": mailer, "why": after.why, "until": until, "rests": after.rests})
    elif after.state == "sending" and before.state != "sending":
        log.info("sending again", extra={"mailer": mailer})
