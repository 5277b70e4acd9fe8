"""How long each report takes over a big database, made for it and dropped again.

    python -m bench.reports [--leads 1000000] [--handoffs 100000] [--mails 2000000] [--events 3000000] [--explain NAME]

Half of the events are clicks in mails, two thirds of these by people; half of the mails have a report on them. Two
years lie behind; each report is asked over all of it, and over its last week.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, event, text

from nurture.app import App, open_app
from nurture.local.servers import local_servers
from nurture.reports.catalogue import REPORTS
from nurture.settings import read_settings
from nurture.store.migrate import upgrade
from tests.workers.processes import write_workspace

NOW = datetime(2026, 9, 1, tzinfo=UTC)
DAYS = 730
FILL = """INSERT INTO lead (email, key, source, grade, cycle_started_at, created_at, updated_at)
SELECT concat('l', n, '@d', n % 5000, '.example'), n::text,
       (ARRAY['website', 'webinar', 'event', 'content_syndication', NULL])[1 + n % 5], (ARRAY['A', 'B', 'C',
       'D'])[1 + n % 4],
       began, began, began
FROM (SELECT n, AT(n) AS began FROM generate_series(1, LEADS) n) u;
INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, created_at FROM lead;
INSERT INTO cycle (lead_id, n, started_at, reason, refused_by)
SELECT id, 2, created_at + interval '20 days', (ARRAY['not_ready', 'no_budget'])[1 + id % 2],
       'rep' FROM lead WHERE id % 5 = 0;
INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at)
SELECT id, 1, (ARRAY['not-ready', 'no-budget', 'long-term'])[1 + id % 3], 1, 'ended', created_at + interval '1 day'
FROM lead WHERE id % 10 < 8;
INSERT INTO stage_change (lead_id, at, cycle, before, after, because)
SELECT id, created_at + interval '1 day', 1, 'inquiry', 'nurture', '' FROM lead WHERE id % 10 < 8;
INSERT INTO handoff (lead_id, cycle, state, grade, score_micro, because, owner, offered_at, accept_due_at,
       attempt_due_at,
                     accepted_at, qualified_at, closed_at, reason)
SELECT n * (LEADS / HANDOFFS), 1, (ARRAY['won', 'lost', 'rejected', 'returned', 'rejected'])[1 + n % 5],
       (ARRAY['A', 'B', 'C', 'D'])[1 + n % 4], 1, '', concat('rep', n % 50), at, at + interval '4 hours',
       at + interval '1 day', CASE WHEN n % 5 < 2 THEN at + interval '3 hours' END, NULL, at + interval '20 days',
       'not_ready'
FROM (SELECT n, AT(n) + interval '40 days' AS at FROM generate_series(1, HANDOFFS) n) u;
INSERT INTO attempt (handoff_id, kind, outcome, at, by)
SELECT id, 'call', 'not_reached', offered_at + interval '5 hours' * k, 'rep' FROM handoff, generate_series(1, 3) k;
INSERT INTO breach (handoff_id, promise, rung, action, due_at, at, owner)
SELECT id, 'accept', 1, 'remind', accept_due_at, accept_due_at, owner FROM handoff WHERE id % 5 = 0;
INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, variant, template, state, slot_at, slot_until,
                      local_on, zone, queued_at, sending_at, sent_at, message_id)
SELECT n % LEADS + 1, 1, (ARRAY['not-ready', 'no-budget', 'long-term'])[1 + n % 3], concat('step-', n / LEADS), 1,
       NULL, 'a/b', CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'sent' END, at, at, date '2000-01-01' + (n / LEADS)::int,
       'UTC', at, at,
       CASE WHEN n % 50 > 0 THEN at + interval '10 seconds' END, n::text
FROM (SELECT n, AT(n) AS at FROM generate_series(1, MAILS) n) u;
INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, verdict, delivery_id, path, occurred_at,
       received_at)
SELECT date_trunc('month', at)::date, 'bench', n::text, md5(n::text)::uuid, n % LEADS + 1,
       CASE WHEN n % 2 = 0 THEN 'click' ELSE 'page' END, CASE WHEN n % 3 = 0 THEN 'automated' ELSE 'human' END,
       CASE WHEN n % 2 = 0 THEN n % MAILS + 1 END, '/pricing', at, at
