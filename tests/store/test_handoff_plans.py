"""What is asked of handoffs often reads by an index, however many there are."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen, remove

from nurture.store import api_answers, handoffs, listing, notices, overview, promises, states
from tests.databases import forget_sizes
from tests.rules.examples import NOW


@contextmanager
def plans(db: Connection) -> Iterator[list[str]]:
    """How PostgreSQL means to do each statement that is given to it meanwhile."""
    found: list[str] = []

    def explain(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        with db.connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"EXPLAIN {statement}", values)
            found.append("\n".join(line for (line,) in cursor.fetchall()))

    listen(db, "before_cursor_execute", explain)
    yield found
    remove(db, "before_cursor_execute", explain)


LOOKS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "due": (lambda db: promises.claim(db, NOW, 500), "handoff_to_look_at"),
    "open": (lambda db: handoffs.open_of(db, [1]), "handoff_one_open"),
    "of an address": (lambda db: handoffs.listed(db, email="jo@buyer.example"), "Index Cond: (lead_id = ANY"),
    "changed": (lambda db: listing.handoffs_before(db, None, most=100, changed_since=NOW), "handoff_change_at"),
    "channels": (lambda db: notices.due_channels(db, NOW), "notice_to_send"),
    "answers": (lambda db: api_answers.drop_old(db), "Index Cond: (at < "),
}


@pytest.mark.parametrize("name", LOOKS)
def test_it_reads_by_its_index(clean_db: Engine, name: str) -> None:
    look, index = LOOKS[name]
    with clean_db.begin() as db:
        forget_sizes(db)
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with plans(db) as found:
            look(db)
    (plan,) = found
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


def test_no_list_of_all_attempts_is_made_for_those_of_open_handoffs(clean_db: Engine) -> None:
    with clean_db.begin() as db, plans(db) as found:
        overview.open_handoffs(db, 50)
    (plan,) = found
    assert "hashed SubPlan" not in plan, plan


EMPTY = """
    SELECT pg_restore_relation_stats('schemaname', CAST(current_schema() AS text), 'relname', name,
                                     'relpages', 0, 'reltuples', CAST(0 AS real))
    FROM unnest(ARRAY['handoff', 'attempt', 'breach']) AS name
"""
ASK = "EXECUTE states ('2026-03-02', '{1}')"
HANDED_OVER = (
    """
    INSERT INTO lead (email, key, cycle_started_at, created_at, updated_at)
    SELECT 'lead' || n || '@buyer.example', n::text, now(), now(), now() FROM generate_series(1, 1000) AS n
    """,
    """
    INSERT INTO handoff (lead_id, cycle, grade, score_micro, because, offered_at, evidence)
    SELECT id, 1, 'A', 0, 'score', now(), '{}' FROM lead
    """,
    """
    INSERT INTO attempt (handoff_id, kind, outcome, at, by)
    SELECT id, 'call', 'not_reached', now(), 'rep' FROM handoff, generate_series(1, 3)
    """,
    """
    INSERT INTO breach (handoff_id, promise, rung, action, due_at, at)
    SELECT id, 'accept', rung, 'remind', now(), now() FROM handoff, generate_series(1, 3) AS rung
    """,
)
READ = """
    SELECT relname, seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables
    WHERE relname IN ('handoff', 'attempt', 'breach')
"""


@contextmanager
def planned_while_empty(engine: Engine) -> Iterator[Connection]:
    """A transaction in which `ASK` has its plan of tables that were looked at while they had no row."""
    with engine.connect() as db:
        if db.dialect.server_version_info < (18,):  # type: ignore[operator]
            pytest.skip("this version cannot be told that a table was empty when it was looked at")
        db.exec_driver_sql(EMPTY)  # as it is known until the next ANALYZE; rolled back at the end
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        db.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        db.exec_driver_sql(f"PREPARE states (date, bigint[]) AS {states._STATES.sql.decode()}")
        db.exec_driver_sql(ASK)
        yield db
        db.exec_driver_sql("DEALLOCATE states")
        db.rollback()


def rows_read(db: Connection) -> Counter[str]:
    """How many rows of handoffs, and of what is beside them, this transaction has read."""
    return Counter({row.relname: row.read for row in db.exec_driver_sql(READ)})


def test_a_leads_handoff_is_found_by_the_lead_also_by_a_plan_of_an_empty_table(clean_db: Engine) -> None:
    with planned_while_empty(clean_db) as db:
        plan = "\n".join(db.exec_driver_sql(f"EXPLAIN {ASK}").scalars())
    assert "handoff_of_lead on handoff h" in plan, plan


def test_what_is_beside_a_handoff_is_found_by_the_handoff_also_by_a_plan_of_empty_tables(clean_db: Engine) -> None:
    with planned_while_empty(clean_db) as db:
        for statement in HANDED_OVER:
            db.exec_driver_sql(statement)
        before = rows_read(db)
        db.exec_driver_sql(ASK)
        read = rows_read(db) - before
    assert read == {"handoff": 1, "attempt": 3, "breach": 3}
