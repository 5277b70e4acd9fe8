"""A lead that does nothing, followed to the end."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.campaign import Campaign
from nurture.facts import LeadState
from nurture.rules import happenings as h
from nurture.rules.itinerary import Entered, Left, Mailed, PassedOver, RanOut, itinerary
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, campaign_of, lead

STEPS = [
    {"id": "one", "email": "t/one"},
    {"id": "two", "email": "t/two", "when": "lead.industry == 'retail'"},
    {"id": "three", "email": "t/three", "variants": {"control": "t/three", "short": "t/short"}, "after": "3 weeks"},
]


def _campaign(**changes: object) -> Campaign:
    return campaign_of(steps=STEPS, **changes)


def test_every_stop_in_order() -> None:
    book = book_of(
        _campaign(finish={"after": "30 days", "then": "long-term"}), campaign_of("long-term", enroll={"reasons": []})
    )
    road = itinerary(book, lead(stage="nurture"), NOW, campaign="not-ready")
    kinds = [(type(stop), stop.campaign) for stop in road.stops]
    assert kinds == [
        (Entered, "not-ready"), (Mailed, "not-ready"), (PassedOver, "not-ready"), (Mailed, "not-ready"),
        (RanOut, "not-ready"), (Left, "not-ready"), (Entered, "long-term"), (Mailed, "long-term"),
        (Mailed, "long-term"), (Mailed, "long-term"), (RanOut, "long-term"),
    ]  # fmt: skip
    passed = next(stop for stop in road.stops if isinstance(stop, PassedOver))
    assert (passed.step, "lead.industry" in passed.because) == ("two", True)
    assert [mail.variant in ("control", "short") for mail in road.mails] == [False, True, False, False, False]


def test_it_is_what_a_lead_lives_that_does_nothing() -> None:
    book = book_of(_campaign(cadence={"every": "1 week", "days": "mon-fri", "hours": "09:00-11:00",
                                      "slow_down": {"after": 1, "every": "5 weeks"}}))  # fmt: skip
    state = lead(stage="nurture", industry="retail")
    life = Life(book, state)
    life.happens(h.EnrolledByHand("not-ready"))
    lived = life.until(NOW + timedelta(days=400))
    road = itinerary(book, state, NOW, campaign="not-ready", within=timedelta(days=400))
    assert [(mail.step, mail.slot.at, mail.template) for mail in road.mails] == [
        (mail.step, mail.slot.at, mail.template) for mail in lived
    ]
    assert [mail.slow for mail in road.mails] == [False, True, True]


@settings(max_examples=30)
@given(
    day=st.integers(0, 400),
    zone=st.sampled_from(["America/Chicago", "Asia/Tokyo", "Australia/Lord_Howe", None]),
    order=st.sampled_from(["sequence", "unseen"]),
    key=st.text(min_size=1, max_size=5),
)
def test_any_lead_on_any_day_gets_what_it_would_get(day: int, zone: str | None, order: str, key: str) -> None:
    now = NOW + timedelta(days=day, minutes=day * 7)
    book = book_of(_campaign(order=order))
    state = lead(now, stage="nurture", key=key, timezone=zone, industry="retail")
    life = Life(book, state, now)
    life.happens(h.EnrolledByHand("not-ready"), now)
    lived = [(mail.step, mail.variant, mail.slot) for mail in life.until(now + timedelta(days=365))]
    road = itinerary(book, state, now, campaign="not-ready", within=timedelta(days=365))
    assert [(mail.step, mail.variant) for mail in road.mails] == [(step, variant) for step, variant, _ in lived]
    assert [mail.at for mail in road.mails] == [slot.at for _, _, slot in lived]


def test_a_rule_that_moves_the_day_is_named() -> None:
    book = book_of(_campaign(cadence={"every": "8 days", "days": "tue", "hours": "09:00-10:00"}))
    mails = itinerary(book, lead(stage="nurture", industry="retail"), NOW, campaign="not-ready").mails
    assert "mails go tue" in " ".join(mails[1].held_by)


def test_a_mail_of_the_road_counts_as_received() -> None:
    steps = [{"id": "one", "email": "t/one"}, {"id": "two", "email": "t/two", "when": "received('one')"}]
    book, state = book_of(campaign_of(steps=steps, finish={"after": "30 days"})), lead(stage="nurture")
    life = Life(book, state)
    life.happens(h.EnrolledByHand("not-ready"))
    lived = [(mail.step, mail.slot.at) for mail in life.until(NOW + timedelta(days=400))]
    road = itinerary(book, state, NOW, campaign="not-ready")
    assert [(mail.step, mail.at) for mail in road.mails] == lived
    assert [step for step, _ in lived] == ["one", "two"]


def test_a_lead_in_the_campaign_goes_on_where_it_is() -> None:
    book = book_of(_campaign())
    life = Life(book, lead(stage="nurture"))
    life.happens(h.EnrolledByHand("not-ready"))
    life.until(NOW + timedelta(days=8))
    road = itinerary(book, life.state, life.now, campaign="not-ready")
    assert not any(isinstance(stop, Entered) for stop in road.stops)
    assert [mail.step for mail in road.mails] == ["three"]


def test_a_lead_in_another_campaign_leaves_it_first() -> None:
    book = book_of(_campaign(), campaign_of("other"))
    life = Life(book, lead(stage="nurture"))
    life.happens(h.EnrolledByHand("other"))
    road = itinerary(book, life.state, NOW, campaign="not-ready")
    assert [type(stop) for stop in road.stops[:2]] == [Left, Entered]


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({}, "waits for new steps"),
        ({"finish": {"after": "10 days"}}, "the lead rests"),
        ({"status": "paused"}, "the campaign does not run"),
    ],
)
def test_it_says_why_it_ends(changes: dict[str, object], because: str) -> None:
    assert because in itinerary(book_of(_campaign(**changes)), lead(stage="nurture"), NOW, campaign="not-ready").because


def test_it_ends_where_one_stops_looking() -> None:
    road = itinerary(book_of(_campaign()), lead(stage="nurture"), NOW, campaign="not-ready", within=timedelta(days=9))
    assert len(road.mails) == 1
    assert "is not looked at" in road.because


def test_a_lead_that_nobody_takes_has_no_road() -> None:
    state: LeadState = lead(stage="nurture")
    road = itinerary(book_of(_campaign()), state, NOW)
    assert road.stops == ()
    assert road.because == "the lead rests: no mail, and its signals count"
