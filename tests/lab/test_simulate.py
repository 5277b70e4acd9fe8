"""Lives short enough to be worked out by hand: the calendar of March 2026 is in `tests/rules/examples`."""

from datetime import timedelta
from itertools import pairwise

import pytest

from nurture.lab.acts import Answer, Hit, Reply, RepSays, Stop, Visit
from tests.lab.lives import EVERY_DAY, START, Scripted, event, lived, mails, person, tuesdays
from tests.rules.examples import AGREEMENT, utc
from tests.rules.lives import book_of, campaign_of

MINUTE = timedelta(minutes=1)


def test_a_silent_lead_gets_every_step_on_its_day_and_then_has_run_out():
    (life,) = lived(tuesdays())
    assert mails(life) == [("one", "2026-03-03"), ("two", "2026-03-10"), ("three", "2026-03-17")]
    assert [(out.campaign, out.at) for out in life.ran_out] == [("not-ready", life.deliveries[-1].at)]
    assert (life.state.stage, life.exits, life.handoffs) == ("nurture", [], [])


def test_mails_go_by_the_clock_on_the_leads_wall():
    (chicago, tokyo) = lived(tuesdays(), person(), person("aya@buyer.example", timezone="Asia/Tokyo"), weeks=2)
    assert 15 <= chicago.deliveries[0].at.hour < 16
    assert tokyo.deliveries[0].at.date().isoformat() == "2026-03-03"
    assert tokyo.deliveries[0].at.hour == 0


def test_the_end_is_not_part_of_it():
    (whole,) = lived(tuesdays())
    (cut,) = lived(tuesdays(), end=whole.deliveries[2].at)
    assert mails(cut) == mails(whole)[:2]


def test_a_refused_lead_waits_as_its_reason_says():
    book = book_of(campaign_of(cadence=EVERY_DAY, enroll={"reasons": ["no_budget"]}))
    (life,) = lived(book, person(reject_reason="no_budget", rejected_at=utc(2026, 1, 1, 12)), weeks=8)
    assert life.entered == ["not-ready"]
    assert mails(life)[0][1] >= "2026-04-01"
    assert [(wait.reason, wait.until) for wait in life.waited] == [("no_budget", utc(2026, 4, 1, 12))]


def test_who_must_not_be_mailed_is_not_and_who_is_with_sales_does_not_arrive():
    quiet, sold = lived(tuesdays(), person(do_not_email=True), person("al@buyer.example", stage="sql"))
    assert (quiet.deliveries, quiet.state.suppressed) == ([], "unsubscribed")
    assert (sold.entered, sold.state.stage) == ([], "sql")


def test_a_mail_that_is_put_off_comes_again_and_one_that_is_refused_does_not():
    behaviour = Scripted(outcomes={"one": ["put_off"], "two": ["refused"]})
    (life,) = lived(tuesdays(), behaviour=behaviour)
    assert mails(life) == [("one", "2026-03-10"), ("three", "2026-03-17")]
    assert life.failed == {"put_off": 1, "refused": 1}


def test_a_dead_address_ends_it():
    (life,) = lived(tuesdays(), behaviour=Scripted(outcomes={"one": ["dead"]}))
    assert (life.deliveries, life.failed) == ([], {"dead": 1})
    assert [(left.campaign, left.reason) for left in life.exits] == [("not-ready", "bounced")]


def test_a_click_counts_a_minute_later_as_production_settles_it():
    def clicks(mail):
        return [Hit(mail.at + timedelta(hours=1), mail.lead, mail.campaign, mail.step, mail.cycle)]

    (life,) = lived(tuesdays(), behaviour=Scripted(after={"one": clicks}))
    assert life.state.engaged_at == life.deliveries[0].at + timedelta(hours=1)
    assert [count.count for count in life.state.counts] == [1]


def test_a_program_that_clicks_at_once_does_not_count():
    def scans(mail):
        return [Hit(mail.at + timedelta(seconds=2), mail.lead, mail.campaign, mail.step, mail.cycle)]

    (life,) = lived(tuesdays(), behaviour=Scripted(after={"one": scans}))
    assert (life.state.engaged_at, life.state.counts) == (None, ())


def test_a_click_in_a_mail_that_was_not_sent_is_not_heard():
    acts = [Hit(START + timedelta(days=2), "jo@buyer.example", "not-ready", "three", 1)]
    (life,) = lived(tuesdays(), acts=acts)
    assert life.state.engaged_at is None


