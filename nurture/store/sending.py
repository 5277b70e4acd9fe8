"""How each mailer is doing, how fast it may send and how much more today: one row, shared by all workers.

Times are the database's own clock's. The warm-up's day is a day of business time.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, text

from nurture.rules.breaker import Breaker

_LOOK = "SELECT *, clock_timestamp() AS machine_now FROM mailer WHERE name = :name"
_MAKE = text("INSERT INTO mailer (name) VALUES (:name) ON CONFLICT DO NOTHING")
_SAVE = text(
    """
    UPDATE mailer SET state = :state, since = :since, until = :until, why = :why, rests = :rests, recent = :recent
    WHERE name = :name
    """
)
_COUNT = text("UPDATE mailer SET day = :day, day_count = :count WHERE name = :name")
_GIVE_BACK = text("UPDATE mailer SET day_count = greatest(0, day_count - :count) WHERE name = :name AND day = :day")
_RESERVE = text(
    """
    UPDATE mailer SET free_at = greatest(coalesce(free_at, clock_timestamp()), clock_timestamp())
                                + make_interval(secs => CAST(:seconds AS double precision))
    WHERE name = :name AND coalesce(free_at, clock_timestamp())
                           <= clock_timestamp() + make_interval(secs => CAST(:ahead AS double precision))
    RETURNING extract(epoch FROM free_at - clock_timestamp())
    """
)
_PAUSE = text("UPDATE mailer SET paused_at = clock_timestamp(), paused_why = :why WHERE name = :name")
_RESUME = text("UPDATE mailer SET paused_at = NULL, paused_why = NULL WHERE name = :name")


@dataclass(frozen=True, slots=True)
class Standing:
    """A mailer as the database has it.

    Attributes:
        breaker: How its last mails went.
        machine_now: The database's clock.
        paused_at: Since when an operator has it paused, or None.
        paused_why: Why, in the operator's words.
        day: The day that `day_count` is of.
        day_count: How many mails have been let go on it, or are reserved.
    """

    breaker: Breaker
    machine_now: datetime
    paused_at: datetime | None = None
    paused_why: str | None = None
    day: date | None = None
    day_count: int = 0

    def count_on(self, day: date) -> int:
        """How many mails that day has had."""
        return self.day_count if self.day == day else 0


def look(db: Connection, name: str) -> Standing | None:
    """How a mailer is doing, for looking only; None: it has never had anything to say."""
    return _look(db, name, _LOOK)


def locked(db: Connection, name: str) -> Standing:
    """How it is doing, made if need be and locked until the transaction ends."""
    found = _look(db, name, _LOOK + " FOR UPDATE")
    if found is None:
        db.execute(_MAKE, {"name": name})
        found = _look(db, name, _LOOK + " FOR UPDATE")
    if found is None:
        raise LookupError(f"the row of mailer {name} cannot be made")
    # the lock may have been waited for
    return replace(found, machine_now=db.execute(text("SELECT clock_timestamp()")).scalar_one())


def save(db: Connection, name: str, breaker: Breaker) -> None:
    """Write how it is doing."""
    values = {field: getattr(breaker, field) for field in ("state", "since", "until", "why", "rests", "recent")}
    db.execute(_SAVE, {"name": name, **values})


def count(db: Connection, name: str, day: date, total: int) -> None:
    """Write how many mails this day has had."""
    db.execute(_COUNT, {"name": name, "day": day, "count": total})


def give_back(db: Connection, name: str, day: date, unused: int) -> None:
    """Take back mails that were counted and did not leave."""
    db.execute(_GIVE_BACK, {"name": name, "day": day, "count": unused})


def reserve(db: Connection, name: str, *, seconds: float, ahead: float) -> float | None:
    """Reserve the next so many seconds of sending for one worker.

    Gives in how many seconds they begin (not before 0); None: they would begin later than `ahead` seconds from now, and
    nothing was reserved. Reservations follow each other without gap or overlap: the generic cell rate algorithm, a
    batch of cells at a time.
    """
    until: float | None = db.execute(_RESERVE, {"name": name, "seconds": seconds, "ahead": ahead}).scalar()
    return None if until is None else max(0.0, float(until) - seconds)


def pause(db: Connection, name: str, why: str) -> None:
    """Let nothing go until `resume`."""
    db.execute(_MAKE, {"name": name})
    db.execute(_PAUSE, {"name": name, "why": why})


def resume(db: Connection, name: str) -> None:
    """Let mails go again."""
    db.execute(_RESUME, {"name": name})


def _look(db: Connection, name: str, query: str) -> Standing | None:
    row = db.execute(text(query), {"name": name}).one_or_none()
    if row is None:
        return None
    breaker = Breaker(row.state, row.since, row.until, row.why, row.rests, row.recent)
    return Standing(breaker, row.machine_now, row.paused_at, row.paused_why, row.day, row.day_count)
