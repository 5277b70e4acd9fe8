"""Looking for work costs the same however much waits for later, and however PostgreSQL plans it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from nurture.store import agenda, deliveries
from tests.rules.examples import NOW

LATER = (
    """
    INSERT INTO lead (email, key, cycle_started_at, created_at, updated_at)
    SELECT 'lead' || n || '@buyer.example', n::text, :now, :now, :now FROM generate_series(1, 3000) AS n
    """,
    "UPDATE lead SET ask_at = :later WHERE id % 3 = 0",
    """
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'not-ready', 1, 'active', :now, :later FROM lead
    """,
    """
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until, local_on,
                          zone, queued_at)
    SELECT lead_id, id, campaign, 'questions', 1, 'a/b', 'queued', :later, :later, :now, 'UTC', :now FROM enrollment
    """,
    """
    INSERT INTO set_aside (kind, id, lead_id, reason, since, last_at, again_at)
    SELECT 'score', id, id, 'x', :now, :now, :later FROM lead
    """,
)
TABLES = ("lead", "enrollment", "delivery", "set_aside")
READ_WHOLE = text("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY(:tables) ORDER BY 1")

LOOKS: dict[str, Callable[[Connection], object]] = {
    "clock": lambda db: agenda.waiting(db, NOW),
    "worker": lambda db: deliveries.any_to_send(db, "default", NOW),
}


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", LOOKS)
def test_a_look_that_finds_nothing_reads_no_table_from_end_to_end(clean_db: Engine, name: str, plans: str) -> None:
    with clean_db.begin() as db:
        for statement in LATER:
            values = {"now": NOW, "later": NOW + timedelta(days=1)}
            db.execute(text(statement), {key: value for key, value in values.items() if f":{key}" in statement})
    with clean_db.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql(f"ANALYZE {', '.join(TABLES)}")
    with clean_db.begin() as db:
        db.exec_driver_sql(f"SET LOCAL plan_cache_mode = {plans}")
        before = db.execute(READ_WHOLE, {"tables": list(TABLES)}).all()
        driver = db.connection.driver_connection
        usual, driver.prepare_threshold = driver.prepare_threshold, 0
        try:
            assert not LOOKS[name](db)
        finally:
            driver.prepare_threshold = usual
        assert db.execute(READ_WHOLE, {"tables": list(TABLES)}).all() == before


def test_what_is_written_all_day_is_vacuumed_in_time_with_its_indexes(clean_db: Engine) -> None:
    """What is dead at the head of an index is gone past by every look: PostgreSQL would leave it there for long."""
    with clean_db.connect() as db:
        found = db.execute(text("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"))
        told = {name: dict(option.split("=") for option in options) for name, options in found}
    for table in ("delivery", "enrollment"):
        assert told[table]["vacuum_index_cleanup"] == "on"
        assert float(told[table]["autovacuum_vacuum_scale_factor"]) <= 0.02