FROM (SELECT n, AT(n) AS at FROM generate_series(1, EVENTS) n) u;
INSERT INTO mail_report (provider, event_id, seen, type, at, received_at, lead_id, delivery_id, severity)
SELECT 'postmark', id::text, id::text::bytea, CASE WHEN id % 40 = 0 THEN 'bounced' ELSE 'delivered' END, slot_at,
       slot_at,
       lead_id, id, CASE WHEN id % 40 = 0 THEN 'hard' END
FROM delivery WHERE id % 2 = 0;
INSERT INTO suppression_change (address_hash, what, reason, why, at)
SELECT sha256(id::text::bytea), 'suppressed', 'unsubscribed', concat('one click, delivery ', id), slot_at
FROM delivery WHERE id % 100 = 0
"""


REFERENCES = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
WHERE contype = 'f' AND conparentid = 0
"""
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
WHERE indrelid IN ('delivery'::regclass, 'event'::regclass, 'mail_report'::regclass, 'lead'::regclass)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def fill(engine: Engine, **numbers: int) -> None:
    """Write it all, as fast as PostgreSQL takes it: nobody looks whether what is referred to is there."""
    at = f"timestamptz '{NOW}' - interval '1 second' * (n::bigint * 7919 % {DAYS * 86400})"
    script = FILL.replace("AT(n)", at)
    for name, number in numbers.items():
        script = script.replace(name.upper(), str(number))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        for drop in db.execute(text(REFERENCES)).scalars().all():
            db.exec_driver_sql(drop)
        indexes = db.execute(text(INDEXES)).all()
        for index in indexes:
            db.exec_driver_sql(f"DROP INDEX {index.name}")
        for statement in script.split(";\n"):
            began = time.perf_counter()
            db.exec_driver_sql(statement.replace("%", "%%"))
            print(f"{time.perf_counter() - began:7.1f} s  {' '.join(statement.split())[:60]}", flush=True)
        began = time.perf_counter()
        db.exec_driver_sql("SET maintenance_work_mem = '1GB'")
        for index in indexes:
            db.exec_driver_sql(index.made)
        db.exec_driver_sql("VACUUM ANALYZE")
        print(f"{time.perf_counter() - began:7.1f} s  indexes, statistics", flush=True)


def explained(app: App, name: str) -> None:
    """Print the plan of each statement that the report asks."""

    def explain(connection: Connection, cursor: object, statement: str, values: object, *_: object) -> None:
        if " OFFSET 0) f GROUP BY" in statement and not statement.startswith("EXPLAIN"):
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS OFF) {statement}", values).scalars()
            print("\n".join(plan))

    event.listen(app.engine, "before_cursor_execute", explain)
    REPORTS[name](app, since=None, until=None, now=NOW)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    for name, number in (("leads", 1_000_000), ("handoffs", 100_000), ("mails", 2_000_000), ("events", 3_000_000)):
        asked.add_argument(f"--{name}", type=int, default=number)
    asked.add_argument("--explain", choices=list(REPORTS))
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as made, local_servers(Path(made) / "data", linger=False) as servers:
        root = write_workspace(Path(made) / "workspace")
        settings = read_settings({
            "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "NURTURE_WORKSPACE": str(root),
            "SECRET_KEY": "a secret for measuring that is long enough", "MAIL_URL": "smtp://127.0.0.1:1",
        })  # fmt: skip
        with open_app(settings) as app:
            upgrade(app.engine)
            fill(app.engine, leads=given.leads, handoffs=given.handoffs, mails=given.mails, events=given.events)
            if given.explain:
                explained(app, given.explain)
                return
            measure(app)


def measure(app: App) -> None:
    """Ask for each report over everything, and over the last week."""
    for name, make in REPORTS.items():
        times = []
        for since in (None, NOW - timedelta(days=7)):
            began = time.perf_counter()
            report = make(app, since=since, until=None, now=NOW)
            times.append(time.perf_counter() - began)
        print(f"{name:10} all {times[0]:6.2f} s, a week {times[1]:6.2f} s, {len(report.rows)} rows", flush=True)


if __name__ == "__main__":
    main()
