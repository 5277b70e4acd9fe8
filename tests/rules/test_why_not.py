"""Why a lead did not get a certain step."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.rules import happenings as h
from nurture.rules.past_mails import PastMail
from nurture.rules.why_not import StepWhy, why_not
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, campaign_of, lead, track, weeks
from tests.rules.test_life_properties import BOOK, happenings, live

STEPS = [
    {"id": "one", "email": "t/x"},
    {"id": "proof", "email": "t/x", "when": "lead.industry == 'manufacturing'"},
    {"id": "two", "email": "t/x", "variants": {"control": "t/x", "short": "t/y"}},
    {"id": "three", "email": "t/x"},
]


def enrolled(*campaigns, **changes) -> Life:
    one = Life(book_of(*(campaigns or (campaign_of(steps=STEPS),))), lead(**changes))
    one.happens(h.Arrived())
    return one


def asked(one: Life, step: str, campaign: str = "not-ready", **more) -> StepWhy:
    return why_not(one.book, one.state, one.now, campaign, step, **more)


def test_a_step_still_to_come_says_when_at_the_earliest() -> None:
    one = enrolled()
    said = asked(one, "three")
    assert said.verdict == "later"
    mails = {mail.step: mail.slot.at for mail in one.until(weeks(8))}
    assert said.at == mails["three"]
    assert asked(Life(one.book, enrolled().state), "one").verdict == "next"


def test_the_earliest_day_is_that_of_a_lead_that_is_not_slowed_down() -> None:
    steps = [{"id": f"s{n}", "email": "t/x"} for n in range(7)]
    one = enrolled(campaign_of(steps=steps))
    at = asked(one, "s6").at
    slow = {mail.step: mail.slot.at for mail in one.until(weeks(40))}
    assert at is not None
    assert at < slow["s6"]


def test_received_passed_over_and_not_for_this_lead() -> None:
    one = enrolled()
    said = asked(one, "proof")
    assert said.verdict == "does_not_fit"
    assert "lead.industry is not known" in said.because
    one.until(weeks(3))
    assert asked(one, "one").verdict == "received"
    (first, *_) = one.state.deliveries
    assert f"received on {first.local_on:%a} {first.local_on.day} Mar" in asked(one, "one").because
    passed = asked(one, "proof")
    assert passed.verdict == "passed_over"
    assert "beyond it" in passed.because
    assert "lead.industry is not known" in passed.because
    assert asked(one, "two").variant in ("control", "short")


def test_a_mail_that_failed_for_good_is_told_with_its_reason() -> None:
    one = enrolled()
    one.until(weeks(3), fail="one")
    mails = [PastMail("failed", 1, date(2026, 3, 5), "550 no such user", None, for_good=True)]
    said = asked(one, "one", mails=mails)
    assert said.verdict == "failed"
    assert said.mails == (
        "cycle 1, Thu 5 Mar: could not be sent (550 no such user); it is not tried again in this cycle",
    )


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("cancelled", "window over", "the hours of its day were over"),
        ("cancelled", "with sales", "sales had the lead by then"),
        ("cancelled", "limit", "limits of 7 or 30 days"),
        ("cancelled", "hand_raise", "raised its hand"),
        ("cancelled", "bounced", "left the campaign first (bounced)"),
        ("cancelled", "not_our_market", "exit line `not_our_market`"),
        ("unknown", "the answer was lost", "nurture deliveries resolve"),
        ("failed", None, "no reason was given"),
        ("queued", None, "queued"),
    ],
)
def test_what_became_of_a_mail_is_a_sentence(state: str, reason: str | None, words: str) -> None:
    said = asked(enrolled(), "one", mails=[PastMail(state, 1, date(2026, 3, 5), reason)])
    assert words in said.mails[0]


def test_other_campaigns_silence_and_files_that_are_gone() -> None:
    one = enrolled(campaign_of(steps=STEPS), campaign_of("british", enroll={"when": "lead.country == 'GB'"}))
    elsewhere = asked(one, "one", campaign="british")
    assert elsewhere.verdict == "other_campaign"
    assert "the lead is in not-ready" in elsewhere.because
    assert "lead.country is “US”" in elsewhere.because
    assert asked(one, "gone").verdict == "gone"
    assert asked(one, "x", campaign="nowhere").verdict == "gone"
    paused = Life(book_of(campaign_of(status="paused", steps=STEPS)), one.state)
    assert asked(paused, "one").verdict == "not_live"
    suppressed = Life(one.book, replace(one.state, suppressed="unsubscribed", enrollment=None))
    assert "it unsubscribed" in asked(suppressed, "one").because
    one.happens(h.Did((track("Demo Requested", NOW),)), NOW)
    gone = asked(one, "one")
    assert gone.verdict == "silent"
    assert "sales has the lead" in gone.because
    assert "until Mon 2 Mar at 06:00 (`hand_raise`)" in gone.because


def test_a_lead_in_no_campaign_is_told_why_this_one_does_not_take_it() -> None:
    one = enrolled(campaign_of(steps=STEPS), campaign_of("budget", enroll={"reasons": ["no_budget"]}, priority=200))
    one.happens(h.Refused("no_budget", NOW))
    waits = asked(one, "one", campaign="budget")
    assert (waits.verdict, waits.at) == ("waits", one.state.ask_at)
    assert "then budget takes it" in waits.because
    resting = Life(one.book, replace(one.state, ask_at=None, mail_from=None))
    assert "which this campaign does not list" in asked(resting, "one").because


@settings(max_examples=40, deadline=None)
@given(st.lists(happenings(), max_size=20))
def test_every_step_of_every_campaign_has_an_answer(events: list) -> None:
    one, _ = live(events)
    for campaign in BOOK.campaigns.values():
        for step in campaign.steps[:3]:
            said = why_not(BOOK, one.state, one.now, campaign.id, step.id)
            assert said.because
            had = {(m.campaign, m.step) for m in one.state.deliveries if m.state in ("sent", "sending", "unknown")}
            if said.verdict == "received":
                assert (campaign.id, step.id) in had
