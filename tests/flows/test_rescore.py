"""A changed agreement: what is counted, graded and scored anew, and what rules meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.flows.adopt import AGREEMENT, adopt
from nurture.flows.enroll import qualify
from nurture.flows.ingest import ingest
from nurture.flows.recompute import recompute
from nurture.flows.recount import recount
from nurture.flows.rescore import rescore
from nurture.rules import scoring
from nurture.store.states import states
from tests.flows.apps import add_lead, make_app, one, page, rows, track
from tests.rules.examples import AGREEMENT as EXAMPLE
from tests.rules.examples import NOW
from tests.rules.lives import book_of

DAY = timedelta(days=1)
MICRO = 1_000_000


@pytest.fixture
def release(clean_db, db_url, tmp_path) -> Callable[..., App]:
    """A process with these sections of the agreement: what a deployment starts."""

    def make(**agreement: Any) -> App:
        app = make_app(clean_db, db_url, tmp_path, book_of(**agreement))
        app.workspace.versions[AGREEMENT] = f"{agreement!r}"
        return app

    return make


def signals(**changes: Any) -> dict[str, Any]:
    """The example's signals with some replaced."""
    return EXAMPLE["signals"] | changes


PRICES = {"when": {"page": "/prices*"}, "points": 20, "at_most": "2 per day", "half_life": "10 days"}


def walked(app: App, most: int = 2) -> list[int]:
    """Let the workers do all there is to do; gives the sizes of the batches."""
    sizes = []
    while (done := rescore(app, NOW, most=most)).more or done.leads:
        sizes.append(done.leads)
        assert len(sizes) < 100
    return sizes


def micro(app: App, email: str = "jo@buyer.example") -> int:
    return one(app, "SELECT micro FROM lead_score s JOIN lead l ON l.id = s.lead_id WHERE email = :email", email=email)


def counts(app: App) -> dict[str, int]:
    """All counts, by fingerprint."""
    return {row.matcher: row.n for row in rows(app, "SELECT matcher, sum(count) AS n FROM signal_day GROUP BY 1")}


def fingerprint(app: App, signal: str) -> str:
    return app.agreement.signals[signal].when.fingerprint


def is_true(app: App, now=NOW) -> None:
    """Counts and scores are those of having heard all events just now, under what rules."""
    said = "SELECT * FROM signal_day ORDER BY lead_id, cycle, matcher, day", "SELECT * FROM lead_score ORDER BY lead_id"
    known = list(app.book.matchers)
    before = [[row for row in rows(app, query) if getattr(row, "matcher", known[0]) in known] for query in said]
    with transaction(app.engine) as db:
        ids = [row.id for row in rows(app, "SELECT id FROM lead")]
        recount(db, app, ids, now)
        stored = {row.lead_id: row.micro for row in db.exec_driver_sql("SELECT lead_id, micro FROM lead_score")}
        for state in states(db, app.book, ids, now):
            assert stored[state.id] == scoring.score(app.book.agreement, state.counts, now.date()).micro
    assert before == [[row for row in rows(app, query) if getattr(row, "matcher", known[0]) in known] for query in said]


def test_the_first_files_have_nothing_to_count(release: Callable[..., App]) -> None:
    app = release()
    adopted = adopt(app, NOW)
    assert adopted.rescored == frozenset()
    assert rescore(app, NOW).more is False
    assert {row.state for row in rows(app, "SELECT state FROM matcher")} == {"ready"}


