"""PostgreSQL is restarted in each of its ways, cuts its connections, or has none left."""

import contextlib
from random import Random

import psycopg
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from chaos.crew import WORKERS
from chaos.faults.fault import Fault
from chaos.servers import CONNECTIONS as MOST
from chaos.servers import How
from chaos.world import CONNECTIONS, World
from nurture.db import transaction

UNDER_WAY = len(WORKERS) * CONNECTIONS
"""The answers of so many mails can come while there is no database to write them to."""
_CUT = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'chaos'
      AND hashtext(pid::text || :salt) % 100 < :share
""")


class Restart:
    """Ended in one of its ways, and back at once, or after a moment."""

    unknown, patient = UNDER_WAY, False

    def __init__(self, name: str, how: How) -> None:
        self.name, self._how = name, how

    def strike(self, world: World, dice: Random) -> str:
        world.servers.end(world.servers.postgres, self._how)
        at_once = dice.random() < 0.5
        if at_once:
            world.servers.start(world.servers.postgres)
        return "back at once" if at_once else "away until it is healed"

    def heal(self, world: World) -> None:
        world.servers.start(world.servers.postgres)


class Cut:
    """Connections are cut, all or some, whatever they are at."""

    name, unknown, patient = "postgres-cut", UNDER_WAY, False

    def strike(self, world: World, dice: Random) -> str:
        share = dice.choice((30, 60, 100))
        try:
            with transaction(world.engine) as db:
                cut = db.execute(_CUT, {"salt": str(dice.random()), "share": share}).scalar_one()
        except DBAPIError:  # another fault has it
            return "away already"
        return f"{cut} connections"

    def heal(self, world: World) -> None:
        """Nothing has to be mended."""


class Full:
    """No connection is left for anybody new, and those that there were are cut."""

    name, unknown, patient = "postgres-full", UNDER_WAY, False

    def __init__(self) -> None:
        self._held: list[psycopg.Connection[object]] = []

    def strike(self, world: World, dice: Random) -> str:
        url = make_url(world.servers.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(MOST):
                self._held.append(psycopg.connect(url, connect_timeout=5, application_name="chaos"))
        cut = Cut().strike(world, dice)
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(MOST):
                self._held.append(psycopg.connect(url, connect_timeout=5, application_name="chaos"))
        return f"{len(self._held)} held, {cut}"

    def heal(self, world: World) -> None:
        while self._held:
            self._held.pop().close()


FAULTS: tuple[Fault, ...] = (
    Restart("postgres-killed", "kill"),
    Restart("postgres-immediate", "immediate"),
    Restart("postgres-fast", "fast"),
    Cut(),
    Full(),
)
