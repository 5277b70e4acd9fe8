"""The whole life of a lead, sentence by sentence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from nurture.facts import EventFact
from nurture.rules import effects as fx
from nurture.rules import happenings as h
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, campaign_of, lead, track, weeks


def arrived(*campaigns, **state) -> Life:
    life = Life(book_of(*campaigns), lead(**state))
    life.happens(h.Arrived())
    return life


def found(life: Life, kind: type) -> list:
    return [effect for effect in life.effects if isinstance(effect, kind)]


def ready(life: Life, at: datetime) -> tuple[fx.Effect, ...]:
    """Behaviour that qualifies a lead of grade A: 40 + 15 points from two signals."""
    return life.does("/pricing", "/pricing/teams", "Whitepaper Downloaded", now=at)


# In


def test_an_unready_inquiry_is_graded_and_taken() -> None:
    life = arrived()
    assert life.state.grade == "A"
    assert life.state.stage == "nurture"
    assert life.state.enrollment.campaign == "not-ready"


def test_the_first_mail_goes_on_a_later_day_within_the_first_week() -> None:
    mails = arrived().until(weeks(1.5))
    assert mails[0].step == "one"
    assert NOW.date() < mails[0].slot.local_on <= NOW.date() + timedelta(days=7)


def test_mails_go_weekly_until_the_campaign_has_run_out() -> None:
    life = arrived()
    mails = life.until(weeks(12))
    assert [mail.step for mail in mails] == ["one", "two", "three"]
    gaps = [b.slot.local_on - a.slot.local_on for a, b in pairwise(mails)]
    assert all(gap >= timedelta(days=7) for gap in gaps)
    assert life.state.enrollment.status == "exhausted"


def test_a_step_that_asks_for_the_one_before_it_comes_a_week_later() -> None:
    steps = [
        {"id": "one", "email": "t/one"},
        {"id": "two", "email": "t/two", "when": "received('one')"},
        {"id": "three", "email": "t/three", "when": "not received('two')"},
    ]
    life = Life(book_of(campaign_of(steps=steps)), lead(stage="nurture"))
    life.happens(h.EnrolledByHand("not-ready"))
    one, two = life.until(NOW + timedelta(days=60))
    assert (one.step, two.step) == ("one", "two")
    assert timedelta(days=6) < two.slot.at - one.slot.at < timedelta(days=9)


def test_an_exit_line_waits_until_the_mail_has_gone() -> None:
    steps = [{"id": "one", "email": "t/one"}, {"id": "two", "email": "t/two"}]
    exits = [{"when": "received('one')", "reason": "enough"}]
    life = Life(book_of(campaign_of(steps=steps, exit=exits)), lead(stage="nurture"))
    life.happens(h.EnrolledByHand("not-ready"))
    assert [mail.step for mail in life.until(NOW + timedelta(days=60))] == ["one"]


def test_a_lead_that_fits_nobody_rests() -> None:
    life = arrived(campaign_of(enroll={"reasons": ["not_ready"]}))
    assert life.state.enrollment is None
    assert life.state.stage == "inquiry"


def test_an_inquiry_that_did_enough_before_it_was_known_goes_to_sales_at_once() -> None:
    visit = EventFact("page", NOW, path="/pricing")
    did = (visit, visit, track("Whitepaper Downloaded", NOW))
    life = Life(book_of(), lead())
    life.happens(h.Arrived(did))
    assert life.state.stage == "mql"
    assert life.state.enrollment is None


# Qualifying


def test_crossing_the_threshold_hands_the_lead_over_and_silences_nurture() -> None:
    life = arrived()
    life.until(weeks(1.5))
    ready(life, weeks(2))
    handed = found(life, fx.HandedOver)[0]
    assert (handed.grade, handed.cycle, handed.hand_raise) == ("A", 1, False)
    assert handed.score.micro == 55_000_000
    assert life.state.stage == "mql"
    assert life.state.enrollment is None
    assert life.state.past[-1].left_as == "qualified"
    assert life.until(weeks(30)) == []


def test_points_from_one_signal_alone_do_not_qualify() -> None:
    life = arrived()
    for day in range(6):
        life.does("/pricing", "/pricing", now=NOW + timedelta(days=day))
    assert life.state.stage == "nurture"


def test_a_hand_raise_skips_the_threshold() -> None:
    life = arrived()
    life.does("Demo Requested", now=weeks(1))
    assert found(life, fx.HandedOver)[0].hand_raise
    assert life.state.past[-1].left_as == "hand_raise"


def test_a_hand_raise_does_not_skip_a_criterions_own_grade_d() -> None:
    life = arrived(title="Student")
    assert life.state.grade == "D"
    life.does("Demo Requested", now=weeks(1))
    assert found(life, fx.HandedOver) == []


def test_a_reply_is_a_hand_raise_and_leaves_as_replied() -> None:
    life = arrived()
    life.happens(h.Did((EventFact("reply", weeks(1)),)), weeks(1))
    assert life.state.past[-1].left_as == "replied"
    assert life.state.stage == "mql"


def test_a_surveys_answer_becomes_an_attribute_and_may_raise_the_hand() -> None:
    life = arrived()
    life.happens(h.Did((EventFact("answer", weeks(1), name="timing", properties={"answer": "now"}),)), weeks(1))
    assert life.state.profile.attributes["timing"] == "now"
    assert life.state.stage == "mql"


def test_mails_on_their_way_are_cancelled_when_sales_gets_the_lead() -> None:
    life = arrived()
    life.happens(h.CameDue(), life.state.enrollment.due_at)
    assert life.state.deliveries[-1].state == "queued"
    life.does("Demo Requested", now=life.now)
    assert life.state.deliveries[-1].state == "cancelled"
    assert fx.Cancelled("hand_raise") in life.effects


def test_a_lead_that_sales_has_is_not_offered_twice() -> None:
    life = arrived()
    ready(life, weeks(1))
    ready(life, weeks(1.2))
    assert len(found(life, fx.HandedOver)) == 1


@pytest.mark.parametrize(("word", "offered"), [("unsubscribed", 1), ("complained", 0)])
def test_who_complained_is_left_in_peace_who_only_unsubscribed_may_still_be_offered(word: str, offered: int) -> None:
    life = arrived()
    life.happens(h.MustNotBeMailed(word))
    ready(life, weeks(1))
    assert len(found(life, fx.HandedOver)) == offered


# Refused


def handed_over(*campaigns) -> Life:
    life = arrived(*campaigns)
    life.until(weeks(1.5))
    ready(life, weeks(2))
    return life


def test_a_refusal_raises_the_cycle_and_rearms_the_threshold() -> None:
    life = handed_over()
    life.happens(h.Refused("not_ready", weeks(3), "rep"), weeks(3))
    assert (life.state.cycle, life.state.stage, life.state.reason) == (2, "nurture", "not_ready")
    assert life.state.counts == ()
    life.does("/pricing", now=weeks(3.1))
    assert life.state.stage == "nurture"
    ready(life, weeks(3.2))
    assert [handed.cycle for handed in found(life, fx.HandedOver)] == [1, 2]


def test_content_already_received_is_not_repeated_in_the_next_cycle() -> None:
    life = handed_over()
    before = [mail.step for mail in found(life, fx.Queued)]
    life.happens(h.Refused("not_ready", weeks(3), "rep"), weeks(3))
    after = [mail.step for mail in life.until(weeks(20))]
    assert before
    assert after
    assert before + after == ["one", "two", "three"]


def test_the_first_refusal_of_a_lead_never_handed_over_makes_what_came_before_cycle_zero() -> None:
    life = arrived()
    life.does("/pricing", now=NOW)
    effects = life.happens(h.Refused("not_ready", weeks(1), "import"), weeks(1))
    began = next(effect for effect in effects if isinstance(effect, fx.CycleBegan))
    assert (began.n, began.rewound) == (1, True)
    assert life.state.cycles == ((0, NOW), (1, weeks(1)))
    assert life.state.counts == ()


def test_the_second_refusal_of_such_a_lead_raises_the_cycle() -> None:
    life = arrived()
    life.happens(h.Refused("not_ready", weeks(1)), weeks(1))
    life.happens(h.Refused("not_ready", weeks(2)), weeks(2))
    assert life.state.cycle == 2


def test_an_event_belongs_to_the_cycle_in_which_it_happened() -> None:
    life = handed_over()
    life.happens(h.Refused("not_ready", weeks(3)), weeks(3))
    late = EventFact("page", weeks(2.5), path="/pricing")
    effects = life.happens(h.Did((late,)), weeks(3.5))
    assert [effect.cycle for effect in effects if isinstance(effect, fx.Counted)] == [1]
    assert life.state.counts == ()


def test_a_wait_delays_mail_but_not_qualifying() -> None:
    budget = campaign_of("budget", enroll={"reasons": ["no_budget"]})
    life = handed_over(campaign_of(), budget)
    life.happens(h.Refused("no_budget", weeks(3)), weeks(3))
    assert life.state.enrollment is None
    assert life.until(weeks(3) + timedelta(days=89)) == []
    mails = life.until(weeks(30))
    assert mails[0].slot.local_on >= (weeks(3) + timedelta(days=90)).date()
    waiting = handed_over(campaign_of(), budget)
    waiting.happens(h.Refused("no_budget", weeks(3)), weeks(3))
    ready(waiting, weeks(5))
    assert waiting.state.stage == "mql"


def test_what_sales_keeps_is_silent() -> None:
    life = handed_over()
    life.happens(h.Refused("already_mine", weeks(3), "rep"), weeks(3))
    assert life.state.stage == "sal"
    assert life.until(weeks(40)) == []


@pytest.mark.parametrize(("reason", "suppressed"), [("student", None), ("competitor", "suppressed")])
def test_disqualified_and_suppressed_is_over(reason: str, suppressed: str | None) -> None:
    life = handed_over()
    life.happens(h.Refused(reason, weeks(3), "rep"), weeks(3))
    assert (life.state.stage, life.state.suppressed) == ("disqualified", suppressed)
    ready(life, weeks(4))
    assert len(found(life, fx.HandedOver)) == 1
    assert life.until(weeks(40)) == []


def test_a_lead_that_wants_no_mail_is_known_by_its_own_word_whatever_sales_says_later() -> None:
    """As the list of addresses keeps it: the first word stays."""
    life = arrived()
    life.happens(h.MustNotBeMailed("unsubscribed"))
    effects = life.happens(h.Refused("competitor", NOW))
    assert (life.state.stage, life.state.suppressed) == ("disqualified", "unsubscribed")
    assert not any(isinstance(effect, fx.Suppressed) for effect in effects)


def test_a_refused_customer_is_a_customer_again() -> None:
    life = arrived(
        campaign_of(enroll={"reasons": ["not_ready"], "unready": True, "stages": ["customer"]}), stage="customer"
    )
    ready(life, weeks(1))
    assert life.state.stage == "mql"
    life.happens(h.Refused("not_ready", weeks(2)), weeks(2))
    assert life.state.stage == "customer"


def test_sales_moves_the_lead_on_to_a_customer() -> None:
    life = handed_over()
    for to, stage in (("accepted", "sal"), ("contacted", "sal"), ("qualified", "sql"), ("won", "customer")):
        life.happens(h.Progressed(to, "rep"), weeks(3))
        assert life.state.stage == stage
    assert life.state.handoff is None


# Running out


def test_out_of_content_the_lead_moves_on_to_the_campaign_that_then_names() -> None:
    first = campaign_of(finish={"after": "60 days", "then": "long"})
    long = campaign_of("long", enroll={}, steps=[{"id": "news", "email": "t/news"}])
    life = arrived(first, long)
    mails = life.until(weeks(30))
    assert [(mail.campaign, mail.step) for mail in mails][-1] == ("long", "news")
    assert life.state.past[0].left_as == "finished"
    last = [mail for mail in mails if mail.campaign == "not-ready"][-1]
    ended = life.state.past[0].ended_at
    assert ended.date() - last.slot.local_on in (timedelta(days=60), timedelta(days=61))


def test_rest_means_no_mail_but_the_lead_may_qualify() -> None:
    life = arrived(campaign_of(finish={"after": "1 week", "then": "rest"}))
    life.until(weeks(20))
    assert life.state.enrollment is None
    ready(life, weeks(21))
    assert life.state.stage == "mql"


def test_thens_own_condition_is_obeyed() -> None:
    long = campaign_of("long", enroll={"when": "lead.country == 'GB'"})
    life = arrived(campaign_of(finish={"after": "1 week", "then": "long"}), long)
    life.until(weeks(20))
    assert life.state.enrollment is None


def test_an_appended_step_resumes_a_lead_that_had_run_out() -> None:
    life = arrived()
    life.until(weeks(8))
    assert life.state.enrollment.status == "exhausted"
    steps = [{"id": name, "email": "t/x"} for name in ("one", "two", "three", "four")]
    life.book = book_of(campaign_of(steps=steps))
    life.happens(h.CameDue(), weeks(9))
    assert [mail.step for mail in life.until(weeks(12))] == ["four"]


def test_a_paused_campaign_sends_nothing_and_goes_on_when_it_is_live_again() -> None:
    life = arrived()
    life.book = book_of(campaign_of(status="paused"))
    life.happens(h.CameDue(), weeks(0.5))
    assert life.state.enrollment.due_at is None
    life.book = book_of()
    life.happens(h.CameDue(), weeks(4))
    assert [mail.step for mail in life.until(weeks(20))] == ["one", "two", "three"]


def test_a_lead_refused_while_the_campaign_is_paused_rests_until_it_does_something() -> None:
    life = Life(book_of(campaign_of(status="paused")), lead())
    life.happens(h.Refused("not_ready", weeks(1), "import"), weeks(1))
    assert (life.state.stage, life.state.enrollment, life.state.ask_at) == ("nurture", None, None)
    life.book = book_of()
    life.happens(h.CameDue(), weeks(2))
    assert life.state.enrollment is None
    life.does("/about", now=weeks(3))
    assert life.state.enrollment.campaign == "not-ready"


# Leaving


def test_an_exit_line_ends_the_enrollment_with_its_own_reason() -> None:
    life = arrived(campaign_of(exit=[{"when": "lead.industry == 'education'", "reason": "not_our_market"}]))
    life.state = replace(life.state, profile=replace(life.state.profile, industry="Education"))
    life.happens(h.ProfileChanged(), weeks(1))
    assert life.state.past[-1].left_as == "not_our_market"
    assert life.state.enrollment is None


def test_unsubscribing_ends_it_and_cancels_what_is_on_its_way() -> None:
    life = arrived()
    life.happens(h.CameDue(), life.state.enrollment.due_at)
    life.happens(h.MustNotBeMailed("unsubscribed"))
    assert life.state.past[-1].left_as == "unsubscribed"
    assert life.state.deliveries[-1].state == "cancelled"
    assert life.until(weeks(40)) == []


def test_leaving_a_topic_leaves_only_its_campaigns() -> None:
    product, news = campaign_of("product", topic="product", priority=1), campaign_of("news", topic="news", priority=2)
    life = arrived(product, news)
    life.happens(h.MustNotBeMailed("topic_left", "product"))
    assert life.state.past[-1].left_as == "topic_left"
    assert life.state.enrollment.campaign == "news"


@pytest.mark.parametrize("stage", ["customer", "disqualified"])
def test_who_is_said_to_be_a_customer_or_out_of_the_question_leaves(stage: str) -> None:
    life = arrived()
    life.happens(h.Placed(stage))
    assert (life.state.stage, life.state.past[-1].left_as) == (stage, stage)
    assert life.until(weeks(40)) == []


def test_a_campaign_that_takes_customers_keeps_them() -> None:
    life = arrived(campaign_of(enroll={"unready": True, "stages": ["inquiry", "nurture", "customer"]}))
    life.happens(h.Placed("customer"))
    assert life.state.stage == "customer"
    assert [mail.step for mail in life.until(weeks(12))] == ["one", "two", "three"]


def test_while_sales_has_the_lead_only_sales_says_where_it_stands() -> None:
    life = handed_over()
    life.happens(h.Placed("disqualified"))
    assert life.state.stage == "mql"


def test_a_profile_that_changes_takes_a_resting_lead_up_again() -> None:
    life = arrived(campaign_of(enroll={"unready": True, "when": "lead.country == 'GB'"}))
    assert life.state.enrollment is None
    life.state = replace(life.state, profile=replace(life.state.profile, country="GB"))
    life.happens(h.ProfileChanged(), weeks(1))
    assert life.state.enrollment is not None


def test_by_hand_moves_a_running_enrollment() -> None:
    life = arrived(campaign_of(), campaign_of("other", enroll={}))
    life.happens(h.EnrolledByHand("other"))
    assert life.state.past[-1].left_as == "moved"
    assert life.state.enrollment.campaign == "other"


# Failing


def test_a_step_that_fails_for_good_is_passed_over() -> None:
    mails = arrived().until(weeks(12), fail="two")
    assert [mail.step for mail in mails] == ["one", "two", "three"]


def test_a_passing_failure_comes_again_at_the_next_slot_not_today() -> None:
    life = arrived()
    effects = life.happens(h.CameDue(), life.state.enrollment.due_at)
    mail = next(effect for effect in effects if isinstance(effect, fx.Queued))
    life.happens(h.SendFailed(mail.campaign, mail.step, mail.cycle, for_good=False))
    again = life.until(weeks(2))
    assert again[0].step == mail.step
    assert again[0].cycle == mail.cycle
    assert again[0].slot.local_on > mail.slot.local_on


# Slowing down


def many_steps() -> object:
    return campaign_of(steps=[{"id": f"s{n}", "email": "t/x"} for n in range(12)])


def test_after_four_unanswered_mails_they_come_every_four_weeks() -> None:
    mails = arrived(many_steps()).until(weeks(20))
    gaps = [(b.slot.local_on - a.slot.local_on).days for a, b in pairwise(mails)]
    assert max(gaps[:3]) < 14
    assert min(gaps[3:]) >= 28


def test_any_human_sign_ends_the_slow_down_and_replans_tomorrow_at_the_earliest() -> None:
    life = arrived(many_steps())
    life.until(weeks(6))
    assert life.state.enrollment.slow
    life.does("/about", now=weeks(6.5))
    assert not life.state.enrollment.slow
    assert weeks(6.5).date() < life.state.enrollment.due_at.date() <= (weeks(6.5) + timedelta(days=7)).date()


def test_an_open_does_not_end_the_slow_down() -> None:
    life = arrived(many_steps())
    life.until(weeks(6))
    life.happens(h.Did((EventFact("open", weeks(6.5)),)), weeks(6.5))
    assert life.state.enrollment.slow


# Limits


def test_limits_delay_and_never_skip() -> None:
    daily = {"every": "1 day", "days": "mon-sun", "hours": "09:00-11:30"}
    campaign = campaign_of(cadence=daily, steps=[{"id": f"s{n}", "email": "t/x"} for n in range(12)])
    life = Life(book_of(campaign, limits={"per_day": 1, "per_7_days": 2, "per_30_days": 5}), lead())
    life.happens(h.Arrived())
    mails = life.until(weeks(14))
    days = [mail.slot.local_on for mail in mails]
    assert [mail.step for mail in mails] == [f"s{n}" for n in range(12)]
    for day in days:
        assert sum(day - timedelta(days=6) <= other <= day for other in days) <= 2
        assert sum(day - timedelta(days=29) <= other <= day for other in days) <= 5


# After downtime


def test_after_downtime_a_late_mail_goes_to_the_next_allowed_slot() -> None:
    life = arrived()
    night = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
    assert life.state.enrollment.due_at < night
    life.happens(h.CameDue(), night)
    assert found(life, fx.Queued) == []
    due = life.state.enrollment.due_at
    assert due.date() == date(2026, 3, 17)


def test_three_weeks_of_downtime_end_in_one_mail_not_in_three() -> None:
    life = arrived()
    mails = life.until(life.state.enrollment.due_at)
    life.now = weeks(5)
    more = life.until(weeks(6.5))
    assert len(mails) == 1
    gaps = [(b.slot.local_on - a.slot.local_on).days for a, b in pairwise(more)]
    assert len(more) <= 2
    assert all(gap >= 7 for gap in gaps)
