"""A changed agreement, from the clock that adopts it to the last lead."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from nurture.app import App
from nurture.flows.ingest import ingest
from nurture.flows.rescore import AGREEMENT, rescore
from tests.flows.apps import add_lead, make_app, one, page
from tests.rules.examples import AGREEMENT as EXAMPLE
from tests.rules.lives import book_of
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