def test_a_changed_when_rules_once_everybody_is_counted(release: Callable[..., App]) -> None:
    before = release()
    adopt(before, NOW)
    for name in ("jo", "bo", "cy"):
        add_lead(before, f"{name}@buyer.example")
    ingest(before, [page("/pricing"), page("/prices"), page("/prices/eu"), page("/prices/uk")], NOW)
    assert micro(before) == 20 * MICRO

    after = release(signals=signals(pricing_page=PRICES))
    assert adopt(after, NOW).rescored == {"events", "scores"}
    # The former one rules, both are counted, by the process of either release.
    ingest(after, [page("/pricing", email="bo@buyer.example"), page("/prices", email="cy@buyer.example")], NOW)
    ingest(before, [page("/prices", email="bo@buyer.example")], NOW)
    assert micro(after, "bo@buyer.example") == 20 * MICRO
    assert micro(after, "cy@buyer.example") == 0
    assert counts(after) == {fingerprint(before, "pricing_page"): 2, fingerprint(after, "pricing_page"): 2}

    assert walked(after) == [2, 1, 0, 2, 1]
    assert counts(after)[fingerprint(after, "pricing_page")] == 5
    assert [micro(after, f"{name}@buyer.example") for name in ("jo", "bo", "cy")] == [
        40 * MICRO,
        20 * MICRO,
        20 * MICRO,
    ]
    ingest(after, [page("/pricing", email="cy@buyer.example")], NOW)
    assert micro(after, "cy@buyer.example") == 20 * MICRO
    is_true(after)


def test_a_process_that_runs_on_hears_of_it(release: Callable[..., App]) -> None:
    before, after = release(), release(signals=signals(pricing_page=PRICES))
    adopt(before, NOW)
    add_lead(before)
    ingest(before, [page("/prices")], NOW)
    web, clock = after, replace(after)  # two processes of the same release
    adopt(clock, NOW)
    ingest(web, [page("/pricing")], NOW)
    assert micro(web) == 20 * MICRO
    walked(clock)
    assert micro(web) == 20 * MICRO
    ingest(web, [page("/prices")], NOW)
    assert micro(web) == 40 * MICRO
    is_true(web)


def test_a_process_that_starts_before_its_files_are_adopted_changes_nothing_yet(release: Callable[..., App]) -> None:
    before, after = release(), release(signals=signals(pricing_page=PRICES))
    adopt(before, NOW)
    add_lead(before)
    ingest(after, [page("/pricing"), page("/prices"), page("/prices")], NOW)
    assert micro(after) == 20 * MICRO
    adopt(after, NOW)
    walked(after)
    assert micro(after) == 40 * MICRO
    is_true(after)


def test_a_new_signal_rules_at_once_and_counts_the_past_when_it_is_read(release: Callable[..., App]) -> None:
    before = release()
    adopt(before, NOW)
    add_lead(before)
    ingest(before, [page("/blog")], NOW)
    after = release(signals=signals(blog={"when": {"page": "/blog*"}, "points": 3}))
    adopt(after, NOW)
    ingest(after, [page("/blog")], NOW)
    assert micro(after) == 3 * MICRO
    walked(after)
    assert micro(after) == 6 * MICRO


def test_a_renamed_signal_has_its_counts(release: Callable[..., App]) -> None:
    before = release()
    adopt(before, NOW)
    add_lead(before)
    ingest(before, [page("/pricing")], NOW)
    renamed = {("prices" if name == "pricing_page" else name): signal for name, signal in EXAMPLE["signals"].items()}
    after = release(signals=renamed)
    assert adopt(after, NOW).rescored == frozenset()
    ingest(after, [page("/pricing")], NOW)
    assert micro(after) == 40 * MICRO


def test_points_caps_half_lives_and_horizon_need_no_events(release: Callable[..., App]) -> None:
    before = release()
    adopt(before, NOW)
    add_lead(before)
    ingest(before, [page("/pricing", NOW - 20 * DAY)], NOW)
    ingest(before, [page("/pricing")] * 1 + [page("/pricing")] + [page("/pricing")], NOW)
    after = release(
        signals=signals(pricing_page=EXAMPLE["signals"]["pricing_page"] | {"points": 7, "at_most": "3 per day"}),
        horizon="10 days",
    )
    assert adopt(after, NOW).rescored == {"scores"}
    with transaction(after.engine) as db:
        db.exec_driver_sql("DELETE FROM event")
    assert walked(after) == [1]
    assert micro(after) == 21 * MICRO


