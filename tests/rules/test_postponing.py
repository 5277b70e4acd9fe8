"""An absence or a pause moves mails and nothing else, outlives sales, and can be taken back."""

from datetime import datetime, timedelta

from nurture.facts import LeadState
from nurture.rules import happenings as h
from nurture.rules.book import Rulebook
from nurture.rules.effects import Cancelled, HandedOver, PutOff, Queued
from nurture.rules.why import why
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, campaign_of, lead, weeks

AWAY, PAUSED = "out of office", "paused by the lead"
STEPS = [{"id": f"s{n}", "email": "t/x"} for n in range(30)]


def in_campaign() -> Life:
    one = Life(book_of(campaign_of(steps=STEPS)), lead())
    one.happens(h.Arrived())
    return one


def due_at(one: Life) -> datetime:
    enrollment = one.state.enrollment
    assert enrollment is not None
    assert enrollment.due_at is not None
    return enrollment.due_at


def slots(one: Life, *, until: float) -> list[float]:
    """The days from the beginning on which mails go, up to so many weeks."""
    return [(mail.slot.at - NOW) / timedelta(days=1) for mail in one.until(weeks(until))]


def test_no_mail_goes_before_the_lead_is_back_and_then_they_go_on() -> None:
    one = in_campaign()
    one.happens(h.Postponed(weeks(3), AWAY))
    assert one.state.mail_from == weeks(3)
    mails = slots(one, until=6)
    assert mails
    assert min(mails) >= 21


def test_a_mail_that_waits_in_the_outbox_is_called_back_and_goes_later_once() -> None:
    one = in_campaign()
    due = due_at(one)
    (queued,) = (effect for effect in one.happens(h.CameDue(), due) if isinstance(effect, Queued))
    followed = one.happens(h.Postponed(due + timedelta(days=10), AWAY), due)
    assert [effect.rule for effect in followed if isinstance(effect, Cancelled)] == ["postponed"]
    again = one.until(due + timedelta(days=17))[0]
    assert (again.step, again.slot.at >= due + timedelta(days=10)) == (queued.step, True)


def test_a_mail_that_goes_after_the_absence_is_not_touched() -> None:
    one = in_campaign()
    due = due_at(one)
    one.happens(h.CameDue(), due)
    followed = one.happens(h.Postponed(due - timedelta(minutes=1), AWAY), due - timedelta(hours=2))
    assert not any(isinstance(effect, Cancelled) for effect in followed)


def test_the_later_of_two_reasons_rules_and_each_can_be_taken_back() -> None:
    one = in_campaign()
    one.happens(h.Postponed(weeks(2), AWAY))
    one.happens(h.Postponed(weeks(8), PAUSED))
    assert one.state.mail_from == weeks(8)
    one.happens(h.Postponed(NOW, PAUSED))
    assert one.state.mail_from == weeks(2)
    one.happens(h.Postponed(NOW, AWAY))
    assert not one.state.postponed
    assert min(slots(one, until=2)) < 14


def test_a_refusals_wait_is_there_again_when_the_absence_is_taken_back() -> None:
    one = Life(book_of(campaign_of(enroll={"reasons": ["no_budget"]})), lead(stage="nurture"))
    one.happens(h.Refused("no_budget", NOW))
    wait = one.state.mail_from
    assert wait == NOW + timedelta(days=90)
    one.happens(h.Postponed(NOW + timedelta(days=120), PAUSED))
    assert one.state.mail_from == NOW + timedelta(days=120)
    one.happens(h.Postponed(NOW, PAUSED))
    assert (one.state.mail_from, one.state.ask_at) == (wait, wait)


def test_a_pause_outlives_a_handoff_and_its_refusal() -> None:
    one = in_campaign()
    one.happens(h.Postponed(weeks(10), PAUSED))
    followed = one.does("Demo Requested", now=weeks(1))
    assert any(isinstance(effect, HandedOver) for effect in followed)
    one.happens(h.Refused("not_ready", weeks(2)), weeks(2))
    assert one.state.enrollment is not None
    assert min(slots(one, until=14)) >= 70


def test_saying_the_same_again_changes_nothing() -> None:
    one = in_campaign()
    assert any(isinstance(effect, PutOff) for effect in one.happens(h.Postponed(weeks(3), AWAY)))
    assert one.happens(h.Postponed(weeks(3), AWAY)) == ()


def test_why_says_what_mail_waits_for() -> None:
    one = in_campaign()
    one.happens(h.Postponed(weeks(3), AWAY))
    assert "out of office until Mon 23 Mar" in said(one.book, one.state)


def said(book: Rulebook, state: LeadState) -> str:
    return "\n".join(rule.because for rule in why(book, state, NOW).rules)