def test_signals_hand_over_and_a_rejection_begins_the_next_cycle():
    def buys(mail):
        at = mail.at + timedelta(hours=2)
        visits = [Visit(at + MINUTE * n, mail.lead, "page", "/pricing") for n in range(2)]
        return [*visits, Visit(at + MINUTE * 5, mail.lead, "track", "Whitepaper Downloaded")]

    def rejects(handoff):
        return [RepSays(handoff.at + timedelta(days=1), handoff.lead, "reject", "not_ready", by="rep@acme.example")]

    (life,) = lived(tuesdays(), behaviour=Scripted(after={"one": buys}, sales=[rejects]))
    (handoff,) = life.handoffs
    assert (handoff.grade, handoff.score.micro, handoff.cycle) == ("A", 55_000_000, 1)
    assert (handoff.ended_as, handoff.reason) == ("rejected", "not_ready")
    assert [left.reason for left in life.exits] == ["qualified"]
    assert life.state.cycle == 2
    assert mails(life) == [("one", "2026-03-03"), ("two", "2026-03-10"), ("three", "2026-03-17")]


def test_what_a_rep_says_out_of_turn_is_not_heard():
    def muddles(handoff):
        says = ("qualified", "accept", "reached", "tried", "qualified", "won", "reject")
        return [
            RepSays(handoff.at + timedelta(days=n), handoff.lead, word, "not_ready") for n, word in enumerate(says, 1)
        ]

    acts = [Reply(START + timedelta(days=3), "jo@buyer.example")]
    (life,) = lived(tuesdays(), acts=acts, behaviour=Scripted(sales=[muddles]))
    assert (life.handoffs[0].ended_as, life.state.stage) == ("won", "customer")
    assert life.handoffs[0].ended_at == life.handoffs[0].at + timedelta(days=6)


def test_an_answer_is_an_attribute_and_counts_once():
    def answers(mail):
        said = (mail.lead, mail.campaign, mail.step, mail.cycle, "timing", "now")
        return [Answer(mail.at + MINUTE * n, *said) for n in (5, 6)]

    (life,) = lived(tuesdays(), behaviour=Scripted(after={"two": answers}))
    assert life.state.profile.attributes == {"timing": "now"}
    assert [handoff.because for handoff in life.handoffs] == ["it raised its hand: buying now"]


def test_who_wants_no_more_mail_gets_none():
    (life,) = lived(tuesdays(), acts=[Stop(START + timedelta(days=3), "jo@buyer.example")])
    assert len(life.deliveries) == 1
    assert [left.reason for left in life.exits] == ["unsubscribed"]


def test_what_happened_before_the_start_counts_as_history():
    seen = [event("page", START - timedelta(hours=2, minutes=n), path="/pricing") for n in range(2)]
    seen.append(event("track", START - timedelta(hours=1), name="Whitepaper Downloaded"))
    (life,) = lived(tuesdays(), events=seen)
    assert [handoff.at for handoff in life.handoffs] == [START]
    assert life.deliveries == []


def test_later_events_happen_at_their_time_and_an_identify_moves_the_zone():
    moves = event("identify", utc(2026, 3, 5, 12), traits={"timezone": "Asia/Tokyo"})
    (life,) = lived(tuesdays(), events=[moves], weeks=2)
    assert [mail.zone for mail in life.deliveries] == ["America/Chicago", "Asia/Tokyo"]


def test_an_event_about_somebody_new_makes_a_lead():
    at = utc(2026, 3, 5, 12)
    stranger = event("identify", at, email="new@buyer.example", traits={"title": "VP", "timezone": "America/Chicago"})
    known, new = lived(tuesdays(), events=[stranger])
    assert (new.lead, new.line, new.entered) == ("new@buyer.example", 0, ["not-ready"])
    assert mails(new)[0] == ("one", "2026-03-10")
    assert len(known.deliveries) == 3


def test_an_anonymous_visit_counts_once_the_visitor_is_known():
    visits = [
        event("page", START + timedelta(days=1, minutes=n), email=None, anonymous_id="v1", path="/pricing")
        for n in range(2)
    ]
    form = event("track", START + timedelta(days=2), anonymous_id="v1", name="Whitepaper Downloaded")
    (life,) = lived(tuesdays(), events=[*visits, form])
    assert [handoff.at for handoff in life.handoffs] == [START + timedelta(days=2)]