def test_a_changed_fit_regrades_and_hands_nobody_over_until_it_is_asked(release: Callable[..., App]) -> None:
    before = release(fit=[{"name": "None", "when": "lead.country == 'XX'", "points": 60}])
    adopt(before, NOW)
    add_lead(before)
    ingest(before, [page("/pricing"), track("Webinar Attended", properties={"minutes": 60})], NOW)
    assert one(before, "SELECT grade FROM lead") == "D"
    before_due = one(before, "SELECT due_at FROM enrollment")
    after = release(fit=[{"name": "All", "when": "lead.country == 'US'", "points": 60}])
    assert adopt(after, NOW - DAY).rescored == {"grades"}
    walked(after)
    assert one(after, "SELECT grade FROM lead") == "A"
    assert rows(after, "SELECT * FROM handoff") == []
    assert one(after, "SELECT due_at FROM enrollment") == NOW != before_due
    assert qualify(after, limit=5, now=NOW, count_only=True) == 1
    assert qualify(after, limit=5, now=NOW) == 1
    assert one(after, "SELECT count(*) FROM handoff") == 1


def test_what_nothing_follows_from_leaves_all_leads_alone(release: Callable[..., App]) -> None:
    adopt(release(), NOW)
    after = release(qualify=[{"grades": ["A"], "score": 51}])
    assert adopt(after, NOW).rescored == frozenset()


def test_another_change_on_the_way_begins_anew_and_the_first_matcher_still_rules(release: Callable[..., App]) -> None:
    first = release()
    adopt(first, NOW)
    for name in ("jo", "bo", "cy"):
        add_lead(first, f"{name}@buyer.example")
    ingest(first, [page("/pricing"), page("/prices"), page("/cost"), page("/cost/eu")], NOW)
    second = release(signals=signals(pricing_page=PRICES))
    adopt(second, NOW)
    assert rescore(second, NOW, most=1).leads == 1
    third = release(signals=signals(pricing_page=PRICES | {"when": {"page": "/cost*"}}))
    adopt(third, NOW)
    assert rescore(second, NOW).leads == 0  # no process with other files does it
    ingest(third, [page("/pricing", email="bo@buyer.example")], NOW)
    assert micro(third, "bo@buyer.example") == 20 * MICRO
    assert walked(third) == [2, 1, 0, 2, 1]
    assert micro(third) == 40 * MICRO
    is_true(third)


def test_a_change_that_is_taken_back_costs_nothing(release: Callable[..., App]) -> None:
    first, second = release(), release(signals=signals(pricing_page=PRICES))
    adopt(first, NOW)
    add_lead(first)
    ingest(first, [page("/pricing")], NOW)
    adopt(second, NOW)
    ingest(second, [page("/pricing")], NOW)
    assert adopt(first, NOW).rescored == {"scores"}
    walked(first)
    assert micro(first) == 40 * MICRO
    assert {row.state for row in rows(first, "SELECT state FROM matcher")} == {"ready"}


def test_a_signal_that_returns_is_counted_anew(release: Callable[..., App]) -> None:
    first = release()
    adopt(first, NOW)
    add_lead(first)
    ingest(first, [page("/pricing")], NOW)
    without = release(signals={k: v for k, v in EXAMPLE["signals"].items() if k != "pricing_page"})
    adopt(without, NOW)
    walked(without)
    assert micro(without) == 0
    ingest(without, [page("/pricing")], NOW)
    again = release()
    assert adopt(again, NOW).rescored == {"events", "scores"}
    walked(again)
    assert micro(again) == 40 * MICRO
    is_true(again)


