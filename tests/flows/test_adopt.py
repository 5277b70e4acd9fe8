"""Changed files: whom they concern is decided again, and nobody waits for anybody in a ring."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from nurture.app import App
from nurture.db import transaction
from nurture.flows import adopt as adopting
from nurture.flows.adopt import AGREEMENT, adopt
from nurture.flows.ingest import ingest
from nurture.flows.rescore import rescore
from nurture.store import set_aside
from tests.flows.apps import add_lead, make_app, one, page, rows
from tests.rules.examples import AGREEMENT as EXAMPLE
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of

CAMPAIGN = "campaigns/not-ready.yaml"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def of_release(app: App, name: str) -> App:
    return replace(app, workspace=replace(app.workspace, versions={CAMPAIGN: name, AGREEMENT: "1"}))


def until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def look_at(db: Connection, lead_id: int) -> None:
    """What whoever changes a lead does: it locks it, and writes its enrollment."""
    db.exec_driver_sql("SELECT FROM lead WHERE id = %s FOR NO KEY UPDATE", (lead_id,))
    db.exec_driver_sql("UPDATE enrollment SET due_at = due_at WHERE lead_id = %s", (lead_id,))


@pytest.mark.parametrize("woken", ["by a campaign", "for they were set aside"])
def test_adopting_waits_for_leads_in_the_order_in_which_all_lock_them(app: App, woken: str) -> None:
    """Somebody has the first lead, and wants the second: adopting must not have that one and wait for the first."""
    first, second = add_lead(app), add_lead(app, "bo@buyer.example")
    adopt(of_release(app, "1"), NOW)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE enrollment SET due_at = due_at WHERE lead_id = %s", (first,))  # it lies behind now
        if woken != "by a campaign":
            for lead_id in (second, first):
                set_aside.put(db, "lead", lead_id, lead_id, "poison", NOW)
            db.exec_driver_sql("UPDATE enrollment SET campaign = 'another'")
    with ThreadPoolExecutor(1) as pool:
        with transaction(app.engine) as db:
            look_at(db, first)
            done = pool.submit(adopt, of_release(app, "2"), NOW)
            until(lambda: one(app, WAITS) == 1)
            look_at(db, second)
        assert done.result().files == (CAMPAIGN,)
    assert rows(app, "SELECT DISTINCT due_at FROM enrollment") == [(NOW,)]


def test_whoever_dies_while_leads_are_woken_does_it_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [add_lead(app, f"lead{number}@buyer.example") for number in range(5)]
    adopt(of_release(app, "1"), NOW)
    monkeypatch.setattr(adopting._wake, "__kwdefaults__", {"most": 2})
    wake, batches = adopting.due.wake, []

    def die_at_the_second(*args: object) -> int:
        batches.append(True)
        if len(batches) == 2:
            raise KeyboardInterrupt
        return wake(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(adopting.due, "wake", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        adopt(of_release(app, "2"), NOW)
    assert one(app, "SELECT count(*) FROM enrollment WHERE due_at = :now", now=NOW) == 2
    assert adopt(of_release(app, "2"), NOW).woken == len(ids)
    assert adopt(of_release(app, "2"), NOW).woken == 0


def test_whose_score_is_another_is_decided_again_once_it_is_known(clean_db, db_url, tmp_path) -> None:
    """A batch at a time, with their locks, not all of them at once when the last one has been counted."""
    asks = campaign_of(exit=[{"when": "lead.score >= 1000", "reason": "hot"}])
    before = make_app(clean_db, db_url, tmp_path, book_of(asks))
    adopt(before, NOW)
    for number in range(3):
        add_lead(before, f"lead{number}@buyer.example")
    ingest(before, [page("/prices", email="lead1@buyer.example")], NOW)
    prices = {"when": {"page": "/prices*"}, "points": 20}
    after = make_app(clean_db, db_url, tmp_path, book_of(asks, signals=EXAMPLE["signals"] | {"pricing_page": prices}))
    after.workspace.versions[AGREEMENT] = "2"
    adopt(after, NOW)
    with transaction(after.engine) as db:
        db.exec_driver_sql("UPDATE enrollment SET due_at = NULL")
    woken = []
    while rescore(after, NOW, most=2).more:
        woken.append(one(after, "SELECT count(*) FROM enrollment WHERE due_at = :now", now=NOW))
    assert woken == [0, 0, 0, 2, 3]
    assert one(after, "SELECT count(*) FROM walk") == 0
