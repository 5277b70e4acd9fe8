"""What happens next and why, in words; and that it is what the rules do."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.facts import LeadState
from nurture.rules import happenings as h
from nurture.rules.effects import Enrolled, LeftCampaign, Queued
from nurture.rules.why import Why, why
from tests.rules.examples import AGREEMENT, NOW, utc
from tests.rules.lives import Life, book_of, campaign_of, lead, weeks
from tests.rules.test_life_properties import BOOK, happenings, live


def rule(said: Why, name: str) -> tuple[bool, str]:
    return next((ruling.holds, ruling.because) for ruling in said.rules if ruling.rule == name)


def enrolled(*campaigns, **changes) -> Life:
    one = Life(book_of(*campaigns), lead(**changes))
    one.happens(h.Arrived())
    return one


def what_comes(one: Life) -> tuple[str, str | None, str | None, datetime | None]:
    """Let the lead's time come, as the clock does, until a mail is queued, it leaves, is taken, or nothing is due."""
    waiting = [mail for mail in one.state.deliveries if mail.state in ("queued", "leased")]
    if waiting:
        first = min(waiting, key=lambda mail: mail.at)
        return "send", first.campaign, first.step, first.at
    for _ in range(100):
        live = one.state.enrollment
        due = one.state.ask_at if live is None else live.due_at
        if due is None:
            return ("exhausted" if live is not None and live.status == "exhausted" else "none"), None, None, None
        for effect in one.happens(h.CameDue(), max(due, one.now)):
            if isinstance(effect, Queued):
                return "send", effect.campaign, effect.step, effect.slot.at
            if isinstance(effect, LeftCampaign):
                return ("exhausted" if effect.word == "finished" else "exit"), effect.campaign, None, one.now
            if isinstance(effect, Enrolled):
                return "wait", effect.enrollment.campaign, None, one.now
    raise AssertionError("nothing comes of it")


@settings(max_examples=60, deadline=None)
@given(st.lists(happenings(), max_size=25), st.integers(0, 20 * 24 * 60))
def test_what_is_said_to_come_next_is_what_comes_next(events: list[tuple[timedelta, str, object]], later: int) -> None:
    one, _ = live(events)
    now = one.now + timedelta(minutes=later)
    said = why(BOOK, one.state, now).next
    action, campaign, step, at = what_comes(Life(BOOK, one.state, now))
    if action in ("none", "exhausted") and at is None:
        assert said.action in (action, "wait")
        assert said.at is None or one.state.handoff is not None  # then it is what sales owes that comes next
    else:
        assert (said.action, said.campaign, said.step, said.at) == (action, campaign, step, at)


@settings(max_examples=40, deadline=None)
@given(st.lists(happenings(), max_size=25))
def test_every_rule_has_a_reason_and_one_step_at_most_comes_next(events: list[tuple[timedelta, str, object]]) -> None:
    one, _ = live(events)
    said = why(BOOK, one.state, one.now)
    assert all(ruling.because for ruling in said.rules)
    assert said.next.because
    steps = [ruling for ruling in said.rules if ruling.rule.endswith("comes next")]
    assert sum(ruling.holds for ruling in steps) <= 1


def test_a_step_says_what_its_condition_found() -> None:
    one = enrolled(
        campaign_of(
            steps=[
                {"id": "proof", "email": "t/x", "when": "lead.industry == 'manufacturing'"},
                {"id": "roi", "email": "t/x"},
            ]
        )
    )
    said = why(one.book, one.state, one.now)
    assert said.next.step == "roi"
    assert rule(said, "step proof comes next")[1] == (
        "it is not for this lead: lead.industry is not known, so \"lead.industry == 'manufacturing'\" cannot hold"
    )


def test_times_are_the_leads_own() -> None:
    one = enrolled(timezone="Asia/Kolkata")
    said = why(one.book, one.state, one.now)
    assert said.zone == "Asia/Kolkata"
    assert said.next.at is not None
    local = said.next.at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"at {local:%H:%M}" in said.next.because
    assert "Asia/Kolkata (its own zone)" in rule(said, "within days and hours")[1]


def test_a_zone_that_nobody_knows_is_the_companys_and_that_is_said() -> None:
    one = enrolled(timezone=None)
    assert (
        "the company's zone, as its own is not known"
        in rule(why(one.book, one.state, one.now), "within days and hours")[1]
    )


def test_limits_name_the_days_that_used_them_up() -> None:
    book = book_of(
        campaign_of(cadence={"every": "1 day", "days": "mon-sun", "hours": "09:00-10:00"}),
        limits={"per_day": 1, "per_7_days": 2},
    )
    one = Life(book, lead())
    one.happens(h.Arrived())
    mails = one.until(weeks(2))[:2]
    one = Life(book, lead())
    one.happens(h.Arrived())
    one.until(mails[1].slot.at)
    said = why(book, one.state, one.now)
    assert any(
        "2 mails already in the 7 days" in ruling.because for ruling in said.rules if ruling.rule == "moves the day"
    )


def test_the_slow_down_is_counted_and_explained() -> None:
    steps = [{"id": f"s{n}", "email": "t/x"} for n in range(8)]
    one = enrolled(campaign_of(steps=steps))
    one.until(weeks(5))
    holds, because = rule(why(one.book, one.state, one.now), "is slowed down")
    assert holds
    assert "4 mails in a row unanswered" in because
    assert "every 4 weeks" in because