def test_a_batch_that_is_lost_is_done_again(release: Callable[..., App], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = release(), release(signals=signals(pricing_page=PRICES))
    adopt(first, NOW)
    for name in ("jo", "bo", "cy"):
        add_lead(first, f"{name}@buyer.example")
        ingest(first, [page("/prices", email=f"{name}@buyer.example")], NOW)
    adopt(second, NOW)
    assert rescore(second, NOW, most=2).leads == 2

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nurture.store.walks.move", dies)
        with pytest.raises(KeyboardInterrupt):
            rescore(second, NOW, most=2)
    assert one(second, "SELECT leads FROM walk WHERE name = 'agreement'") == 2
    assert walked(second) == [1, 0, 2, 1]
    is_true(second)


def leads_with_a_poisoned_one(app: App, poison: str, count: int = 9) -> int:
    """So many leads who all looked at the prices; of one of them nothing can be worked out. Gives that one."""
    for number in range(count):
        add_lead(app, f"lead{number}@buyer.example")
        ingest(app, [page("/pricing", email=f"lead{number}@buyer.example")], NOW)
    lead_id = one(app, "SELECT id FROM lead WHERE email = 'lead6@buyer.example'")
    with transaction(app.engine) as db:
        db.exec_driver_sql(poison, {"id": lead_id})
    return int(lead_id)


POISONS = {
    "attributes that are no object": "UPDATE lead SET attributes = '[1, 2]' WHERE id = %(id)s",
    "a score beyond all numbers": "INSERT INTO signal_day (lead_id, cycle, matcher, day, count) "
    "SELECT lead_id, cycle, matcher, day - n, 2147483647 FROM signal_day, generate_series(1, 6) AS n "
    "WHERE lead_id = %(id)s",
}
DEAR = signals(pricing_page={"when": {"page": "/pricing*"}, "points": 1000})
FIT = [{"name": "Seats", "when": "lead.seats == 1", "points": 60}]


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS.keys())
def test_a_poisoned_lead_keeps_no_other_from_being_worked_out(release: Callable[..., App], poison: str) -> None:
    before = release()
    adopt(before, NOW)
    lead_id = leads_with_a_poisoned_one(before, poison)
    after = release(signals=DEAR, fit=FIT)
    adopt(after, NOW)
    assert walked(after, most=5) == [5, 4]
    assert one(after, "SELECT count(*) FROM lead_score WHERE micro = 1000000000") == 8
    ((aside, reason),) = rows(after, "SELECT lead_id, reason FROM set_aside")
    assert aside == lead_id
    assert reason
    assert after.meters.counts()["set_aside", "score"] == 1


def test_a_poisoned_lead_keeps_no_other_from_being_recomputed(release: Callable[..., App]) -> None:
    app = release()
    adopt(app, NOW)
    lead_id = leads_with_a_poisoned_one(app, POISONS["attributes that are no object"])
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead_score SET micro = 7")
    after = release(fit=FIT)
    assert recompute(after, NOW, parts=("grades", "events"), tell=lambda *_: None, most=5).leads == 9
    assert rows(after, "SELECT lead_id FROM set_aside") == [(lead_id,)]
    assert rows(after, "SELECT lead_id FROM lead_score WHERE micro = 7") == [(lead_id,)]


def test_a_database_that_is_away_poisons_nobody(release: Callable[..., App], monkeypatch: pytest.MonkeyPatch) -> None:
    before = release()
    adopt(before, NOW)
    add_lead(before)
    after = release(signals=DEAR)
    adopt(after, NOW)

    def away(*_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr("nurture.store.scores.rescore", away)
    with pytest.raises(psycopg.OperationalError):
        rescore(after, NOW)
    assert rows(after, "SELECT * FROM set_aside") == []


def test_an_older_database_is_counted_once(release: Callable[..., App]) -> None:
    app = release()
    add_lead(app)
    ingest(app, [page("/pricing")], NOW)
    assert adopt(app, NOW).rescored == {"events"}
    assert micro(app) == 20 * MICRO
    walked(app)
    assert micro(app) == 20 * MICRO
    is_true(app)
