"""A lead whose score could not be worked out anew: it is seen, comes again by itself or on demand, holds up nobody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.flows.adopt import adopt
from nurture.flows.advance import advance
from nurture.flows.recompute import recompute
from nurture.flows.retry import retry
from nurture.flows.score_again import score_again
from nurture.store import agenda, set_aside, stuck
from nurture.store.set_aside import WAITS
from tests.flows.apps import add_lead, make_app, one, rows
from tests.flows.test_rescore import DEAR, FIT, PRICES, leads_with_a_poisoned_one, release, signals, walked
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of

__all__ = ["release"]

POISON = "UPDATE lead SET attributes = '[1, 2]' WHERE id = %(id)s"
DEAR_MICRO = 1_000_000_000


def mend(app: App, lead_id: int) -> None:
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead SET attributes = '{}' WHERE id = %s", (lead_id,))


def score_of(app: App, lead_id: int) -> Any:
    return one(app, "SELECT micro FROM lead_score WHERE lead_id = :id", id=lead_id)


def seen(app: App, now: datetime = NOW) -> list[str]:
    """What `nurture queue` lists."""
    with transaction(app.engine) as db:
        return [found.id for found in stuck.stuck(db, now)]


def asked_for(app: App, now: datetime) -> list[str]:
    """What the clock tells the workers of."""
    with transaction(app.engine) as db:
        return agenda.waiting(db, now)


@pytest.fixture
def failed(release: Callable[..., App]) -> tuple[App, int]:
    """A process whose agreement all leads follow but one, of which nothing could be worked out; and that lead."""
    before = release()
    adopt(before, NOW)
    lead_id = leads_with_a_poisoned_one(before, POISON)
    after = release(signals=DEAR, fit=FIT)
    adopt(after, NOW)
    walked(after, most=5)
    return after, lead_id


def test_a_lead_that_waits_for_nothing_is_seen_with_the_reason(failed: tuple[App, int]) -> None:
    app, lead_id = failed
    with transaction(app.engine) as db:
        db.exec_driver_sql("DELETE FROM enrollment")
    assert seen(app) == [f"score:{lead_id}"]
    with transaction(app.engine) as db:
        found = stuck.find(db, "score", lead_id, NOW)
    assert found is not None
    assert (found.state, found.tries, found.again_at, found.may_retry) == ("set aside", 1, NOW + WAITS[0], True)
    assert found.reason
    assert found.about == "score to be worked out anew"


def test_its_campaign_goes_on_with_the_score_as_it_was(failed: tuple[App, int]) -> None:
    app, _ = failed
    assert {row.due_at for row in rows(app, "SELECT due_at FROM enrollment")} == {NOW}, "as the new files asked for"
    assert advance(app, NOW, most=20).leads == 9


def test_a_retry_works_the_score_out_anew(failed: tuple[App, int]) -> None:
    app, lead_id = failed
    mend(app, lead_id)
    assert score_of(app, lead_id) != DEAR_MICRO
    retry(app, "score", lead_id, now=NOW)
    assert app.nudge.__self__[-1] == "rescore"  # type: ignore[attr-defined]
    assert "rescore" in asked_for(app, NOW)
    done = score_again(app, NOW)
    assert (done.leads, done.more) == (1, False)
    assert score_of(app, lead_id) == DEAR_MICRO
    assert seen(app) == []
    assert rows(app, "SELECT * FROM set_aside") == []
    assert "rescore" not in asked_for(app, NOW + timedelta(days=30))
    with pytest.raises(NotFound):
        retry(app, "score", lead_id, now=NOW)


def test_it_comes_again_by_itself_and_later_each_time_that_it_fails(failed: tuple[App, int]) -> None:
    app, lead_id = failed
    now = NOW
    for tries, wait in enumerate((*WAITS, WAITS[-1]), 1):
        assert rows(app, "SELECT tries, again_at FROM set_aside") == [(tries, now + wait)]
        assert "rescore" not in asked_for(app, now + wait - timedelta(seconds=1))
        assert score_again(app, now + wait - timedelta(seconds=1)).leads == 0
        now += wait
        assert "rescore" in asked_for(app, now)
        assert score_again(app, now).leads == 1
        assert "rescore" not in asked_for(app, now)
    assert one(app, "SELECT since FROM set_aside") == NOW
    assert app.meters.counts()["set_aside", "score"] == 1 + len(WAITS) + 1
    mend(app, lead_id)
    score_again(app, now + WAITS[-1])
    assert score_of(app, lead_id) > DEAR_MICRO / 2, "what it did is some days old by now"
    assert seen(app) == []


def test_one_that_fails_again_keeps_no_other_from_coming_again(failed: tuple[App, int]) -> None:
    app, lead_id = failed
    others = [row.id for row in rows(app, "SELECT id FROM lead WHERE id <> :id ORDER BY id LIMIT 3", id=lead_id)]
    with transaction(app.engine) as db:
        for other in others:
            set_aside.put(db, "score", other, other, "a reason", NOW)
        db.exec_driver_sql("UPDATE lead_score SET micro = 7 WHERE lead_id = ANY(%s)", (others,))
    later = NOW + WAITS[0]
    assert [(done := score_again(app, later, most=2)).leads, done.more] == [2, True]
    assert [(done := score_again(app, later, most=2)).leads, done.more] == [2, True]
    assert [(done := score_again(app, later, most=2)).leads, done.more] == [0, False]
    assert seen(app, later) == [f"score:{lead_id}"]
    assert {score_of(app, other) for other in others} == {DEAR_MICRO}


def test_a_recompute_that_succeeds_for_it_ends_it(failed: tuple[App, int]) -> None:
    app, lead_id = failed
    mend(app, lead_id)
    recompute(app, NOW, tell=lambda *_: None, most=5)
    assert seen(app) == []
    assert score_of(app, lead_id) == DEAR_MICRO


def test_an_agreement_that_changes_once_more_ends_it(failed: tuple[App, int], release: Callable[..., App]) -> None:
    _, lead_id = failed
    after = release(signals=DEAR)
    mend(after, lead_id)
    adopt(after, NOW)
    walked(after, most=5)
    assert seen(after) == []
    assert score_of(after, lead_id) == DEAR_MICRO


def test_what_was_not_counted_for_it_is_counted_before_it_counts_as_done(release: Callable[..., App]) -> None:
    """Its events could not be read when everybody was counted by a new matcher; to score it alone would hide that."""
    before = release()
    adopt(before, NOW)
    lead_id = leads_with_a_poisoned_one(before, POISON)
    after = release(signals=signals(pricing_page={**PRICES, "when": {"page": "/pricing"}}), fit=FIT)
    adopt(after, NOW)
    walked(after)
    with transaction(after.engine) as db:
        db.exec_driver_sql("DELETE FROM signal_day WHERE lead_id = %s", (lead_id,))
    mend(after, lead_id)
    recompute(after, NOW, tell=lambda *_: None)
    assert score_of(after, lead_id) == 20_000_000
    assert seen(after) == []


def test_a_worker_of_another_release_leaves_it_to_those_with_the_adopted_files(
    failed: tuple[App, int], release: Callable[..., App]
) -> None:
    app, lead_id = failed
    mend(app, lead_id)
    assert score_again(release(), NOW + WAITS[0]).leads == 0
    assert score_of(app, lead_id) != DEAR_MICRO
    assert score_again(app, NOW + WAITS[0]).leads == 1
    assert score_of(app, lead_id) == DEAR_MICRO


@pytest.mark.parametrize("asks", [True, False])
def test_a_campaign_that_asks_for_the_score_is_decided_again_once_it_is_there(
    clean_db: Engine, db_url: str, tmp_path: Path, *, asks: bool
) -> None:
    by_score = campaign_of(exit=[{"when": "lead.score >= 1000", "reason": "hot"}])
    app = make_app(clean_db, db_url, tmp_path, book_of(by_score) if asks else book_of())
    lead_id = add_lead(app)
    due_at = one(app, "SELECT due_at FROM enrollment")
    with transaction(app.engine) as db:
        set_aside.put(db, "score", lead_id, lead_id, "a reason", NOW)
    later = NOW + WAITS[0]
    assert score_again(app, later).leads == 1
    assert one(app, "SELECT due_at FROM enrollment") == (later if asks else due_at)


def test_what_can_be_done_for_it_is_done_though_not_all_can(failed: tuple[App, int]) -> None:
    """It cannot be graded; its score can be worked out, but it is not said to be mended."""
    app, lead_id = failed
    before = score_of(app, lead_id)
    recompute(app, NOW, tell=lambda *_: None, most=5)
    assert before < score_of(app, lead_id) == DEAR_MICRO
    assert seen(app) == [f"score:{lead_id}"]
    assert one(app, "SELECT tries FROM set_aside") == 2
