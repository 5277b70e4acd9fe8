"""Nurture as it is measured: the shipped workspace on the servers of the bench, its clock standing still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from bench.servers import Servers
from nurture.app import App, open_app
from nurture.interpreter import settle_in
from nurture.settings import read_settings
from workers.clock import Clock

ROOT = Path(__file__).parents[1]
TUESDAY = datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
"""Half past nine in Chicago: the window of the shipped campaign has just opened."""


def environment(servers: Servers, **more: str) -> dict[str, str]:
    """What a process of ours is told: `web`, `worker` and `clock` take the same."""
    return servers.environment() | {
        "SECRET_KEY": "a secret for measuring that is long enough", "NURTURE_WORKSPACE": str(ROOT),
        "MAIL_URL": "smtp://127.0.0.1:1", "LOG_LEVEL": "warning", **more,
    }  # fmt: skip


@contextmanager
def product(servers: Servers, now: datetime | None = TUESDAY, **more: str) -> Iterator[App]:
    """An app in this process, its clock standing still (None: the machine's own); `more` are variables."""
    with open_app(read_settings(environment(servers, **more))) as app:
        settle_in()  # as every process of ours does
        yield app if now is None else replace(app, now=lambda: now)


def first_tick(app: App) -> None:
    """What a clock does first: take over the agreement, make the months that come. Another may lead at once."""
    clock = Clock(app)
    clock.tick()
    clock.give_up()


def tidy(engine: Engine, *tables: str) -> None:
    """Leave no work for later, of these tables or of all: dead rows, statistics, what waits to be written to disk."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql(f"VACUUM ANALYZE {', '.join(tables)}")
        if db.exec_driver_sql("SELECT pg_has_role('pg_checkpoint', 'USAGE')").scalar():
            db.exec_driver_sql("CHECKPOINT")
