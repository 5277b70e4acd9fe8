"""Leadership: a lease row, taken by a conditional UPDATE on the database's clock.

A session's advisory lock would break behind a transaction pooler. Two holders can never hold one lease at once; two
clocks are harmless all the same, for all they do is say that there may be work.
"""

from sqlalchemy import Connection, text

_TAKE = text(
    """
    INSERT INTO lease (name, holder, until, beat_at)
    VALUES (:name, :holder, clock_timestamp() + make_interval(secs => :seconds), clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until, beat_at = excluded.beat_at
    WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp()
    RETURNING holder
    """
)


def take(db: Connection, name: str, holder: str, seconds: float) -> bool:
    """Take or renew the lease for so long; False while another holds it."""
    return db.execute(_TAKE, {"name": name, "holder": holder, "seconds": seconds}).scalar() is not None


def give_up(db: Connection, name: str, holder: str) -> None:
    """Let go at once, so that another need not wait."""
    db.execute(
        text("UPDATE lease SET until = clock_timestamp() WHERE name = :name AND holder = :holder"),
        {"name": name, "holder": holder},
    )
