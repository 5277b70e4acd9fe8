"""What is due at the world's business time, and who does not seem to be at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chaos.world import World
from nurture.db import transaction
from nurture.local.stepping import Due
from nurture.store import deliveries, horizon, notices

AWAY = DBAPIError
"""What is raised while PostgreSQL is away."""
STIRS_WITHIN = 1.5
"""Seconds of machine time that a living worker holds a mail, as a rule; what is held for longer holds up nobody."""

_HELD = frozenset({"deliver", "notices"})
_STIRS = text("""
    SELECT EXISTS (SELECT FROM delivery WHERE state = 'queued' AND slot_at <= :now OR state IN ('leased', 'sending')
                   AND leased_until > clock_timestamp() + make_interval(secs => :mail))
        OR EXISTS (SELECT FROM notice WHERE state = 'queued' AND next_at <= :now OR state = 'leased'
                   AND leased_until > clock_timestamp() + make_interval(secs => :news))
""")
_LEAVE = text("SELECT EXISTS (SELECT FROM delivery WHERE state = 'sending' AND leased_until > clock_timestamp())")
_LEFT = text("""
    SELECT (SELECT count(*) * 2 FROM enrollment WHERE status <> 'ended' AND due_at <= :now)
         + (SELECT count(*) FROM delivery WHERE state = 'queued' AND slot_at <= :now OR state IN ('leased', 'sending'))
         + (SELECT count(*) FROM notice WHERE state = 'queued' AND next_at <= :now)
""")
"""Steps that are left: a lead that is due is decided, and then most often has a mail."""
_MAILS = text("""
    SELECT at FROM (SELECT slot_at AS at FROM delivery WHERE state = 'queued' AND slot_at < :end
          UNION ALL SELECT due_at FROM enrollment WHERE status <> 'ended' AND due_at < :end) AS due ORDER BY at
""")


def undone(world: World) -> Sequence[str]:
    """The kinds of work that are due, or held by somebody, dead or alive."""
    try:
        with transaction(world.engine) as db:
            return horizon.undone(db, world.clock.now)
    except AWAY:
        return ["database"]


def stirs(world: World) -> bool:
    """Whether something is due that is not in the hands of somebody who does not seem to be alive."""
    kinds = undone(world)
    if not _HELD.issuperset(kinds):
        return True
    values = {
        "now": world.clock.now,
        "mail": deliveries.LEASE_SECONDS - STIRS_WITHIN,
        "news": notices.LEASE_SECONDS - STIRS_WITHIN,
    }
    try:
        with transaction(world.engine) as db:
            return bool(kinds) and bool(db.execute(_STIRS, values).scalar_one())
    except AWAY:
        return True


@dataclass
class Watch:
    """Sees whether somebody gets on with what is due: something is taken, or less is left than ever was."""

    world: World
    _taken: int = -1
    _least: int | None = None

    def has_moved(self) -> bool:
        """Since it was asked last. What is taken up and put back again, and again, is no move."""
        taken = sum(receiver.size for receiver in (self.world.sink, self.world.esp, self.world.news))
        moved, self._taken = taken > self._taken, taken
        try:
            with transaction(self.world.engine) as db:
                left = int(db.execute(_LEFT, {"now": self.world.clock.now}).scalar_one())
        except AWAY:
            return moved
        if self._least is None or left < self._least:
            moved, self._least = True, left
        return moved


def ahead(world: World) -> list[Due]:
    """All that comes due in the round. Raises `AWAY`."""
    with transaction(world.engine) as db:
        return [Due(row.at, row.until, row.lead_id) for row in horizon.ahead(db, world.clock.until)]


def mails_ahead(world: World) -> Sequence[datetime]:
    """The instants of the round at which a mail comes due, each as often as there are mails, in order."""
    with transaction(world.engine) as db:
        return list(db.execute(_MAILS, {"end": world.clock.until}).scalars())


def mails_leave(world: World) -> bool:
    """Whether a mail is with the mail server at this moment."""
    try:
        with transaction(world.engine) as db:
            return bool(db.execute(_LEAVE).scalar_one())
    except AWAY:
        return False
