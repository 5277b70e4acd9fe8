"""When a mailer is left alone: after a storm of errors, for a growing while, until a few mails have gone well again.

A circuit breaker: *sending* is what is called closed, *resting* open, *trying* half-open. It hears what became of
mails, one mark each, and answers with its next state. What is refused for a mail's own sake (no such mailbox, too
large) is no error of the mailer's; only where nothing else comes back for long is that taken for one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from nurture.messages import Receipt

State = Literal["sending", "resting", "trying"]

TAKEN, REFUSED, BAD, AWAY = "+", "x", "-", "!"
"""The marks: taken; refused for its own sake; put off, held, unknown, or refused by policy; could not be reached."""

WINDOW = 20
"""So many marks are remembered."""
LEAST = 10
"""Fewer say nothing."""
STORM = 0.6
"""From this share of bad ones on it is a storm."""
AWAYS = 3
"""So many times in a row that the server could not be used."""
TRIES = 3
"""So many mails go when it is tried again."""
ANSWERED_WITHIN = timedelta(minutes=2)
"""Whoever tries and says nothing for so long has died; another one tries."""
RESTS = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 600, 1200, 1800))
"""The first rest, the second in a row, …; the last one again and again."""
LONGEST = timedelta(hours=6)
"""No provider is obeyed that asks for a longer rest."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a mailer is doing.

    Attributes:
        state: What it does.
        since: Since when; None: it has never been otherwise.
        until: Resting: when it is tried again. Trying: when whoever tries must have answered.
        why: Why it rests, in the server's words.
        rests: How many rests in a row it has had.
        recent: The last marks, oldest first.
    """

    state: State = "sending"
    since: datetime | None = None
    until: datetime | None = None
    why: str = ""
    rests: int = 0
    recent: str = ""


Change = Callable[[Breaker, datetime], Breaker]
"""What becomes of a breaker at an instant of machine time."""


def mark(receipt: Receipt) -> str:
    """Give the mark of one answer."""
    if receipt.outcome == "sent":
        return TAKEN
    return REFUSED if receipt.outcome == "refused" else BAD


def is_news(marks: str) -> bool:
    """Whether these marks should be heard soon: something bad, or that nothing has been taken for a while."""
    return BAD in marks or AWAY in marks or (len(marks) >= LEAST and TAKEN not in marks[-LEAST:])


def heard(breaker: Breaker, marks: str, why: str, now: datetime) -> Breaker:
    """What becomes of it by these marks, oldest first; `why` has the words of the last bad one.

    While it rests, late answers change nothing.
    """
    if breaker.state == "resting" or not marks:
        return breaker
    if breaker.state == "trying":
        return _tried(breaker, marks, why, now)
    recent = (breaker.recent + marks)[-WINDOW:]
    storm = _storm(recent, why)
    if storm:
        return _rest(replace(breaker, recent=recent), storm, now)
    calm = len(recent) == WINDOW and set(recent) <= {TAKEN, REFUSED}
    return replace(breaker, recent=recent, rests=0 if calm else breaker.rests)


def stopped(breaker: Breaker, why: str, now: datetime, *, wait: timedelta = timedelta(0)) -> Breaker:
    """Rest at once: the server said that it takes nothing, or nothing for so long."""
    return breaker if breaker.state == "resting" else _rest(breaker, why, now, wait=wait)


def tried(breaker: Breaker, now: datetime) -> Breaker | None:
    """The breaker when a few mails may be tried now, or None: not yet, or there is no need."""
    if breaker.state == "sending" or breaker.until is None or now < breaker.until:
        return None
    since = breaker.since if breaker.state == "trying" else now
    return replace(breaker, state="trying", since=since, until=now + ANSWERED_WITHIN)


def untried(breaker: Breaker, now: datetime) -> Breaker:
    """No mail went although it was to be tried (all were cancelled in the last moment): others may try at once."""
    return replace(breaker, state="resting", until=now) if breaker.state == "trying" else breaker


def resumed(now: datetime) -> Breaker:
    """A person says that it has been mended: all is forgotten."""
    return Breaker(since=now)


def _storm(recent: str, why: str) -> str:
    """Say what is wrong; empty: nothing much."""
    if recent.endswith(AWAY * AWAYS):
        return why
    bad = recent.count(BAD) + recent.count(AWAY)
    if len(recent) >= LEAST and bad >= STORM * len(recent) and recent[-1] in (BAD, AWAY):
        return f"{bad} of the last {len(recent)} mails were not taken; the last answer: {why}"
    if len(recent) == WINDOW and TAKEN not in recent:
        return f"none of the last {WINDOW} mails was taken; the last answer: {why}"
    return ""


def _tried(breaker: Breaker, marks: str, why: str, now: datetime) -> Breaker:
    good, bad = marks.count(TAKEN), marks.count(BAD) + marks.count(AWAY)
    if good and good >= bad:
        return Breaker(since=now, rests=breaker.rests)
    return _rest(breaker, why or breaker.why, now)


def _rest(breaker: Breaker, why: str, now: datetime, *, wait: timedelta = timedelta(0)) -> Breaker:
    rest = max(RESTS[min(breaker.rests, len(RESTS) - 1)], min(wait, LONGEST))
    return Breaker("resting", now, now + rest, why, breaker.rests + 1, "")
