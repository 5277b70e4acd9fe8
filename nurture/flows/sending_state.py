"""Say how sending goes; pause it and let it go on: what an operator asks and does."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from nurture.app import App
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.flows.letting_go import without_addresses
from nurture.flows.stay_home import why_not_home
from nurture.rules import breaker, ramp
from nurture.store import backlog, sending
from nurture.store.backlog import Backlog

LONGEST = 300


@dataclass(frozen=True, slots=True)
class SendingState:
    """How a mailer is doing.

    Attributes:
        mailer: Its name.
        provider: The scheme of `MAIL_URL`; None where that is not set.
        state: `sending`; `resting` after a storm of errors; `trying` a few mails; `paused` by hand; `astray` where
            the database is a copy that nobody has adopted.
        why: Why it is not sending; empty where it is.
        since: Since when; None: it has never been otherwise.
        until: When it is tried again.
        backlog: What waits, and what left lately.
        per_second: The agreement's rate, or None.
        warm_up: Today's day, how many mails it may bring and has brought, or None.
    """

    mailer: str
    provider: str | None
    state: Literal["sending", "resting", "trying", "paused", "astray"]
    why: str
    since: datetime | None
    until: datetime | None
    backlog: Backlog
    per_second: int | None
    warm_up: tuple[date, int, int] | None


def sending_state(app: App, now: datetime, mailer: str = "default") -> SendingState:
    """How sending goes at the moment."""
    with transaction(app.engine) as db:
        standing = sending.look(db, mailer)
        waits = backlog.backlog(db, mailer, now)
    day = ramp.day_of(app.agreement, now)
    most = ramp.most_on(app.agreement, day)
    at = standing.breaker if standing else breaker.Breaker()
    paused = standing is not None and standing.paused_at is not None
    astray = why_not_home(app, now)
    return SendingState(
        mailer=mailer,
        provider=(app.settings.mail_url or "").partition(":")[0] or None,
        state="astray" if astray else "paused" if paused else at.state,
        why=astray or ((standing.paused_why or "") if standing and paused else at.why if at.state != "sending" else ""),
        since=standing.paused_at if standing and paused else at.since,
        until=None if paused else at.until if at.state == "resting" else None,
        backlog=waits,
        per_second=app.agreement.sending.per_second,
        warm_up=None if most is None else (day, most, standing.count_on(day) if standing else 0),
    )


def pause_sending(app: App, why: str, mailer: str = "default") -> None:
    """Let no nurture mail leave until `resume_sending`. What misses its window meanwhile is planned again.

    Raises:
        UsageError: There is no reason, or a very long one.
    """
    words = without_addresses(" ".join(why.split()))
    if not words or len(why) > LONGEST:
        raise UsageError(f"--pause: say why, in up to {LONGEST} characters; others will read it")
    with transaction(app.engine) as db:
        sending.pause(db, mailer, words)


def resume_sending(app: App, mailer: str = "default") -> None:
    """Let mails leave again, at once: takes back a pause, and ends a rest."""
    with transaction(app.engine) as db:
        standing = sending.locked(db, mailer)
        sending.resume(db, mailer)
        if standing.breaker.state != "sending":
            sending.save(db, mailer, breaker.resumed(standing.machine_now))
    app.nudge("deliver")
