"""What is asked of handoffs often reads by an index, however many there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen, remove

from nurture.store import api_answers, handoffs, listing, notices, overview, promises, states
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
    SELECT pg_restore_relation_stats('schemaname', CAST(current_schema() AS text), 'relname', 'handoff',
                                     'relpages', 0, 'reltuples', CAST(0 AS real))
"""


def test_a_leads_handoff_is_found_by_the_lead_also_by_a_plan_of_an_empty_table(clean_db: Engine) -> None:
    with clean_db.connect() as db:
        if db.dialect.server_version_info < (18,):  # type: ignore[operator]
            pytest.skip("this version cannot be told that a table was empty when it was looked at")
        db.exec_driver_sql(EMPTY)  # as it is known until the next ANALYZE; rolled back at the end
        db.exec_driver_sql("SET LOCAL enable_seqscan = off")
        db.exec_driver_sql(f"PREPARE states (date, bigint[]) AS {states._STATES.sql.decode()}")
        plan = "\n".join(db.exec_driver_sql("EXPLAIN EXECUTE states ('2026-03-02', '{1}')").scalars())
        db.exec_driver_sql("DEALLOCATE states")
        db.rollback()
    assert "handoff_of_lead on handoff h" in plan, plan
