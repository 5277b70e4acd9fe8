"""What more months of events cost: a request's batch, the same again, a visitor who becomes known, a lead's time line.

python -m bench.months [EVENTS A MONTH] — on embedded PostgreSQL (fsync on) with the shipped workspace, over 3, 36 and
120 months of that many events each, 10,000 where nothing is said. Prints the median milliseconds of each.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from nurture.app import App, open_app
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.local.servers import local_servers
from nurture.segment.event import IncomingEvent
from nurture.settings import read_settings
from nurture.store import leads
from nurture.store.migrate import upgrade
from nurture.store.partitions import make_months, months, months_from

NOW = datetime(2026, 3, 15, 15, 30, tzinfo=UTC)
STEPS = (3, 36, 120)
TURNS = 30

FILL = text(
    """
    INSERT INTO event (month, source, message_id, message_md5, anonymous_id, lead_id, kind, path, occurred_at,
                       received_at)
    SELECT month, 'bench', id, CAST(md5(id) AS uuid), 'visitor' || n % 5000,
           CASE WHEN n % 20 = 0 THEN 1 + n / 20 % 500 END, 'page', '/pricing', at, at
    FROM generate_series(1, CAST(:count AS int)) AS n CROSS JOIN LATERAL (
        SELECT CAST(:month AS date) AS month, CAST(:month AS text) || '-' || n AS id,
               CAST(:month AS timestamptz) + make_interval(mins => n) AS at
    ) AS its
    """
)


def main() -> None:
    """Fill more and more months, and measure after each step."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as data,
        local_servers(Path(data), linger=False) as servers,
    ):
        environment = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "SECRET_KEY": "x" * 32}
        with open_app(read_settings(environment)) as app:
            upgrade(app.engine)
            with transaction(app.engine) as db:
                leads.insert(db, [{"email": f"lead{n}@buyer.example"} for n in range(1, 501)], NOW)
            for step in STEPS:
                _fill(app, step, count)
                _measure(app, step, count)


def _fill(app: App, step: int, count: int) -> None:
    wanted = months_from(NOW.date() - timedelta(days=30 * step + 30), NOW.date())[-step:]
    with transaction(app.engine) as db:
        new = [month for month in wanted if month not in months(db)]
    make_months(app.engine, new, tries=20)
    for month in new:
        with transaction(app.engine) as db:
            db.execute(FILL, {"month": month, "count": count})
    with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE event"))


def _measure(app: App, step: int, count: int) -> None:
    turn = iter(range(10**9))
    batches: list[list[IncomingEvent]] = []

    def new() -> None:
        batches.append([_page(f"{step}-{next(turn)}", f"lead{n}@buyer.example") for n in range(1, 101)])
        ingest(app, batches[-1], NOW)

    def again() -> None:
        ingest(app, batches[-1], NOW)

    def known() -> None:
        number = next(turn)
        event = _page(
            f"{step}-{number}", f"lead{number % 500 + 1}@buyer.example", f"visitor{(step * 37 + number) % 5000}"
        )
        ingest(app, [event], NOW)

    def seen() -> None:
        with transaction(app.engine) as db:
            leads.events_of(db, next(turn) % 500 + 1, 15)

    told = {"100 new events": new, "the same again": again, "a visitor known": known, "a time line": seen}
    figures = ", ".join(f"{what} {_median(do):.1f} ms" for what, do in told.items())
    print(f"{step} months of {count:,} events: {figures}", flush=True)


def _median(do: Callable[[], None]) -> float:
    times = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        do()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def _page(message: str, email: str, visitor: str | None = None) -> IncomingEvent:
    times = {"occurred_at": NOW, "received_at": NOW, "client_at": NOW}
    return IncomingEvent(message, "page", source="bench", email=email, anonymous_id=visitor, path="/blog", **times)


if __name__ == "__main__":
    main()