def test_a_refusal_that_waits_says_until_when_and_who_takes_the_lead_then() -> None:
    one = enrolled(campaign_of(), campaign_of("budget", enroll={"reasons": ["no_budget"]}, priority=200))
    one.happens(h.Refused("no_budget", NOW))
    said = why(one.book, one.state, NOW)
    assert (said.next.action, said.next.campaign, said.next.at) == ("wait", "budget", NOW + timedelta(days=90))
    assert "its first mail would be `one`" in said.next.because
    assert not rule(said, "not-ready takes the lead")[0]
    assert rule(said, "is with nurture")[1].endswith("“No budget this year”")


def test_silence_is_explained() -> None:
    base = enrolled().state
    assert "with sales" not in why(book_of(), base, NOW).next.because
    for changes, words in (
        ({"suppressed": "bounced"}, "mail to it bounced"),
        ({"stage": "mql"}, "sales has the lead"),
        ({"stage": "disqualified", "reason": "student"}, "out of the question: “Student”"),
    ):
        said = why(book_of(), replace(base, enrollment=None, **changes), NOW)
        assert (said.next.action, said.next.at) == ("none", None)
        assert words in said.next.because


def test_a_lead_that_is_ready_and_offered_is_not_promised_to_be_offered() -> None:
    one = Life(book_of(), lead())
    one.does(*["/pricing"] * 2, "Webinar Attended", "Whitepaper Downloaded", now=NOW)
    assert one.state.handoff is not None
    holds, because = rule(why(one.book, one.state, NOW), "is ready for sales")
    assert holds
    assert "it was offered on" in because
    assert "it is offered when" not in because
    taken_back = replace(one.state, handoff=None)
    assert "offered" not in rule(why(one.book, taken_back, NOW), "is ready for sales")[1]
    with_us = replace(taken_back, stage="nurture")
    assert "it is offered when it next does something" in rule(why(one.book, with_us, NOW), "is ready for sales")[1]


def test_of_a_lead_with_sales_the_next_deadline_and_its_rung_are_told() -> None:
    one = Life(book_of(sla={**AGREEMENT["sla"], "on_breach": ["remind", "return_to_nurture"]}), lead())
    one.does(*["/pricing"] * 2, "Webinar Attended", "Whitepaper Downloaded", now=NOW)
    said = why(one.book, one.state, NOW)
    assert (said.next.action, said.next.at) == ("wait", utc(2026, 3, 2, 19))
    assert said.next.because == (
        "sales has the lead; unless sales has answered before, the owner is reminded on Mon 2 Mar at 13:00 "
        "(America/Chicago), rung 1 of `accept`"
    )
    holds, because = rule(said, "sales has answered")
    assert not holds
    assert because.startswith("due on Mon 2 Mar at 13:00 (America/Chicago); next, the owner is reminded")
    one.happens(h.DeadlineCame(), utc(2026, 3, 2, 19))
    said = why(one.book, one.state, utc(2026, 3, 2, 20))
    assert said.next.at == utc(2026, 3, 2, 23)
    assert "the lead goes back to nurture as `no_follow_up`" in said.next.because
    assert rule(said, "sales has answered")[1].startswith(
        "late since Mon 2 Mar at 13:00 (America/Chicago); the owner was reminded on Mon 2 Mar at 13:00"
    )


def test_a_campaign_that_is_paused_gone_or_out_of_steps_says_so() -> None:
    one = enrolled()
    paused = book_of(campaign_of(status="paused"))
    assert "it is paused" in why(paused, one.state, one.now).next.because
    gone = book_of(campaign_of("other"))
    assert "its file is gone" in why(gone, one.state, one.now).next.because
    one.until(weeks(12))
    said = why(one.book, one.state, one.now)
    assert (said.next.action, said.next.at) == ("exhausted", None)
    assert "it waits for new steps" in said.next.because


def test_an_end_says_when_and_where_to() -> None:
    one = enrolled(campaign_of(finish={"after": "30 days", "then": "long"}), campaign_of("long", enroll={}))
    one.until(weeks(3.5))
    said = why(one.book, one.state, one.now)
    assert said.next.action == "exhausted"
    assert "then long takes the lead" in said.next.because
    assert said.next.at is not None


def test_an_exit_line_that_holds_comes_before_everything() -> None:
    exits = [{"when": "lead.industry == 'education'", "reason": "not_our_market"}]
    one = enrolled(campaign_of(exit=exits))
    state: LeadState = replace(one.state, profile=replace(one.state.profile, industry="Education"))
    said = why(one.book, state, one.now)
    assert said.next.action == "exit"
    assert rule(said, "leaves as not_our_market")[0]


def test_steps_that_were_added_and_not_adopted_are_not_called_missing() -> None:
    one = enrolled()
    one.until(weeks(12))
    more = [{"id": name, "email": "t/x"} for name in ("one", "two", "three", "four")]
    said = why(book_of(campaign_of(steps=more)), one.state, one.now)
    assert said.next.action == "none"
    assert "not adopted yet" in said.next.because
