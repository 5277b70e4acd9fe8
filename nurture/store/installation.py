"""Where this database says that it lives, and where it does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from nurture.rules.dwelling import Dwelling

_FOUND = text(
    """
    SELECT oid::bigint AS database,
           has_function_privilege(current_user, 'pg_catalog.pg_control_system()', 'EXECUTE') AS may_ask
    FROM pg_database WHERE datname = current_database()
    """
)
_CLUSTER = text("SELECT system_identifier::text FROM pg_control_system()")
_KEPT = text("SELECT * FROM installation")
_FIRST = text(
    """
    INSERT INTO installation (cluster, database, home, made_at) VALUES (:cluster, :database, :home, :now)
    ON CONFLICT DO NOTHING
    """
)
_LEARN = text("UPDATE installation SET cluster = coalesce(cluster, :cluster), home = coalesce(home, :home)")
_MOVE = text(
    """
    INSERT INTO installation (cluster, database, home, made_at, adopted_at, adopted_by)
    VALUES (:cluster, :database, :home, :now, :now, :by)
    ON CONFLICT (one) DO UPDATE
    SET id = gen_random_uuid(), cluster = excluded.cluster, database = excluded.database, home = excluded.home,
        adopted_at = excluded.adopted_at, adopted_by = excluded.adopted_by
    """
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database says of itself."""

    dwelling: Dwelling
    id: str
    made_at: datetime
    adopted_at: datetime | None
    adopted_by: str | None


def found(db: Connection, home: str | None) -> Dwelling:
    """Give where it is. Some platforms do not let us ask for the server's identifier."""
    row = db.execute(_FOUND).one()
    return Dwelling(db.execute(_CLUSTER).scalar_one() if row.may_ask else None, row.database, home)


def kept(db: Connection) -> Kept | None:
    """Give where it says that it lives; None before its first start."""
    row = db.execute(_KEPT).one_or_none()
    if row is None:
        return None
    dwelling = Dwelling(row.cluster, row.database, row.home)
    return Kept(dwelling, str(row.id), row.made_at, row.adopted_at, row.adopted_by)


def first(db: Connection, dwelling: Dwelling, now: datetime) -> None:
    """Write where it lives, at its first start; of several that start at once, the first."""
    db.execute(_FIRST, _values(dwelling) | {"now": now})


def learn(db: Connection, dwelling: Dwelling) -> None:
    """Write what was not known before."""
    db.execute(_LEARN, _values(dwelling))


def move(db: Connection, dwelling: Dwelling, by: str, now: datetime) -> None:
    """Write that it lives here from now on."""
    db.execute(_MOVE, _values(dwelling) | {"by": by, "now": now})


def _values(dwelling: Dwelling) -> dict[str, object]:
    return {"cluster": dwelling.cluster, "database": dwelling.database, "home": dwelling.home}
