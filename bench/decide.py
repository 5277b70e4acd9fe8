"""What deciding costs: leads whose time has come taken through the rules, their mails written, their next times set.

python -m bench.decide — in this process, through the flow that workers call, against a floor of one statement a batch:
it claims as many leads, writes as many mails, moves as many times, and decides nothing. Both in the same database, each
on leads of its own. The leads are in the midst of the shipped campaign: two mails behind them, some have visited pages.
What counts is CPU, ours and PostgreSQL's together; leads a second stand beside it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import text

from bench import counters, cpu
from bench.alone import run_alone
from bench.measure import Measured, Options, Target, against, alone, by_turns
from bench.product import TUESDAY, product, tidy
from bench.servers import servers
from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.store.partitions import make_months, months_from

BATCH = 500
MICROSECONDS = "µs CPU a lead"
RATE = "leads/s"
PYTHON_AT_MOST = 150
BEGAN = datetime(2026, 2, 10, 15, tzinfo=UTC)
"""When the leads were enrolled: three weeks ago."""

LEADS = text(
    """
    WITH made AS (
        INSERT INTO lead (email, key, first_name, last_name, company, title, country, employees, timezone, industry,
                          stage, grade, cycle_started_at, created_at, updated_at)
        SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead', 'No. ' || n, 'Buyer ' || n,
               'VP', 'US', 900, (ARRAY['America/Chicago', 'America/New_York', NULL])[1 + n % 3],
               (ARRAY['manufacturing', 'retail', 'software', NULL])[1 + n % 4], 'nurture', 'A', :began, :began, :began
        FROM generate_series(1, CAST(:count AS int)) AS n RETURNING id
    ), cycles AS (
        INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, :began FROM made
    ), enrolled AS (
        INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
        SELECT id, 1, 'not-ready', 1, 'active', :began, NULL FROM made ORDER BY id RETURNING id, lead_id
    )
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until, local_on,
                          zone, queued_at, sent_at)
    SELECT lead_id, id, 'not-ready', step, 1, 'not-ready/' || step, 'sent', at, at + interval '1 hour', at::date,
           'America/Chicago', at, at
    FROM enrolled CROSS JOIN (VALUES ('questions', :began + interval '1 day'), ('proof', :began + interval '8 days'))
        AS had(step, at)
    """
)
VISITS = text(
    """
    INSERT INTO event (month, source, message_id, message_md5, lead_id, kind, path, occurred_at, received_at)
    SELECT date_trunc('month', CAST(:at AS timestamptz))::date, 'bench', id::text, md5(id::text)::uuid, id, 'page',
           '/pricing', :at, :at
    FROM lead WHERE id % 5 = 0
    """
)
COUNTS = text(
    """
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT lead_id, 1, :matcher, CAST(:at AS date), 1 FROM event WHERE lead_id IS NOT NULL
    """
)
COME_DUE = text("UPDATE enrollment SET due_at = :due WHERE lead_id BETWEEN :first AND :last")
WRITTEN = text("SELECT count(*) FROM delivery WHERE lead_id BETWEEN :first AND :last AND state = 'queued'")
FLOOR = text(
    """
    WITH claimed AS (
        UPDATE enrollment SET due_at = :next_at, due_until = :next_until
        WHERE id = ANY(ARRAY(SELECT id FROM enrollment WHERE status <> 'ended' AND due_at <= :now
                             ORDER BY due_at LIMIT :most FOR NO KEY UPDATE SKIP LOCKED))
        RETURNING id, lead_id, campaign, cycle
    )
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, state, slot_at, slot_until, local_on,
                          zone, queued_at)
    SELECT lead_id, id, campaign, 'roi', cycle, 'not-ready/roi', 'queued', :now, :now + interval '1 hour',
           CAST(:now AS date), 'America/Chicago', :now
    FROM claimed
    """
)


def measure(options: Options) -> Iterable[Measured]:
    """CPU a lead, of both processes together; then of this one alone, which has to leave time for sending the mail."""
    leads = options.number("decide", 4000, 500)
    with servers() as them, product(them) as app:
        _fill(app, 2 * (options.runs + 1) * leads)
        turns = _Turns(app, leads)
        sides: dict[str, Callable[[], float]] = {"ours": turns.ours, "floor": turns.floor}
        by_turns(sides, 1)  # the first time around caches are cold, and statements not yet prepared
        turns.taken = {"ours": [], "floor": []}
        totals = by_turns(sides, options.runs)
    ours, floor = turns.taken["ours"], turns.taken["floor"]
    more, target = {"each": _middle(ours), "floor_each": _middle(floor)}, Target(most=PYTHON_AT_MOST, of="ours")
    yield against("decide", totals["ours"], totals["floor"], MICROSECONDS, more=more)
    yield alone("decide.python", [one["here"] for one in ours], MICROSECONDS, target=target)
    yield against("decide.rate", [one[RATE] for one in ours], [one[RATE] for one in floor], RATE)


class _Turns:
    """Every turn of a side has leads of its own, which are due when it begins."""

    def __init__(self, app: App, leads: int) -> None:
        """All leads are there, and none is due."""
        self._app, self._leads = app, leads
        self._server = cpu.postmaster(app.engine)
        self._next = 1
        self.taken: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}

    def ours(self) -> float:
        """Through the flow."""
        return self._turn("ours", _advance_all)

    def floor(self) -> float:
        """By one statement a batch."""
        return self._turn("floor", _floor_all)

    def _turn(self, side: str, work: Callable[[App], int]) -> float:
        engine, which = self._app.engine, {"first": self._next, "last": self._next + self._leads - 1}
        self._next += self._leads
        with transaction(engine) as db:
            db.execute(COME_DUE, {**which, "due": TUESDAY})
        tidy(engine)
        before = counters.work(engine)
        done, spent = cpu.spent(lambda: work(self._app), postgres=self._server)
        asked = (counters.work(engine) - before).per(done)
        with transaction(engine) as db:
            written = db.execute(WRITTEN, which).scalar_one()
        if not done == written == self._leads:
            raise RuntimeError(f"{side}: {done} of {self._leads} leads were taken, {written} mails were written")
        used = spent.micros(done)
        self.taken[side].append({**used, **asked, RATE: round(done / spent.seconds)})
        return sum(used.values())


def _advance_all(app: App) -> int:
    leads = 0
    while (done := advance(app, TUESDAY, most=BATCH)).leads:
        leads += done.leads
    return leads


def _floor_all(app: App) -> int:
    values: dict[str, Any] = {
        "now": TUESDAY, "next_at": TUESDAY + timedelta(days=7), "next_until": TUESDAY + timedelta(days=7, hours=2),
        "most": BATCH,
    }  # fmt: skip
    leads = 0
    while True:
        with transaction(app.engine) as db:
            claimed = db.execute(FLOOR, values).rowcount
        if not claimed:
            return leads
        leads += claimed


def _fill(app: App, count: int) -> None:
    """Leads who had two mails; every fifth has visited a page."""
    visited_at = BEGAN + timedelta(days=5)
    make_months(app.engine, months_from(BEGAN.date(), TUESDAY.date()))
    with transaction(app.engine) as db:
        db.execute(LEADS, {"count": count, "began": BEGAN})
        db.execute(VISITS, {"at": visited_at})
        db.execute(COUNTS, {"at": visited_at, "matcher": min(app.book.matchers)})


def _middle(taken: list[dict[str, float]]) -> dict[str, float]:
    """The medians of everything that was counted."""
    return {name: round(median(one[name] for one in taken), 3) for name in taken[0]}


if __name__ == "__main__":
    run_alone(measure, __doc__)
