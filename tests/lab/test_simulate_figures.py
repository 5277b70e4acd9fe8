"""What many lives come to, told as figures, as a page, and by turns of sales."""

import gc
import re
import tracemalloc
from dataclasses import replace
from datetime import timedelta

from nurture.lab import resting
from nurture.lab.assigning import Offer, assigned
from nurture.lab.charts import bar, columns
from nurture.lab.page import page
from nurture.lab.simulation import simulate
from nurture.lab.tally import Tally
from nurture.lab.told import figures
from nurture.lab.wording import ended, gaps, rests, some, weeks_said
from nurture.rules import taking
from tests.lab.lives import EVERY_DAY, START, event, lived, person, tuesdays
from tests.lab.test_simulate_people import crowd, model
from tests.rules.examples import make_agreement
from tests.rules.lives import book_of, campaign_of

END = START + timedelta(weeks=6)


def told_of(book, *people, **more):
    tally = Tally(book, START, END)
    for life in lived(book, *people, **more):
        tally.add(life)
    return figures(tally)


def test_figures_add_up():
    book = tuesdays()
    told = told_of(book, *crowd(30), behaviour=model())
    assert told["leads"] == sum(told["stages"].values()) == 30
    assert told["mails"] == sum(told["per_day"].values()) == sum(told["campaigns"][0]["steps"].values())
    handed = sum(sum(weeks.values()) for weeks in told["handoffs_by_rep"].values())
    assert handed == sum(told["handoff_endings"].values()) > 0
    assert sum(told["campaigns"][0]["exits"].values()) == sum(told["exits_by_reason"].values())
    assert told["weeks"] == 6


def test_leads_that_run_out_are_counted_in_the_week_in_which_it_shows():
    told = told_of(tuesdays(), person())
    assert told["campaigns"][0]["ran_out_by_week"] == {"3": 1}
    assert told["dead_ends"] == []


def test_dead_ends_say_why_nobody_takes_the_lead():
    book = book_of(campaign_of(enroll={"reasons": ["not_ready"], "when": "lead.country == 'DE'"}))
    told = told_of(book, person(reject_reason="not_ready"), person("al@buyer.example", reject_reason="not_ready"))
    (end,) = told["dead_ends"]
    assert (end["leads"], end["refused_for"], end["left_as"]) == (2, "not_ready", None)
    assert end["why"] == {"not-ready": "lead.country is “US”, so \"lead.country == 'DE'\" does not hold"}
    assert told["campaigns_unentered"] == {"not-ready": "sales refuses for not_ready"}


def test_who_rests_because_the_file_says_so_is_no_dead_end():
    book = tuesdays(
        exit=[{"when": "lead.country == 'DE'", "reason": "wrong_place"}], finish={"after": "1 day", "then": "rest"}
    )
    moved = event("identify", START + timedelta(days=3), traits={"country": "DE"})
    told = told_of(book, person(reject_reason="not_ready"), person("al@x.example", reject_reason="not_ready"),
                   events=[moved])  # fmt: skip
    assert told["dead_ends"] == []
    assert [(rest["leads"], rest["campaign"], rest["because"], rest["takes"]) for rest in told["resting"]] == [
        (1, "not-ready", "then: rest", None),
        (1, "not-ready", "exit: wrong_place", None),
    ]
    ((heading, lines),) = rests(told)
    assert heading == "2 leads rest, as the campaign's file says"
    assert lines[0] == "1 lead, not-ready (then: rest); such as al@x.example"


def test_who_would_be_taken_after_a_rest_is_told_by_whom_and_when():
    first = campaign_of(finish={"after": "1 day", "then": "rest"}, priority=1)
    book = book_of(first, campaign_of("later", priority=2))
    told = told_of(book, person(reject_reason="not_ready"))
    assert told["dead_ends"] == []
    (rest,) = told["resting"]
    assert (rest["because"], rest["takes"], rest["takes_from"]) == ("then: rest", "later", None)
    ((_, lines),) = rests(told)
    assert "; later takes it as soon as it does something or the profile changes; such as" in lines[0]


def test_who_would_go_on_to_a_campaign_that_is_not_simulated_is_no_dead_end():
    told = told_of(tuesdays(finish={"after": "1 day", "then": "elsewhere"}), person())
    assert told["dead_ends"] == []
    assert [rest["because"] for rest in told["resting"]] == ["then: elsewhere"]


