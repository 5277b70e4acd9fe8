"""Who is taken, by which campaign, and when to ask again."""

from datetime import timedelta

from nurture.facts import PastEnrollment
from nurture.rules import taking
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of, lead


def taker(*campaigns, **state):
    taken = taking.choose(book_of(*campaigns), lead(**state), NOW)
    return None if taken.campaign is None else taken.campaign.id


def test_a_listed_reason_leads_to_its_campaign() -> None:
    budget = campaign_of("budget", enroll={"reasons": ["no_budget"]})
    assert taker(campaign_of(), budget, refused=True, reason="no_budget", stage="nurture") == "budget"


def test_an_unready_inquiry_goes_where_unready_is_true() -> None:
    assert taker(campaign_of("a", enroll={"reasons": ["not_ready"]}), campaign_of("b")) == "b"


def test_a_refused_lead_does_not_count_as_unready() -> None:
    assert taker(campaign_of(enroll={"unready": True}), refused=True, reason="student", stage="nurture") is None


def test_the_lowest_priority_takes_it_and_ties_go_by_id() -> None:
    assert taker(campaign_of("x", priority=20), campaign_of("y", priority=10)) == "y"
    assert taker(campaign_of("y", priority=10), campaign_of("x", priority=10)) == "x"


def test_only_live_campaigns_take_anybody() -> None:
    assert taker(campaign_of(status="draft")) is None
    assert taker(campaign_of(status="paused")) is None


def test_stage_and_condition_must_fit() -> None:
    assert taker(campaign_of(enroll={"unready": True, "stages": ["customer"]})) is None
    assert taker(campaign_of(enroll={"unready": True, "when": "lead.country == 'GB'"})) is None
    assert taker(campaign_of(enroll={"unready": True, "when": "lead.country == 'us'"})) == "not-ready"


def test_nobody_is_taken_who_would_leave_at_once() -> None:
    leaving = [{"when": "lead.country == 'US'", "reason": "home"}]
    assert taker(campaign_of(exit=leaving)) is None


def test_a_suppressed_address_is_not_taken() -> None:
    assert taker(campaign_of(), suppressed="unsubscribed") is None


def test_a_left_topic_is_not_taken_but_another_is() -> None:
    news, product = campaign_of("news", topic="news", priority=2), campaign_of("product", topic="product", priority=1)
    assert taker(news, product, left_topics=frozenset({"product"})) == "news"


def test_again_after_delays_and_says_when_to_ask() -> None:
    been = PastEnrollment(1, "not-ready", 1, NOW - timedelta(days=10), "finished")
    campaign = campaign_of(enroll={"unready": True, "again": "after 30 days"})
    taken = taking.choose(book_of(campaign), lead(past=(been,)), NOW)
    assert taken.campaign is None
    assert taken.ask_at == NOW + timedelta(days=20)
    later = taking.choose(book_of(campaign), lead(past=(been,)), NOW + timedelta(days=20))
    assert later.campaign is not None


def test_again_never_means_never() -> None:
    been = PastEnrollment(1, "not-ready", 1, NOW - timedelta(days=4000), "finished")
    campaign = campaign_of(enroll={"unready": True, "again": "never"})
    taken = taking.choose(book_of(campaign), lead(past=(been,)), NOW)
    assert (taken.campaign, taken.ask_at) == (None, None)


def test_every_campaign_says_why() -> None:
    taken = taking.choose(
        book_of(campaign_of("a", enroll={"reasons": ["x"]}), campaign_of("b", topic="t")), lead(), NOW
    )
    assert [campaign for campaign, _ in taken.because] == ["a", "b"]
    assert taken.because[1][1] == "takes the lead"
