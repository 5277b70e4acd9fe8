"""Leads a second when scores are worked out for everybody, as after a changed agreement: a million leads.

Each lead has five daily counts within the horizon. The floor sums these counts, unweighted, and stores the sums, in one
statement. A thousand scores are held against the rules. `--set recompute.parts=grades` also grades everybody, `events`
counts anew from the five events of each lead; `--set recompute.leads=100000` takes fewer.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import text

from bench.alone import run_alone
from bench.cpu import postmaster, spent
from bench.measure import Measured, Options, against, by_turns
from bench.product import product, tidy
from bench.servers import servers
from nurture.app import App
from nurture.db import transaction
from nurture.flows.recompute import recompute
from nurture.rules import scoring
from nurture.store.partitions import make_months, months_from
from nurture.store.states import states

NOW = datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
SPAN = 80
"""Days back to which the counts are strewn."""
CHECKED = 1000
LEADS_MADE, QUICK_LEADS = 1_000_000, 1000

FLOOR_TABLE = text("CREATE TABLE floor_score (lead_id bigint PRIMARY KEY, day date NOT NULL, sum bigint NOT NULL)")
FLOOR = text(
    """
    INSERT INTO floor_score (lead_id, day, sum) SELECT lead_id, :today, sum(count) FROM signal_day GROUP BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET day = excluded.day, sum = excluded.sum
    """
)

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


def measure(options: Options) -> Iterable[Measured]:
    """Score everybody again and again, ours and the floor by turns."""
    count = options.number("recompute.leads", LEADS_MADE, QUICK_LEADS)
    parts = [part for part in options.asked.get("recompute.parts", "").split(",") if part]
    costs: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}
    with servers() as them, product(them, NOW) as app:
        fill(app, count, with_events="events" in parts)
        pid = postmaster(app.engine)

        def side(name: str, work: Callable[[], int]) -> float:
            tidy(app.engine)
            scored, took = spent(work, postgres=pid)
            if scored != count:
                raise SystemExit(f"{name}: {scored} of {count} leads were scored")
            costs[name].append(took.micros(count))
            return count / took.seconds

        def again() -> int:
            return recompute(app, NOW, parts=parts, tell=lambda *_: None).leads

        again()  # the first time everything is written, and matchers are made
        with transaction(app.engine) as db:
            db.execute(FLOOR_TABLE)
        sides = {"ours": lambda: side("ours", again), "floor": lambda: side("floor", lambda: _sums(app))}
        found = by_turns(sides, options.runs)
        if wrong := held(app):
            raise SystemExit(f"of {CHECKED} scores {wrong} are not those of the rules")
    middle = {name: {of: median(one[of] for one in many) for of in many[0]} for name, many in costs.items()}
    yield against("recompute", found["ours"], found["floor"], "leads/s", more={"leads": count, "us_cpu_a_lead": middle})


def _sums(app: App) -> int:
    with transaction(app.engine) as db:
        return db.execute(FLOOR, {"today": NOW.date()}).rowcount


if __name__ == "__main__":
    run_alone(measure, __doc__)
