"""What changed files would do to a lead, decided by the rules before and after; and the words for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.campaign import Campaign
from nurture.facts import EnrollmentFact, LeadState, SignalCount
from nurture.lab.plan_change import Change
from nurture.lab.plan_lead import changes
from nurture.lab.plan_scope import Scope, scope_of
from nurture.rules import happenings as h
from nurture.rules.ahead import ahead, is_silent
from nurture.rules.book import Rulebook
from tests.rules.examples import NOW
from tests.rules.lives import Life, book_of, campaign_of, lead, weeks
from tests.rules.test_life_properties import BOOK, happenings, live


def same(template: str) -> str:
    return template


def between(before: Rulebook, after: Rulebook) -> Scope:
    return scope_of(before, after, same, same)


def found(before: Rulebook, after: Rulebook, state: LeadState, now: datetime = NOW) -> set[Change]:
    return {moved.change for moved in changes(between(before, after), state, now)}


def steps(*names: str, **of: Any) -> list[dict[str, Any]]:
    return [{"id": name, "email": f"t/{name}", **of.get(name, {})} for name in names]


def inside(book: Rulebook, until: datetime = NOW, **changes: Any) -> LeadState:
    """A lead that `not-ready` has taken, after some mails."""
    one = Life(book, lead(**changes))
    one.happens(h.Arrived())
    one.until(until)
    return one.state


BEFORE = book_of(campaign_of(steps=steps("one", "two", "three")))


def test_the_same_files_change_nothing_and_touch_nobody() -> None:
    scope = between(BEFORE, book_of(campaign_of(steps=steps("one", "two", "three"))))
    assert scope.touches_nobody
    assert not found(BEFORE, BEFORE, inside(BEFORE))


def test_a_step_put_first_comes_next_and_one_taken_away_does_not_come() -> None:
    after = book_of(campaign_of(steps=steps("zero", "two", "three")))
    assert found(BEFORE, after, inside(BEFORE)) == {
        Change("another_step", "not-ready", "zero", was="one"),
        Change("gets", "not-ready", "zero"),
        Change("loses", "not-ready", "one"),
    }


def test_an_appended_step_brings_back_who_had_run_out() -> None:
    after = book_of(campaign_of(steps=steps("one", "two", "three", "four")))
    state = inside(BEFORE, weeks(8))
    assert state.enrollment is not None
    assert state.enrollment.status == "exhausted"
    assert found(BEFORE, after, state, weeks(8)) == {
        Change("resumes", "not-ready", "four"),
        Change("gets", "not-ready", "four"),
    }
    assert found(after, BEFORE, inside(BEFORE, weeks(8)), weeks(8)) == {
        Change("runs_out", "not-ready", "four"),
        Change("loses", "not-ready", "four"),
    }


def test_an_exit_line_lets_go_whom_it_fits_and_says_who_takes_them() -> None:
    exits = [{"when": "lead.employees >= 500", "reason": "too_big"}]
    after = book_of(
        campaign_of(steps=steps("one", "two", "three"), exit=exits), campaign_of("next", enroll={"unready": True})
    )
    big, small = inside(BEFORE), inside(BEFORE, employees=20, title="Director", country="US")
    assert Change("leaves", "not-ready", becomes="too_big, then next") in found(BEFORE, after, big)
    assert not [change for change in found(BEFORE, after, small) if change.kind == "leaves"]
    assert Change("stays", "not-ready", "one") in found(after, BEFORE, big)


@pytest.mark.parametrize(
    ("after", "becomes"),
    [
        (book_of(campaign_of(status="paused", steps=steps("one", "two", "three"))), "paused"),
        (book_of(campaign_of("other")), "its file is gone"),
    ],
)
def test_a_campaign_that_stops_says_how(after: Rulebook, becomes: str) -> None:
    assert Change("stops", "not-ready", becomes=becomes) in found(BEFORE, after, inside(BEFORE))
    assert Change("starts", "not-ready", "one") in found(after, BEFORE, inside(BEFORE))


def test_another_rhythm_moves_the_next_mail_by_days() -> None:
    cadence = {"every": "3 weeks", "days": ["tue", "wed", "thu"], "hours": "09:00-11:30"}
    after = book_of(campaign_of(steps=steps("one", "two", "three"), cadence=cadence))
    state = inside(BEFORE, weeks(1.2))
    (moved,) = changes(between(BEFORE, after), state, weeks(1.2))
    assert (moved.change, moved.days) == (Change("later", "not-ready", "two"), 14)
    (back,) = changes(between(after, BEFORE), state, weeks(1.2))
    assert (back.change.kind, back.days) == ("earlier", -14)


def test_other_hours_move_the_minute_and_not_the_day() -> None:
    cadence = {"every": "1 week", "days": ["tue", "wed", "thu"], "hours": "14:00-16:00"}
    after = book_of(campaign_of(steps=steps("one", "two", "three"), cadence=cadence))
    (change,) = found(BEFORE, after, inside(BEFORE))
    assert change == Change("other_hour", "not-ready", "one")


def test_a_changed_text_reaches_those_who_are_still_to_get_it() -> None:
    def texts(template: str) -> str:
        return "new" if template == "t/two" else template

    after = book_of(campaign_of(steps=steps("one", "two", "three")))
    scope = scope_of(BEFORE, after, same, texts)
    assert [moved.change for moved in changes(scope, inside(BEFORE), NOW)] == [Change("text", "not-ready", "two")]
    assert not list(changes(scope, inside(BEFORE, weeks(3)), weeks(3)))


def test_a_changed_variant_reaches_those_who_get_that_variant() -> None:
    both = {"two": {"variants": {"long": "t/long", "short": "t/short"}}}
    before = book_of(campaign_of(steps=steps("one", "two", **both)))
    scope = scope_of(before, before, same, lambda template: template + "!" * (template == "t/short"))
    got = [bool(list(changes(scope, inside(before, key=f"k{n}"), NOW))) for n in range(40)]
    assert 5 < sum(got) < 35


def test_an_agreement_that_asks_less_qualifies_leads_and_hands_nobody_over() -> None:
    counts = tuple(
        SignalCount(BEFORE.agreement.signals[name].when.fingerprint, NOW.date(), 1)
        for name in ("pricing_page", "whitepaper")
    )
    state = replace(inside(BEFORE), counts=counts)
    easier = book_of(*BEFORE.campaigns.values(), qualify=[{"grades": ["A"], "score": 30, "signals": 2}])
    assert found(BEFORE, easier, state) == {Change("qualifies")}
    assert not found(easier, BEFORE, state)
    harder = book_of(*BEFORE.campaigns.values(), grades={"A": 90, "B": 35, "C": 10})
    assert found(BEFORE, harder, state) == {Change("grade", was="A", becomes="B")}


def test_campaigns_that_ask_for_the_grade_are_decided_by_the_grade_that_leads_will_have() -> None:
    exits = [{"when": "lead.grade == 'B'", "reason": "not_an_a"}]
    before = book_of(campaign_of(exit=exits))
    state = inside(before)
    assert state.grade == "A"
    harder = book_of(*before.campaigns.values(), grades={"A": 90, "B": 35, "C": 10})
    grade = Change("grade", was="A", becomes="B")
    assert found(before, harder, state) == {grade, Change("leaves", "not-ready", becomes="not_an_a")}
    resting = replace(lead(), stage="nurture", refused=True, reason="not_ready", grade="A")
    only_a = book_of(campaign_of(enroll={"reasons": ["not_ready"], "when": "lead.grade == 'A'"}))
    harder = book_of(*only_a.campaigns.values(), grades={"A": 90, "B": 35, "C": 10})
    assert found(only_a, harder, resting) == {grade, Change("not_taken", "not-ready")}
    assert between(BEFORE, book_of(*BEFORE.campaigns.values(), grades={"A": 90})).campaigns == frozenset()


def test_who_rests_may_be_taken_by_a_new_campaign_or_by_another() -> None:
    resting = replace(lead(), stage="nurture", refused=True, reason="no_budget", grade="A")
    budget = campaign_of("budget", enroll={"reasons": ["no_budget"]})
    two = book_of(campaign_of(steps=steps("one", "two", "three")), budget)
    assert found(BEFORE, two, resting) == {Change("taken", "budget")}
    assert found(two, BEFORE, resting) == {Change("not_taken", "budget")}
    early = campaign_of("early", enroll={"reasons": ["no_budget"]}, priority=1)
    three = book_of(campaign_of(steps=steps("one", "two", "three")), budget, early)
    assert found(two, three, resting) == {Change("taken_elsewhere", "early", was="budget")}


EDITS = st.sampled_from(["drop", "append", "insert", "pause", "slower", "exit", "unseen", "repeat", "none"])


def edited(book: Rulebook, edit: str, name: str) -> Rulebook:
    campaign = book.campaigns[name]
    changes: dict[str, Any] = {
        "drop": {"steps": campaign.steps[1:]},
        "append": {"steps": (*campaign.steps, campaign.steps[0].model_copy(update={"id": "appended"}))},
        "insert": {"steps": (campaign.steps[0].model_copy(update={"id": "inserted"}), *campaign.steps)},
        "pause": {"status": "paused"},
        "slower": {"cadence": campaign_of(cadence=SLOWER).cadence},
        "exit": {"exit": campaign_of(exit=[{"when": "lead.country == 'US'", "reason": "over"}]).exit},
        "unseen": {"order": "unseen"},
        "repeat": {"steps": tuple(step.model_copy(update={"repeat": True}) for step in campaign.steps)},
        "none": {},
    }[edit]
    other: Campaign = campaign.model_copy(update=changes)
    return Rulebook(book.agreement, {**book.campaigns, name: other})


SLOWER = {"every": "5 weeks", "days": ["mon"], "hours": "09:00-11:30"}


@settings(max_examples=80, deadline=None)
@given(st.lists(happenings(), max_size=20), EDITS, st.integers(0, 60 * 24 * 10))
def test_what_is_planned_is_what_happens_once_the_files_are_adopted(
    events: list[tuple[timedelta, str, object]], edit: str, later: int
) -> None:
    one, _ = live(events)
    state, now = one.state, one.now + timedelta(minutes=later)
    if state.enrollment is None or is_silent(state):
        return
    after = edited(BOOK, edit, state.enrollment.campaign)
    told = {change.kind: change for change in found(BOOK, after, state, now)}
    if any(mail.state in ("queued", "leased") for mail in state.deliveries):
        return  # what is queued goes first, whatever the files say
    # Adopting makes the enrollments of changed campaigns due at once; what differs then is the files' doing alone.
    woken = replace(state, enrollment=replace(state.enrollment, due_at=now))
    was, becomes = ahead(BOOK, woken, now), ahead(after, woken, now)
    assert isinstance(state.enrollment, EnrollmentFact)
    if "another_step" in told:
        assert (was.step, becomes.step) == (told["another_step"].was, told["another_step"].step)
    if "leaves" in told:
        assert becomes.action == "exit"
    if "resumes" in told:
        assert (was.action, becomes.action, becomes.step) == ("exhausted", "send", told["resumes"].step)
    if "runs_out" in told:
        assert was.action == "send"
        assert becomes.action == "exhausted"
    if "stops" in told:
        assert becomes.action == "none"
    if "later" in told or "earlier" in told:
        assert was.step == becomes.step
        assert ("later" in told) == (becomes.at > was.at)  # type: ignore[operator]
    moving = {"another_step", "leaves", "resumes", "runs_out", "stops", "later", "earlier", "no_day", "other_hour"}
    if not told.keys() & (moving | {"ends_earlier", "ends_later", "ends_elsewhere"}):
        assert (was.action, was.step, was.at) == (becomes.action, becomes.step, becomes.at)