def test_an_event_that_came_twice_counts_once():
    twice = [event("page", START + timedelta(days=1), path="/pricing", message_id="m1")] * 2
    (life,) = lived(tuesdays(), events=twice)
    assert [count.count for count in life.state.counts] == [1]


def test_who_somebody_is_comes_twice_and_is_told_once():
    told = [
        event("identify", START + timedelta(days=day), message_id=id_, client_at=START, traits={"title": title})
        for day, id_, title in ((1, "m1", "CTO"), (2, "m2", "CEO"), (3, "m1", "CTO"))
    ]
    (life,) = lived(tuesdays(), events=told)
    assert life.state.profile.title == "CEO"


def test_one_campaign_alone_takes_everybody_whom_it_may_hold():
    book = book_of(campaign_of(enroll={"reasons": ["no_budget"]}, cadence=EVERY_DAY))
    people = (person(), person("al@buyer.example", stage="sql"))
    assert [life.entered for life in lived(book, *people)] == [[], []]
    assert [life.entered for life in lived(book, *people, campaign="not-ready")] == [["not-ready"], []]


def test_a_mail_says_what_held_it_back():
    book = book_of(campaign_of(cadence=EVERY_DAY), limits={"per_7_days": 1})
    (life,) = lived(book)
    days = [mail.local_on for mail in life.deliveries]
    assert [(later - day).days for day, later in pairwise(days)] == [7, 7]
    assert [mail.held for mail in life.deliveries] == [(), ("per_7_days",), ("per_7_days",)]


def test_who_answers_nothing_is_slowed_down():
    book = tuesdays()
    slow = book_of(
        campaign_of(
            cadence={
                "every": "1 week",
                "days": ["tue"],
                "hours": "09:00-10:00",
                "slow_down": {"after": 2, "every": "4 weeks"},
            }
        )
    )
    assert mails(lived(book)[0])[2][1] == "2026-03-17"
    (life,) = lived(slow, weeks=8)
    assert mails(life)[2][1] == "2026-04-07"
    assert [mail.held for mail in life.deliveries] == [(), (), ("slow-down",)]


@pytest.mark.parametrize("end", [START, START - timedelta(days=1)])
def test_no_time_at_all_leaves_everybody_as_they_arrived(end):
    (life,) = lived(tuesdays(), end=end)
    assert (life.entered, life.deliveries) == (["not-ready"], [])


LATE = {**AGREEMENT["sla"], "on_breach": ["remind", "escalate", "reassign", "return_to_nurture"]}


def ready():
    """What makes a lead ready without its asking for anybody."""
    visits = [Visit(START + timedelta(hours=n), "jo@buyer.example", "page", "/pricing") for n in (1, 2)]
    return [
        *visits,
        Visit(START + timedelta(hours=3), "jo@buyer.example", "track", "Webinar Attended", {"minutes": 45}),
    ]


def test_a_handoff_that_nobody_answers_comes_back_and_goes_round():
    every = ["not_ready", "no_follow_up", "unreachable", "no_outcome"]
    book = book_of(campaign_of(enroll={"reasons": every, "unready": True}), sla=LATE)
    (life,) = lived(book, acts=ready(), weeks=4)
    (handoff,) = life.handoffs
    assert (handoff.ended_as, handoff.reason) == ("returned", "no_follow_up")
    assert [(rung.promise, rung.rung, rung.action) for rung in handoff.rungs] == [
        ("accept", 1, "remind"),
        ("accept", 2, "escalate"),
        ("first_attempt", 1, "remind"),
        ("accept", 3, "reassign"),
        ("accept", 4, "return_to_nurture"),
    ]
    assert (life.state.stage, life.state.cycle) == ("nurture", 2)
    assert life.entered == ["not-ready", "not-ready"]


def test_calls_in_vain_bring_it_back_as_unreachable():
    def calls(handoff):
        return [
            RepSays(handoff.at + timedelta(hours=n), handoff.lead, says)
            for n, says in enumerate(("accept", "tried", "tried"))
        ]

    book = book_of(sla={**LATE, "attempts": {"count": 2, "within": "3 days"}})
    (life,) = lived(book, acts=ready(), weeks=4, behaviour=Scripted(sales=[calls]))
    assert [(one.ended_as, one.reason, one.rungs) for one in life.handoffs] == [("returned", "unreachable", ())]
