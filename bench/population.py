"""A database in the midst of its life: leads in a campaign, mails behind them, events of half a year. Made in sets.

Every lead has an enrollment that is due some days from now, the same number of mails behind it, a browser, counts and a
score; what two sizes differ in is nothing but the number of leads and events.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from bench.product import TUESDAY, tidy
from nurture.store.partitions import make_months, months_from

SINCE = timedelta(days=78)
"""So long ago the leads came, and were enrolled."""
MONTHS = timedelta(days=185)
"""So far back go the events; those of the current month are yet to come."""
MAILS = (("questions", 7), ("proof", 14), ("roi", 21), ("timing", 28))
"""Steps that everybody has had, and how many days after they came."""

_LEADS = """
    INSERT INTO lead (email, key, first_name, last_name, company, title, country, employees, timezone, industry, stage,
                      grade, cycle_started_at, created_at, updated_at)
    SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead', 'No. ' || n, 'Buyer ' || n / 2,
           'VP Operations', 'US', 200 + n % 1000, 'America/Chicago',
           (ARRAY['manufacturing', 'logistics', 'retail'])[1 + n % 3], 'nurture', 'A', :began, :began, :began
    FROM generate_series(1, CAST(:leads AS int)) AS n ORDER BY n
"""
_ALL = (
    "INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, :began FROM lead ORDER BY id",
    """
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'not-ready', 1, 'active', :began, CAST(:now AS timestamptz) + interval '1 day' * (1 + id % 6)
    FROM lead ORDER BY id
    """,
    """
    INSERT INTO identity (kind, value, lead_id, since) SELECT 'anonymous', 'browser-' || id, id, :began
    FROM lead ORDER BY id
    """,
    "INSERT INTO lead_score (lead_id, cycle, day, micro) SELECT id, 1, CAST(:now AS date), 3000000 FROM lead",
    """
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT id, 1, matcher, CAST(:now AS date) - 5 - CAST(id % 40 AS int), 1
    FROM lead CROSS JOIN unnest(CAST(:matchers AS text[])) AS m(matcher) ORDER BY id
    """,
    """
    INSERT INTO stage_change (lead_id, at, cycle, before, after, because)
    SELECT id, :began, 1, 'inquiry', 'nurture', '' FROM lead ORDER BY id
    """,
    """
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until, local_on,
                          zone, tries, message_id, queued_at, sending_at, sent_at)
    SELECT e.lead_id, e.id, 'not-ready', step, 1, 'not-ready/' || step, 'sent', at, at + interval '2 hours',
           CAST(at AS date), 'America/Chicago', 1, '<' || e.id || '.' || step || '@acme.example>', at, at, at
    FROM enrollment e CROSS JOIN LATERAL (
        SELECT step, days,
               CAST(:began AS timestamptz) + interval '1 day' * days + interval '1 second' * (e.id % 9000) AS at
        FROM unnest(CAST(:steps AS text[]), CAST(:days AS int[])) AS had(step, days)) AS mail
    ORDER BY mail.days, e.lead_id
    """,
)
_MONTH = """
    INSERT INTO event (month, source, message_id, message_md5, lead_id, anonymous_id, kind, path, properties,
                       occurred_at, received_at)
    SELECT CAST(:month AS date), 'bench', id, CAST(md5(id) AS uuid), lead_id, 'browser-' || lead_id, 'page',
           (ARRAY['/', '/features', '/pricing', '/blog/why-now'])[1 + n % 4], '{"title": "Acme"}', at, at
    FROM (
        SELECT n, CAST(:month AS text) || '-' || n AS id, 1 + CAST(n AS bigint) * 7919 % :leads AS lead_id,
               CAST(:month AS timestamptz) + interval '28 days' * n / CAST(:events AS float8) AS at
        FROM generate_series(1, CAST(:events AS int)) AS n
    ) AS made
"""
_INDEXES = text(
    """
    SELECT indexrelid::regclass::text AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS made
    FROM pg_index
    WHERE indrelid IN ('delivery'::regclass, 'event'::regclass, 'enrollment'::regclass)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    """
)


def populate(engine: Engine, leads: int, events: int, matchers: list[str], now: datetime = TUESDAY) -> None:
    """Fill an empty database; its indexes are made afterwards, its statistics are as they should be."""
    *past, current = months_from((now - MONTHS).date(), now.date())
    make_months(engine, [*past, current], tries=20)
    values = {"leads": leads, "began": now - SINCE, "now": now, "matchers": matchers[:3],
              "steps": [step for step, _ in MAILS], "days": [days for _, days in MAILS]}  # fmt: skip
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        # Nobody looks whether what is referred to is there: it is, and looking takes longer than writing.
        db.exec_driver_sql("SET session_replication_role = replica")
        db.exec_driver_sql("SET maintenance_work_mem = '1GB'")
        indexes = db.execute(_INDEXES).all()
        for index in indexes:
            db.exec_driver_sql(f"DROP INDEX {index.name}")
        for statement in (_LEADS, *_ALL):
            _run(db, statement, values)
        for month in past:
            _run(db, _MONTH, {"month": f"{month}", "leads": leads, "events": events // len(past)})
        for index in indexes:
            db.exec_driver_sql(index.made)
        db.exec_driver_sql("RESET ALL")
    tidy(engine)


def come_due(db: Connection, first: int, last: int, now: datetime = TUESDAY) -> None:
    """Let the enrollments of these leads be due since an hour."""
    values = {"first": first, "last": last, "due": now - timedelta(hours=1)}
    _run(db, "UPDATE enrollment SET due_at = :due WHERE lead_id BETWEEN :first AND :last", values)


def _run(db: Connection, statement: str, values: dict[str, Any]) -> None:
    db.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})