def test_who_may_come_again_later_but_is_not_asked_by_itself_is_told_from_when():
    enroll = {"reasons": ["not_ready"], "again": "after 90 days"}
    steps = [{"id": "one", "email": "t/one", "repeat": True}]
    book = book_of(campaign_of(enroll=enroll, steps=steps, finish={"after": "1 day", "then": "rest"}))
    (life,) = lived(book, person(reject_reason="not_ready"))
    again = replace(life.state, cycle=life.state.cycle + 1)
    found = {}
    assert resting.note(found, book, again, taking.choose(book, again, END))
    (rest,) = found.values()
    assert (rest.because, rest.takes) == (None, "not-ready")
    assert rest.takes_from == life.state.past[-1].ended_at + timedelta(days=90)


def test_the_weeks_of_something_are_said_briefly():
    assert weeks_said({}) == ""
    assert weeks_said({"3": 1}) == "in week 3"
    assert weeks_said({"3": 2, "4": 1}) == "from week 3, most then"
    assert weeks_said({"3": 2, "4": 5}) == "from week 3, most in week 4"


def test_who_is_refused_again_after_a_rest_and_taken_by_nobody_has_come_to_a_dead_end():
    book = book_of(campaign_of(finish={"after": "1 day", "then": "rest"}))
    (life,) = lived(book, person(reject_reason="not_ready"))
    again = replace(life.state, cycle=life.state.cycle + 1, reason="no_budget")
    assert not resting.note({}, book, again, taking.choose(book, again, END))
    assert resting.note({}, book, life.state, taking.choose(book, life.state, END))


def test_campaigns_that_are_for_other_leads_share_a_line_of_a_dead_end():
    book = book_of(
        campaign_of(enroll={"reasons": ["not_ready"], "when": "lead.country == 'DE'"}),
        campaign_of("b", enroll={"reasons": ["no_budget"]}),
        campaign_of("c", enroll={"reasons": ["no_budget"]}),
    )
    (end,) = told_of(book, person(reject_reason="not_ready"))["dead_ends"]
    assert list(end["why"]) == ["not-ready"]
    assert end["others"] == "the others do not list not_ready"
    assert ended(end)[1:] == ["the others do not list not_ready"]
    (end,) = told_of(book, person(title="Clerk"))["dead_ends"]
    assert (end["why"], ended(end)) == ({}, ["no campaign takes unready leads"])


def test_steps_that_had_no_time_are_told_apart_from_those_that_could_have_gone():
    steps = [
        {"id": "one", "email": "t/one"}, {"id": "never", "email": "t/two", "when": "lead.country == 'XX'"},
        {"id": "late", "email": "t/three", "after": "6 weeks"}, {"id": "last", "email": "t/four"},
    ]  # fmt: skip
    told = told_of(book_of(campaign_of(steps=steps)), person())
    assert told["steps_unreached"] == ["not-ready/never"]
    assert told["steps_beyond"] == ["not-ready/late", "not-ready/last"]
    assert gaps(told)[-1] == "Not within 6 weeks, as the campaigns' rhythm is: not-ready/late, not-ready/last."


def test_while_nobody_has_come_further_than_a_step_with_a_when_the_way_leads_over_it():
    steps = [
        {"id": "one", "email": "t/one"},
        {"id": "two", "email": "t/two", "when": "lead.country == 'US'", "after": "3 weeks"},
        {"id": "last", "email": "t/three", "when": "lead.country is not empty", "after": "4 weeks"},
    ]  # fmt: skip
    told = told_of(book_of(campaign_of(steps=steps)), person())
    assert (told["steps_unreached"], told["steps_beyond"]) == ([], ["not-ready/last"])
    steps[2]["when"] = "lead.country == 'XX'"
    told = told_of(book_of(campaign_of(steps=steps)), person())
    assert (told["steps_unreached"], told["steps_beyond"]) == (["not-ready/last"], [])


def test_a_campaign_that_nobody_can_enter_yet_is_no_warning():
    book = book_of(
        campaign_of(finish={"after": "30 days", "then": "next"}, priority=1),
        campaign_of("waits", enroll={"reasons": ["no_budget"]}),
        campaign_of("next", enroll={}),
        campaign_of("could", enroll={"reasons": ["wrong_person"]}),
    )
    told = told_of(book, person(), person("al@x.example", reject_reason="no_budget", rejected_at=START))
    assert list(told["campaigns_beyond"]) == ["next", "waits"]
    assert list(told["campaigns_unentered"]) == ["could"]


def test_whoever_is_out_for_good_or_with_sales_is_no_dead_end():
    people = [
        person(reject_reason="student"),
        person("a@x.example", do_not_email=True),
        person("b@x.example", stage="sql"),
    ]
    assert told_of(tuesdays(), *people)["dead_ends"] == []


def test_steps_that_nobody_was_sent_are_named():
    steps = [{"id": "one", "email": "t/one"}, {"id": "never", "email": "t/two", "when": "lead.country == 'XX'"}]
    told = told_of(book_of(campaign_of(steps=steps)), person())
    assert told["steps_unreached"] == ["not-ready/never"]


