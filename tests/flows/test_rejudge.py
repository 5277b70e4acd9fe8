"""Judging again: verdicts turn, scores follow, handoffs stay and are listed; stopped anywhere, it goes on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.agreement import Agreement
from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.facts import EventFact, Score, SignalCount
from nurture.flows import rejudge as judging_again
from nurture.flows.ingest import ingest
from nurture.flows.overrule import overrule
from nurture.flows.rejudge import Rejudged, rejudge
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.rules.counting import Counting
from nurture.rules.hindsight import Offer, look_back
from tests.flows.apps import add_lead, one, page, rows, track
from tests.flows.test_smaller_flows import hit, sent, settled
from tests.rules.examples import NOW, make_agreement

__all__ = ["sent"]

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PROGRAM = "Mozilla/5.0 (compatible; Newbot/1.0; +https://newbot.example/about)"
LATER = NOW + timedelta(days=1)


def known_only_since(app: App, condition: str) -> None:
    """As if some version before this one had not known this program yet."""
    with transaction(app.engine) as db:
        db.exec_driver_sql(f"UPDATE event SET agent = '{PROGRAM}' WHERE {condition}")


def verdicts(app: App) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows(app, "SELECT id, verdict, reasons, revised_at FROM event ORDER BY id")]


def changed(done: Rejudged) -> tuple[int, int, int]:
    return done.judged, done.to_human, done.to_automated


@pytest.fixture
def offered(app: App) -> App:
    """A lead that a whitepaper and two looks at prices brought to sales."""
    add_lead(app)
    ingest(app, [page("/pricing", agent=CHROME), page("/pricing/a", agent=CHROME)], NOW)
    ingest(app, [track("Whitepaper Downloaded", agent=CHROME)], NOW)
    assert one(app, "SELECT state FROM handoff") == "offered"
    return app


def test_a_program_that_is_known_by_now_loses_its_points_and_the_handoff_it_made_is_listed(offered: App) -> None:
    known_only_since(offered, "path = '/pricing'")
    done = rejudge(offered, LATER)
    assert changed(done) == (3, 0, 1)
    assert [row.count for row in rows(offered, "SELECT count FROM signal_day ORDER BY matcher")] == [1, 1]
    [doubt] = done.doubts
    assert (doubt.lead, doubt.state, doubt.score, doubt.score_without) == ("jo@buyer.example", "offered", 55.0, 35.0)
    assert "15 points (it has 35 of 50)" in doubt.lacks
    assert one(offered, "SELECT state FROM handoff") == "offered", "nothing is taken back"
    assert one(offered, "SELECT stage FROM lead") == "mql"


def test_a_handoff_that_stands_without_the_programs_is_not_listed(offered: App) -> None:
    ingest(offered, [page("/pricing/more", NOW - timedelta(minutes=1), agent=PROGRAM)], NOW)
    known_only_since(offered, "false")
    assert rejudge(offered, LATER).doubts == []
    ingest(offered, [page("/pricing/later", LATER, agent=CHROME)], LATER)
    known_only_since(offered, "path = '/pricing/later'")
    done = rejudge(offered, LATER + timedelta(hours=1))
    assert (changed(done), done.doubts) == ((5, 0, 1), [])


def test_a_hand_that_a_program_raised_is_listed(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested", agent=CHROME)], NOW)
    known_only_since(app, "true")
    [doubt] = rejudge(app, LATER).doubts
    assert doubt.lacks.startswith("not ready")


def test_a_dry_run_says_the_same_and_writes_nothing(offered: App) -> None:
    known_only_since(offered, "path = '/pricing'")
    before = [verdicts(offered), rows(offered, "SELECT * FROM signal_day"), rows(offered, "SELECT * FROM rejudging")]
    dry = rejudge(offered, LATER, dry_run=True)
    assert [verdicts(offered), rows(offered, "SELECT * FROM signal_day"), rows(offered, "SELECT * FROM rejudging")] == (
        before
    )
    wet = rejudge(offered, LATER)
    assert (changed(dry), dry.doubts) == (changed(wet), wet.doubts)


def test_the_second_run_finds_nothing_to_change_and_lists_the_same_handoffs(offered: App) -> None:
    known_only_since(offered, "path = '/pricing'")
    first = rejudge(offered, LATER)
    written = verdicts(offered)
    second = rejudge(offered, LATER + timedelta(days=1))
    assert changed(second) == (3, 0, 0)
    assert second.doubts == first.doubts
    assert verdicts(offered) == written


def test_verdicts_turn_both_ways(app: App) -> None:
    add_lead(app)
    ingest(app, [page("/pricing", agent=PROGRAM), page("/pricing/b", agent=CHROME)], NOW)
    with transaction(app.engine) as db:
        db.exec_driver_sql(f"UPDATE event SET agent = CASE path WHEN '/pricing' THEN '{CHROME}' ELSE '{PROGRAM}' END")
    assert changed(rejudge(app, LATER)) == (2, 1, 1)
    assert [tuple(row) for row in rows(app, "SELECT path, verdict FROM event ORDER BY id")] == [
        ("/pricing", "human"),
        ("/pricing/b", "automated"),
    ]
    assert one(app, "SELECT count FROM signal_day") == 1


def test_mail_hits_are_judged_again_as_a_whole_and_pending_ones_left_to_settle(app: App, sent: int) -> None:
    for number in (1, 2):
        hit(app, sent, after=timedelta(minutes=30, seconds=number), link=number)
    hit(app, sent, after=timedelta(hours=2), link=3)
    hit(app, sent, after=timedelta(hours=3), link=3)
    assert settled(app, timedelta(hours=2, minutes=2)) == (1, 2)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE event SET verdict = 'human', reasons = '{}' WHERE verdict = 'automated'")
        db.exec_driver_sql(
            "UPDATE event SET verdict = 'automated', reasons = '{no}' WHERE settle_at IS NULL AND link = 3"
        )
    assert changed(rejudge(app, LATER)) == (3, 1, 2)
    assert [row.verdict for row in rows(app, "SELECT verdict FROM event ORDER BY id")] == [
        "automated",
        "automated",
        "human",
        "pending",
    ]
    assert one(app, "SELECT count FROM signal_day") == 1


def test_only_what_happened_since_is_judged(offered: App) -> None:
    known_only_since(offered, "true")
    assert changed(rejudge(offered, LATER, since=NOW + timedelta(seconds=1))) == (0, 0, 0)
    done = rejudge(offered, LATER, since=NOW)
    assert (changed(done), len(done.doubts)) == ((3, 0, 3), 1)


def test_a_persons_verdict_stands(offered: App) -> None:
    wrong, right = (row.id for row in rows(offered, "SELECT id FROM event WHERE kind = 'page' ORDER BY id"))
    assert overrule(offered, wrong, "automated", "our own monitoring", LATER) == ("human", "page")
    known_only_since(offered, f"id = {right}")
    assert overrule(offered, right, "human", "they told me so", LATER) == ("human", "page")
    done = rejudge(offered, LATER)
    assert changed(done) == (3, 0, 0)
    assert [doubt.score_without for doubt in done.doubts] == [35.0], "a person's word counts in hindsight too"
    assert [(row.verdict, row.reasons) for row in rows(offered, "SELECT * FROM event WHERE by_hand ORDER BY id")] == [
        ("automated", ["judged by hand: our own monitoring"]),
        ("human", ["judged by hand: they told me so"]),
    ]
    assert sorted(row.count for row in rows(offered, "SELECT count FROM signal_day")) == [1, 1]
    with pytest.raises(NotFound, match="no event has the id 4711"):
        overrule(offered, 4711, "human", "x", LATER)


def test_a_hit_that_waits_can_be_judged_by_hand(app: App, sent: int) -> None:
    hit(app, sent, after=timedelta(minutes=30), link=0)
    assert overrule(app, one(app, "SELECT id FROM event"), "human", "I did it", LATER) == ("pending", "click")
    assert settled(app, timedelta(hours=1)) == (0, 0)
    assert one(app, "SELECT count FROM signal_day") == 1


def test_what_was_stopped_goes_on_where_it_was(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_again, "EVENTS", 4)
    for number in range(3):
        add_lead(app, f"lead{number}@buyer.example")
        ingest(app, [page(f"/pricing/{n}", email=f"lead{number}@buyer.example", agent=CHROME) for n in range(5)], NOW)
    known_only_since(app, "mod(id, 2) = 0")
    batches = 0

    class Killed(BaseException):
        pass

    def stop(_: int) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise Killed

    with pytest.raises(Killed):
        rejudge(app, LATER, since=LATER - timedelta(days=30), told=stop)
    seen: list[int] = []
    hour = timedelta(hours=1)
    done = rejudge(app, LATER + hour, since=LATER + hour - timedelta(days=30), told=seen.append)
    turned = one(app, "SELECT count(*) FROM event WHERE agent LIKE '%Newbot%'")
    assert (done.resumed, changed(done)) == (True, (15, 0, turned))
    assert seen == [12, 15], "what was done is not done again, though an hour later the last 30 days are others"
    assert one(app, "SELECT count(*) FROM event WHERE verdict = 'automated'") == turned
    assert one(app, "SELECT sum(count) FROM signal_day") == 15 - turned
    assert not rejudge(app, LATER).resumed


@pytest.mark.parametrize(
    ("after", "since"), [(timedelta(days=2), None), (timedelta(hours=1), LATER - timedelta(days=3))]
)
def test_what_was_stopped_long_ago_or_for_another_time_begins_anew(
    app: App, monkeypatch: pytest.MonkeyPatch, after: timedelta, since: datetime | None
) -> None:
    add_lead(app)
    ingest(app, [page("/pricing", agent=CHROME)], NOW)
    monkeypatch.setattr(judging_again, "doubts", lambda *_: (_ for _ in ()).throw(ConnectionError("gone")))
    with pytest.raises(ConnectionError):
        rejudge(app, LATER)
    monkeypatch.undo()
    done = rejudge(app, LATER + after, since=since)
    assert (done.resumed, done.judged) == (False, 1)


def test_what_nobody_is_known_for_is_judged_too_and_counts_nothing_once_somebody_is(app: App) -> None:
    ingest(app, [page("/pricing", anonymous_id="v1", agent=CHROME)], NOW)
    known_only_since(app, "true")
    assert changed(rejudge(app, LATER)) == (1, 0, 1)
    ingest(app, [page("/blog", LATER, anonymous_id="v1", email="jo@buyer.example", agent=CHROME)], LATER)
    assert one(app, "SELECT count(*) FROM event WHERE lead_id IS NOT NULL") == 2
    assert one(app, "SELECT count(*) FROM signal_day") == 0


paths = st.sampled_from(["/pricing", "/pricing/a", "/careers", "/blog"])
whats = st.lists(st.tuples(paths, st.integers(0, 20), st.booleans()), max_size=12)


@settings(max_examples=150)
@given(whats=whats)
def test_hindsight_is_what_the_offer_would_have_been(whats: list[tuple[str, int, bool]]) -> None:
    """Taken out of the evidence, an event leaves what the score would have been without it."""
    agreement: Agreement = make_agreement()
    did = [(EventFact("page", NOW - timedelta(days=days), path=path), lost) for path, days, lost in whats]
    everything = _score(agreement, [event for event, _ in did])
    left = _score(agreement, [event for event, lost in did if not lost])
    evidence = [
        {"signal": row.signal, "day": row.day.isoformat(), "count": row.count, "counted": row.counted,
         "points": row.points, "age_days": row.age_days, "worth": row.worth / 10**6}
        for row in everything.rows
    ]  # fmt: skip
    offer = Offer(1, NOW, "A", False, evidence)
    found = look_back(agreement, {}, offer, [(1, NOW - timedelta(days=99))], [], [event for event, lost in did if lost])
    lost_any = any(lost and event.path != "/blog" for event, lost in did)
    assert (found is not None) == lost_any
    if found is not None:
        assert abs(found.score_micro - left.micro) <= len(everything.rows)


def _score(agreement: Agreement, did: list[EventFact]) -> Score:

    counts = Counting(Rulebook(agreement, {})).count([(1, NOW - timedelta(days=99))], did)
    return scoring.score(agreement, [SignalCount(m, day, n) for (_, m, day), n in counts.items()], NOW.date())
