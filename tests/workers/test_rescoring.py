"""A changed agreement, from the clock that adopts it to the last lead."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.flows.rescore import AGREEMENT, rescore
from nurture.store import set_aside
from nurture.store.set_aside import WAITS
from tests.flows.apps import add_lead, make_app, one, page
from tests.rules.examples import AGREEMENT as EXAMPLE
from tests.rules.lives import book_of
from tests.workers.processes import clock, wait_for, worker, write_workspace
from workers.clock import Clock


def release(engine: Engine, db_url: str, root: Path, **agreement: Any) -> App:
    app = make_app(engine, db_url, root, book_of(**agreement))
    app.workspace.versions[AGREEMENT] = repr(agreement)
    return app


def nudged(app: App) -> set[str]:
    said: list[str] = app.nudge.__self__  # type: ignore[attr-defined]
    found = set(said)
    said.clear()
    return found


def test_the_clock_calls_for_workers_until_all_leads_follow_the_agreement(
    clean_db: Engine, db_url: str, tmp_path: Path
) -> None:
    first = release(clean_db, db_url, tmp_path)
    clock = Clock(first)
    clock.tick()
    clock.give_up()
    assert "rescore" not in nudged(first)
    add_lead(first)
    ingest(first, [page("/prices")], first.now())

    priced = EXAMPLE["signals"]["pricing_page"] | {"when": {"page": "/prices"}}
    second = release(clean_db, db_url, tmp_path, signals=EXAMPLE["signals"] | {"pricing_page": priced})
    clock = Clock(second)
    clock.tick()
    assert "rescore" in nudged(second)
    clock.tick()  # the courier has lost it; the walk is still there
    assert "rescore" in nudged(second)
    assert rescore(first, first.now()).leads == 0, "a worker with other files does nothing"
    while rescore(second, second.now()).more:
        pass
    clock.tick()
    assert "rescore" not in nudged(second)
    assert one(second, "SELECT micro FROM lead_score") == 20_000_000


def test_a_score_that_could_not_be_worked_out_is_tried_again_by_the_workers(
    clean_db: Engine, db_url: str, redis_url: str, tmp_path: Path
) -> None:
    lead_id = add_lead(release(clean_db, db_url, tmp_path))
    with transaction(clean_db) as db:
        now = db.execute(text("SELECT now()")).scalar_one()
        set_aside.put(db, "score", lead_id, lead_id, "a reason", now - WAITS[0])
    variables = {
        "DATABASE_URL": db_url, "REDIS_URL": redis_url, "MAIL_URL": "smtp://127.0.0.1:1",
        "NURTURE_WORKSPACE": str(write_workspace(tmp_path / "workspace")),
        "SECRET_KEY": "a secret for tests that is long enough",
    }  # fmt: skip
    with clock(variables), worker(variables):
        wait_for(lambda: _set_aside(clean_db) == 0, of="working the score out anew")


def _set_aside(engine: Engine) -> int:
    with transaction(engine) as db:
        return int(db.execute(text("SELECT count(*) FROM set_aside")).scalar_one())
