"""Sixteen writers at once, the same leads in all their batches: no count lost, nobody missed, nobody offered twice."""

import random
from collections import Counter
from functools import partial

import pytest

from nurture.app import App
from nurture.flows import ingest as flow
from nurture.flows.ingest import ingest
from tests.flows.apps import add_lead, page, rows
from tests.flows.posting import LEADS, address, at_once, batches, check, made
from tests.rules.examples import NOW


def watched(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a transaction was in the way of another, by SQLSTATE."""
    met = Counter[str]()
    judge = flow.is_deadlock_or_serialization

    def noted(error: BaseException) -> bool:
        met[getattr(getattr(error, "orig", None), "sqlstate", type(error).__name__)] += 1
        return judge(error)

    monkeypatch.setattr(flow, "is_deadlock_or_serialization", noted)
    return met


def post_all(app: App, seed: int, *, each: int, most: int, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Post everything and check what came of it; gives how often a transaction was in the way of another."""
    chance, met = random.Random(seed), watched(monkeypatch)
    for lead in range(LEADS):
        add_lead(app, address(lead))
    told = made(chance, LEADS, each)
    jobs = [lambda batch=batch: ingest(app, batch, NOW) for batch in batches(chance, told.events, most)]
    assert at_once(jobs) == []
    check(app, told, channels=len(app.channels))
    return met


def test_writers_of_the_same_leads_lose_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    met = post_all(app, 1, each=8, most=40, monkeypatch=monkeypatch)
    assert not met["40P01"], "a deadlock"


def test_the_same_strangers_sent_in_any_order_meet_no_deadlock(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    met = watched(monkeypatch)
    for n in range(2):
        views = [page("/blog", anonymous_id=f"stranger-{n}-{view}") for view in range(300)]
        jobs = [partial(ingest, app, random.Random(seed).sample(views, len(views)), NOW) for seed in range(8)]
        assert at_once(jobs) == []
    assert not met["40P01"], "a deadlock"
    assert rows(app, "SELECT count(*), count(lead_id) FROM event") == [(600, 0)]


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2, 6))
def test_writers_of_the_same_leads_lose_nothing_for_long(app: App, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    met = post_all(app, seed, each=80, most=[1, 12, 100, 400][seed - 2], monkeypatch=monkeypatch)
    assert not met["40P01"], "a deadlock"
