"""Leads a second when scores are worked out for everybody: from daily counts, from events, and grades by the fit.

python -m bench.recompute [LEADS] [--events] — on embedded PostgreSQL (fsync on) with the shipped workspace. Each lead
has five daily counts within the horizon; with `--events` also the five events they were counted from. Prints leads a
second and the CPU of this process and of its database connection, and holds a thousand scores against the rules.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from nurture.app import App, open_app
from nurture.db import transaction
from nurture.flows.recompute import recompute
from nurture.local.servers import local_servers
from nurture.rules import scoring
from nurture.settings import read_settings
from nurture.store.migrate import upgrade
from nurture.store.partitions import make_months, months_from
from nurture.store.states import states

NOW = datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
SPAN = 80
"""Days back to which the counts are strewn."""
CHECKED = 1000
TICKS = 100
"""Of CPU time, a second (`sysconf`)."""

LEADS = text(
    """
    WITH made AS (
        INSERT INTO lead (email, key, title, country, employees, timezone, industry, stage, grade, cycle_started_at,
                          created_at, updated_at)
        SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example',
               (ARRAY['VP Operations', 'Student', 'Engineer', NULL])[1 + n % 4], (ARRAY['US', 'DE', 'GB'])[1 + n % 3],
               n % 1000, 'America/Chicago', 'manufacturing', 'nurture', 'C', :then, :then, :then
        FROM generate_series(1, :count) AS n RETURNING id
    )
    INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, :then FROM made
    """
)
COUNTS = text(
    """
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT l.id, 1, m.matcher, CAST(:today AS date) - CAST((l.id * 7 + m.n * 13) % :span AS int), 1 + (l.id + m.n) % 4
    FROM lead l CROSS JOIN unnest(CAST(:matchers AS text[])) WITH ORDINALITY AS m(matcher, n)
    """
)
EVENTS = text(
    """
    INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, path, occurred_at, received_at)
    SELECT date_trunc('month', at)::date, 'bench', id, md5(id)::uuid, lead_id, 'page', path, at, at
    FROM (
        SELECT l.id AS lead_id, l.id || '-' || n AS id,
               (ARRAY['/pricing', '/docs/start', '/careers', '/blog/post-' || l.id % 500, '/pricing/eu'])[n] AS path,
               :now - make_interval(days => CAST((l.id * 7 + n * 13) % :span AS int), mins => n) AS at
        FROM lead l CROSS JOIN generate_series(1, 5) AS n
    ) AS made
    """
)


def cpu(app: App) -> tuple[float, float]:
    """Seconds of CPU that this process and its database connection have used."""
    mine = resource.getrusage(resource.RUSAGE_SELF)
    with transaction(app.engine) as db:
        pid = db.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return mine.ru_utime + mine.ru_stime, (int(fields[11]) + int(fields[12])) / TICKS


def measured(app: App, name: str, work: Callable[[], int]) -> None:
    """Do it and say how fast it was."""
    with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM ANALYZE")
    before, began = cpu(app), time.perf_counter()
    leads = work()
    took, after = time.perf_counter() - began, cpu(app)
    mine, its = (1e6 * (b - a) / leads for a, b in zip(before, after, strict=True))
    used = f"CPU a lead {mine:.0f} us here, {its:.0f} us there"
    print(f"{name}: {leads:,} leads in {took:.1f} s, {leads / took:,.0f}/s; {used}")


def held(app: App) -> int:
    """How many of some scores are not those of the rules."""
    with transaction(app.engine) as db:
        ids = list(db.execute(text("SELECT id FROM lead ORDER BY key LIMIT :n"), {"n": CHECKED}).scalars())
        found = db.execute(text("SELECT lead_id, micro FROM lead_score WHERE lead_id = ANY(:ids)"), {"ids": ids})
        stored = {row.lead_id: row.micro for row in found}
        by_rules = {
            s.id: scoring.score(app.book.agreement, s.counts, NOW.date()).micro for s in states(db, app.book, ids, NOW)
        }
    return sum(stored.get(lead_id) != micro for lead_id, micro in by_rules.items())


def fill(app: App, count: int, *, with_events: bool) -> None:
    """Leads and what they did."""
    then = datetime(2025, 11, 1, tzinfo=UTC)
    make_months(app.engine, months_from(then.date(), NOW.date()))
    matchers = sorted(app.book.matchers)[:5]
    with transaction(app.engine) as db:
        db.execute(LEADS, {"count": count, "then": then})
        if with_events:
            db.execute(EVENTS, {"now": NOW, "span": SPAN})
        else:
            db.execute(COUNTS, {"today": NOW.date(), "span": SPAN, "matchers": matchers})


def main(count: int, *, with_events: bool) -> None:
    """Fill a database, then measure."""
    with tempfile.TemporaryDirectory() as data, local_servers(Path(data), linger=False) as servers:
        variables = servers.environment() | {"SECRET_KEY": "x" * 40, "NURTURE_WORKSPACE": "."}
        with open_app(read_settings(variables)) as app:
            upgrade(app.engine)
            began = time.perf_counter()
            fill(app, count, with_events=with_events)
            print(f"{count:,} leads made in {time.perf_counter() - began:.0f} s")

            def work(*parts: str) -> int:
                return recompute(app, NOW, parts=parts, tell=lambda *_: None).leads

            if with_events:
                measured(app, "counted from events for the first time", lambda: work("events"))
                measured(app, "counted from events again", lambda: work("events"))
            measured(app, "scored for the first time", work)
            measured(app, "scored again", work)
            measured(
                app, "scored the day after", lambda: recompute(app, NOW + timedelta(days=1), tell=lambda *_: None).leads
            )
            measured(app, "graded and scored", lambda: work("grades"))
            print(f"of {CHECKED} scores, {held(app)} are not those of the rules")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(numbers[0] if numbers else 100_000, with_events="--events" in sys.argv)