def test_what_moved_mails_and_who_waited_is_counted():
    book = book_of(campaign_of(cadence=EVERY_DAY), limits={"per_7_days": 1})
    told = told_of(book, person(), person("al@x.example", reject_reason="no_budget", rejected_at=START))
    assert (told["held"], told["mails_held"]) == ({"per_7_days": 2}, 2)
    assert told["waits"] == {"no_budget": 1}


def test_reps_take_turns_in_the_order_of_time_and_the_previous_one_comes_first():
    agreement = make_agreement(
        assign=[{"to": "previous"}, {"to": "owner"}, {"to": "colleague"}, {"to": ["a@acme.example", "b@acme.example"]}]
    )
    every = (0, 1, 2, 3)

    def offered(day, lead, owner=None, ends=None, reason=None):
        at = START + timedelta(days=day)
        return Offer(at, day, lead, every, owner, None if ends is None else START + timedelta(days=ends), reason)

    offers = [
        offered(3, "jo@one.example", ends=4, reason="not_ready"),
        offered(1, "al@two.example"),
        offered(5, "bo@two.example"),
        offered(6, "cy@own.example", owner="own@acme.example"),
        offered(7, "jo@one.example"),
        offered(8, "di@one.example"),
        offered(9, "ed@three.example", ends=9, reason="no_follow_up"),
        offered(10, "ed@three.example"),
    ]
    reps = [(one.lead[:2], rep[:3]) for one, rep in assigned(agreement, offers)]
    assert reps == [
        ("al", "a@a"), ("jo", "b@a"), ("bo", "a@a"), ("cy", "own"), ("jo", "b@a"), ("di", "b@a"), ("ed", "a@a"),
        ("ed", "b@a"),
    ]  # fmt: skip


def test_memory_grows_by_what_is_handed_over_and_by_nothing_else():
    book, behaviour = tuesdays(), model()

    def peak(count):
        tally, end = Tally(book, START, START + timedelta(weeks=12)), START + timedelta(weeks=12)
        gc.collect()
        tracemalloc.start()
        people = (person(f"lead{n}@buyer{n % 7}.example", reject_reason="not_ready") for n in range(count))
        for life in simulate(book, people, start=START, end=end, behaviour=behaviour):
            tally.add(life)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(150)  # what is worked out once, and what bounded caches keep of these very people, is no growth
    # Who gets a handoff depends on all before it, so that of each a few hundred bytes stay; a lead's life is 70 kB.
    assert peak(150) < peak(15) + 135 * 2_000


def test_the_page_is_whole_and_says_what_the_figures_say():
    book = tuesdays()
    tally = Tally(book, START, END)
    nasty = person("<b>jo</b>@x.example")
    for life in lived(book, nasty, *crowd(20), behaviour=model()):
        tally.add(life)
    html = page(figures(tally), company="A & B", file="leads<1>.csv", how="Rates.")
    assert "A &amp; B" in html
    assert "<b>jo" not in html
    assert "leads<1>" not in html
    assert not re.search(r"(src|href)=|@import|url\(", html)
    assert html.count("<svg") == 2
    assert f"{tally.mails:,}" in html


def test_the_page_of_nobody_is_a_page_too():
    html = page(figures(Tally(tuesdays(), START, END)), company="A", file="f", how="")
    assert "Nobody was handed to sales" in html


def test_a_chart_of_few_mails_is_no_higher_than_they_are_many():
    assert columns([1, 3, 0, 2], 6) == [(3, " █  "), (2, " █ █"), (1, "██ █")]
    assert [edge for edge, _ in columns([137], 6)] == [150, 100, 50]
    assert all(len(columns([most], 6)) <= min(6, most) for most in range(1, 300))


def test_one_is_said_as_one():
    assert (some(1, "mail"), some(0, "mail"), some(1200, "mail")) == ("1 mail", "0 mails", "1,200 mails")
    tally = Tally(tuesdays(), START, START + timedelta(weeks=1))
    for life in lived(tuesdays(), person(reject_reason="not_ready"), weeks=1):
        tally.add(life)
    html = page(figures(tally), company="A", file="f", how="")
    assert "<h1>1 lead, 1 week</h1>" in html
    assert not re.search(r"(?<![\d,.])1 (leads|mails|weeks|times|handoffs)\b", html)


def test_columns_and_bars_show_what_is_there():
    assert columns([0, 1, 10, 5], 1) == [(10, " ▁█▄")]
    assert columns([1, 20], 2) == [(20, " █"), (10, "▁█")]
    assert columns([0, 0], 3) == []
    assert (bar(0, 4), bar(0.001, 4), bar(0.5, 4), bar(1, 4)) == ("", "▏", "██", "████")
