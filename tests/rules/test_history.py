"""What a lead did long ago counts, and nothing follows from it until something happens now."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.facts import EventFact
from nurture.rules import effects as fx
from nurture.rules import happenings as h
from nurture.rules import scoring
from nurture.rules.history import LONG_AGO, is_history, told
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, lead, track, weeks

WEEK = timedelta(days=7)
ACTS = (fx.HandedOver, fx.Enrolled, fx.LeftCampaign, fx.Planned, fx.Queued, fx.StageChanged, fx.WaitsUntil)


def page(path: str, ago: timedelta) -> EventFact:
    return EventFact("page", NOW - ago, path=path)


READY = (
    *(page("/pricing", WEEK + timedelta(hours=hours)) for hours in (0, 1, 24, 25)),
    EventFact("track", NOW - WEEK, "Whitepaper Downloaded"),
)
"""What qualifies a lead of grade A."""


def score(life: Life) -> int:
    return scoring.score(life.book.agreement, life.state.counts, life.now.date()).micro


def test_what_is_two_days_late_is_news_and_what_is_later_is_history() -> None:
    assert not is_history(NOW - LONG_AGO, NOW)
    assert is_history(NOW - LONG_AGO - timedelta(microseconds=1), NOW)
    assert timedelta(days=2) == LONG_AGO


def test_history_counts_as_if_it_had_come_in_time() -> None:
    late, prompt = Life(book_of(), lead()), Life(book_of(), lead())
    late.happens(h.Remembered(READY))
    prompt.happens(h.Did(READY))
    assert late.state.counts == prompt.state.counts != ()
    assert late.state.engaged_at == NOW - WEEK
    assert late.state.grade == "A"
    assert [effect.score.micro for effect in late.effects if isinstance(effect, fx.ScoreChanged)] == [score(prompt)]


def test_nobody_is_handed_over_enrolled_or_mailed_for_what_was_long_ago() -> None:
    life = Life(book_of(), lead())
    raised = track("Demo Requested", NOW - WEEK)
    effects = life.happens(h.Remembered((*READY, raised, EventFact("reply", NOW - WEEK))))
    assert not [effect for effect in effects if isinstance(effect, ACTS)]
    assert (life.state.stage, life.state.enrollment, life.state.handoff) == ("inquiry", None, None)
    assert life.until(weeks(8)) == []


def test_a_lead_that_rests_on_history_is_offered_when_it_does_something_now() -> None:
    life = Life(book_of(), lead())
    life.happens(h.Remembered(READY))
    life.happens(h.Did((page("/about", timedelta()),)))
    assert life.state.stage == "mql"


def test_a_lead_that_rests_on_history_is_taken_when_it_does_something_now() -> None:
    life = Life(book_of(), lead())
    life.happens(h.Remembered((page("/about", WEEK),)))
    life.happens(h.Did((page("/about", timedelta()),)))
    assert life.state.enrollment.campaign == "not-ready"


def test_an_operator_offers_a_lead_that_rests_on_history() -> None:
    life = Life(book_of(), lead())
    life.happens(h.Remembered(READY))
    life.happens(h.OfferedByHand())
    assert life.state.stage == "mql"


def test_history_neither_ends_nor_moves_a_running_enrollment() -> None:
    life = Life(book_of(), lead())
    life.happens(h.Arrived())
    enrollment = life.state.enrollment
    effects = life.happens(h.Remembered(READY))
    assert life.state.enrollment == enrollment
    assert not [effect for effect in effects if isinstance(effect, ACTS)]


def test_an_answer_of_long_ago_is_still_known() -> None:
    life = Life(book_of(), lead())
    life.happens(h.Remembered((EventFact("answer", NOW - WEEK, "timing", properties={"answer": "later"}),)))
    assert life.state.profile.attributes == {"timing": "later"}


def test_what_is_of_now_decides_with_history_counted() -> None:
    life = Life(book_of(), lead())
    life.happens(h.Did((page("/about", timedelta()),), remembered=READY))
    assert life.state.stage == "mql"
    assert not next(effect for effect in life.effects if isinstance(effect, fx.HandedOver)).hand_raise


@pytest.mark.parametrize("happening", [h.Did, h.Arrived])
def test_a_hand_raised_long_ago_is_not_raised_by_what_is_of_now(happening: type) -> None:
    life = Life(book_of(), lead())
    life.happens(happening((page("/about", timedelta()),), remembered=(track("Demo Requested", NOW - WEEK),)))
    assert life.state.stage == "nurture"


def test_a_lead_that_only_history_tells_of_does_not_arrive() -> None:
    assert told(READY, NOW, arrived=True, profile_changed=False, heard_now=False) == h.Remembered(READY)
    assert told((), NOW, arrived=True, profile_changed=True, heard_now=False) == h.Remembered()
    assert told((), NOW, arrived=False, profile_changed=True, heard_now=False) == h.Remembered()
    assert told((), NOW, arrived=False, profile_changed=False, heard_now=False) is None


def test_what_a_visitor_did_before_it_was_known_decides_when_it_becomes_known_now() -> None:
    assert told(READY, NOW, arrived=True, profile_changed=True, heard_now=True) == h.Arrived((), READY)
    assert told(READY, NOW, arrived=False, profile_changed=True, heard_now=True) == h.Did((), True, READY)
    assert told((), NOW, arrived=False, profile_changed=True, heard_now=True) == h.ProfileChanged()


def test_one_recent_event_makes_news_of_what_came_with_it() -> None:
    recent = page("/pricing", timedelta(hours=1))
    happening = told((*READY, recent), NOW, arrived=False, profile_changed=False, heard_now=False)
    assert happening == h.Did((recent,), False, READY)


MOMENTS = st.integers(0, 120).map(lambda hours: datetime(2026, 3, 2, tzinfo=UTC) - timedelta(hours=hours))
DONE = st.lists(
    st.one_of(
        st.builds(lambda at, path: EventFact("page", at, path=path), MOMENTS, st.sampled_from(["/pricing", "/x"])),
        st.builds(lambda at: EventFact("track", at, "Whitepaper Downloaded"), MOMENTS),
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(DONE, st.booleans(), st.integers(0, 8))
def test_whatever_is_history_the_score_is_the_same(done: list[EventFact], heard_now: bool, cut: int) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    whole, parts = Life(book_of(), lead(now), now), Life(book_of(), lead(now), now)
    whole.happens(h.Did(tuple(done)))
    for part in (done[:cut], done[cut:]):
        happening = told(part, now, arrived=False, profile_changed=False, heard_now=heard_now)
        if happening is not None:
            parts.happens(happening)
    assert score(parts) == score(whole)
    assert parts.state.engaged_at == whole.state.engaged_at
