"""What work cost PostgreSQL: statements, buffers, write-ahead log. These do not wobble with what else runs.

By statement from `pg_stat_statements` where the server has it. Elsewhere buffers are those of `pg_stat_database`,
the log is how far it has grown (others' included), and statements are not known.
"""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, Engine, text

_COUNTED = text(
    """
    SELECT /* counters of bench */ coalesce(sum(calls), 0)::bigint AS statements,
           coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint AS buffers,
           coalesce(sum(shared_blks_read), 0)::bigint AS read,
           coalesce(sum(wal_records), 0)::bigint AS wal_records,
           coalesce(sum(wal_bytes), 0)::bigint AS wal_bytes,
           coalesce(sum(wal_fpi), 0)::bigint AS whole_pages,
           coalesce(sum(total_exec_time), 0)::float8 AS milliseconds
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query NOT LIKE '%counters of bench%'
        AND query !~* '^\\s*(BEGIN|COMMIT|ROLLBACK|VACUUM|ANALYZE|CHECKPOINT)'
    """
)
_GUESSED = text(
    """
    SELECT 0::bigint AS statements, blks_hit + blks_read AS buffers, blks_read AS read, 0::bigint AS wal_records,
           pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS wal_bytes, 0::bigint AS whole_pages,
           0::float8 AS milliseconds
    FROM pg_stat_database WHERE datname = current_database()
    """
)
_POSITION = text("SELECT /* counters of bench */ pg_current_wal_flush_lsn()")
_LOOKS_INTO_LOG = text("SELECT /* counters of bench */ to_regproc('pg_get_wal_stats') IS NOT NULL")
_LOGGED = text(
    """
    SELECT /* counters of bench */ coalesce(sum(record_size), 0) AS done, coalesce(sum(fpi_size), 0) AS pages
    FROM pg_get_wal_stats(CAST(:since AS pg_lsn), CAST(:until AS pg_lsn))
    """
)
_GREW = text(
    """
    SELECT /* counters of bench */ pg_wal_lsn_diff(CAST(:until AS pg_lsn), CAST(:since AS pg_lsn)) AS done, 0 AS pages
    """
)
_HAS = text("SELECT /* counters of bench */ to_regclass('pg_stat_statements') IS NOT NULL")
_DEAREST = text(
    """
    SELECT /* counters of bench */ queryid, calls, shared_blks_hit + shared_blks_read AS buffers, wal_bytes,
           total_exec_time AS milliseconds, left(regexp_replace(query, '\\s+', ' ', 'g'), 150) AS statement
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query NOT LIKE '%counters of bench%'
    """
)


@dataclass(frozen=True, slots=True)
class Work:
    """What PostgreSQL has done in one database: since its beginning, or, subtracted, between two looks.

    `whole_pages`, which `wal_bytes` includes, are logged the first time that a page changes after a checkpoint.
    """

    statements: int
    buffers: int
    read: int
    wal_records: int
    wal_bytes: int
    whole_pages: int
    milliseconds: float

    def __sub__(self, other: "Work") -> "Work":
        return Work(*(getattr(self, one.name) - getattr(other, one.name) for one in fields(self)))

    def per(self, units: float) -> dict[str, float]:
        """All of it for each of so many units of work."""
        return {one.name: round(getattr(self, one.name) / max(1, units), 4) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, and what all its calls cost together."""

    calls: int
    buffers: int
    wal_bytes: int
    milliseconds: float
    words: str


def work(engine: Engine) -> Work:
    """What was done in this database so far; looking costs nothing that is counted."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        found = db.execute(_COUNTED if counts_statements(db) else _GUESSED).one()
    return Work(*found)


def position(engine: Engine) -> str:
    """How far the write-ahead log goes now."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        return str(db.execute(_POSITION).scalar())


def logged(engine: Engine, since: str) -> tuple[int, int]:
    """Bytes of log since then, by whomever: what was done, and whole pages after a checkpoint.

    Where the server cannot look into its log (`pg_walinspect`), all of it counts as done.
    """
    until = position(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        has = db.execute(_LOOKS_INTO_LOG).scalar() and until != since
        found = db.execute(_LOGGED if has else _GREW, {"since": since, "until": until}).one()
    return int(found.done), int(found.pages)


def statements(engine: Engine) -> dict[int, Statement]:
    """Each statement so far, by its number; empty where the server does not count them."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        rows = db.execute(_DEAREST).all() if counts_statements(db) else []
    return {number: Statement(*counted) for number, *counted in rows}


def dearest(before: dict[int, Statement], after: dict[int, Statement], units: float, most: int = 12) -> list[str]:
    """The statements that cost most buffers between two looks, a line each, for each of so many units of work."""
    nothing = Statement(0, 0, 0, 0.0, "")
    rows = []
    for number, one in after.items():
        then = before.get(number, nothing)
        if one.calls > then.calls:
            rows.append((one.buffers - then.buffers, one.calls - then.calls, one.wal_bytes - then.wal_bytes,
                         one.milliseconds - then.milliseconds, one.words))  # fmt: skip
    rows.sort(reverse=True)
    return [
        f"{buffers / units:8.2f} buffers {wal / units:8.0f} B {1000 * ms / units:8.1f} us {calls:7d} calls  {words}"
        for buffers, calls, wal, ms, words in rows[:most]
    ]


def counts_statements(db: Connection) -> bool:
    """Whether this server counts what each statement costs."""
    return bool(db.execute(_HAS).scalar())
