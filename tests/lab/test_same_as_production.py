"""Whatever is drawn: the real flows on PostgreSQL and the simulation tell the same story, to the microsecond.

Compared are the mails that were taken (lead, campaign, step, cycle, variant, local day, instant), the handoffs (lead,
instant, cycle, grade, score, reason, rep), the enrollments that ended (instant, word), and where every lead stands at
the end, with what would be next. Left out, knowingly:

- whom a handoff goes to, where several leads are offered at the same instant: production goes by the order of their
  rows, a simulation by that of the file;
- lateness: the clock is stepped to every instant at which anything is due, so no worker is ever late, and no answer of
  a mail server is ever lost;
- two things at the very same instant, and events that come in late: a simulation lets all happen when it happened;
- files that change meanwhile, and a second import: `nurture plan` and the tests of flows are about these;
- the token of a tracked link, which is signed for one lead of one database.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from nurture.agreement import ConsentTerms, Sla
from nurture.facts import STAGES
from nurture.sheets.people import Ground
from tests.lab import simulation
from tests.lab.drawing import scenario_of
from tests.lab.material import IDS
from tests.lab.plans import Plan, plans
from tests.lab.scenarios import Answer
from tests.lab.stage import SEEDS, Stage, full
from tests.lab.stories import differences

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""All but explaining, which would live through a failing scenario for minutes."""


@settings(max_examples=10, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans(most_people=2, most_events=8))
def test_production_and_simulation_tell_the_same_story(stage: Stage, plan: Plan) -> None:
    scenario = scenario_of(plan)
    told = differences(stage.production(scenario), simulation.live(scenario))
    note("\n".join(told))
    assert not told


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(max_examples=500, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(plan=plans())
def test_production_and_simulation_tell_the_same_story_again_and_again(stage: Stage, plan: Plan) -> None:
    scenario = scenario_of(plan)
    told = differences(stage.production(scenario), simulation.live(scenario))
    note("\n".join(told))
    assert not told


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scenario_that_has_everything_is_one_story_too(stage: Stage, seed: int) -> None:
    assert not differences(stage.played(seed), simulation.live(scenario_of(full(seed))))


def test_where_a_ground_is_required_both_ask_for_it_and_see_it_lapse(stage: Stage) -> None:
    drawn = scenario_of(full(SEEDS[0]))
    terms = ConsentTerms.model_validate(
        {"required": True, "countries": ["US"], "lapses": {"inquiry": "2 weeks"}, "accepts": ["consent", "inquiry"]}
    )
    agreement = drawn.book.agreement.model_copy(update={"consent": terms})
    grounds = (Ground("inquiry", drawn.start - timedelta(days=1)), None, Ground("contract"), Ground("consent"))
    people = tuple(
        replace(person, profile={**person.profile, "country": "US"}, reject_reason="not_ready", ground=ground)
        for person, ground in zip(drawn.people * 2, grounds, strict=False)
    )
    people = tuple(replace(person, email=f"{n}.{person.email}") for n, person in enumerate(people))
    scenario = replace(drawn, book=replace(drawn.book, agreement=agreement), people=people)
    story = simulation.live(scenario)
    assert not differences(stage.production(scenario), story)
    assert {left.word for left in story.left} >= {"no_consent"}


def test_leads_that_sales_lets_lie_come_back_alike(stage: Stage) -> None:
    """Forgotten; called in vain; spoken to, and never heard of again; given to somebody else meanwhile."""
    drawn = scenario_of(full(97))  # three of its leads are offered for what they did, weeks before it ends
    sla = {
        "hours": {"days": "mon-fri", "from": "09:00", "to": "17:00", "timezone": "America/Chicago", "holidays": "US"},
        "accept_within": "2 hours",
        "first_attempt_within": "1 day",
        "attempts": {"count": 3, "within": "2 days"},
        "outcome_within": "3 days",
        "on_breach": ["remind", "escalate", "reassign", "return_to_nurture"],
        "manager": "boss@acme.example",
    }
    agreement = drawn.book.agreement.model_copy(update={"sla": Sla.model_validate(sla), "reps": {}})
    minute = timedelta(minutes=1, microseconds=7)
    in_vain = [Answer(minute, "accept"), *(Answer(minute + timedelta(hours=n), "tried") for n in (1, 2, 3, 24))]
    answers = ((), tuple(in_vain), (Answer(minute, "accept"), Answer(2 * minute, "reached")))
    scenarios = [
        replace(drawn, book=replace(drawn.book, agreement=agreement), habits=replace(drawn.habits, answers=(way,)))
        for way in answers
    ]
    stories = [simulation.live(scenario) for scenario in scenarios]
    told = [differences(stage.production(one), story) for one, story in zip(scenarios, stories, strict=True)]
    assert told == [[], [], []]
    for story in stories:
        offered = {one.lead: one.cycle for one in story.offered}
        assert any(stand.cycle > offered.get(stand.lead, stand.cycle) for stand in story.stands), "none came back"


def test_the_scenarios_that_are_drawn_have_something_of_everything() -> None:
    """Else the other tests would hold together less than they seem to."""
    stories = [simulation.live(scenario_of(full(seed))) for seed in range(60)]
    words = {left.word for story in stories for left in story.left}
    assert words >= {"qualified", "hand_raise", "unsubscribed", "complained", "bounced", "finished", "not_for_us"}
    assert {stand.stage for story in stories for stand in story.stands} == set(STAGES)
    assert {offered.cycle for story in stories for offered in story.offered} >= {1, 2}
    assert {offered.hand_raise for story in stories for offered in story.offered} == {True, False}
    assert {sent.variant for story in stories for sent in story.sent} == {"", "long", "short"}
    assert {sent.campaign for story in stories for sent in story.sent} == set(IDS)
    assert any(stand.slow for story in stories for stand in story.stands)
    assert any(sent.at.second for story in stories for sent in story.sent), "none is late and spread anew"
    assert sum(len(story.sent) for story in stories) > 200


def test_the_comparison_tells_each_kind_of_difference() -> None:
    story = simulation.live(scenario_of(full(SEEDS[0])))
    for kind in ("sent", "offered", "left", "stands"):
        entries = getattr(story, kind)
        assert entries, kind
        other = replace(story, **{kind: entries[1:]})
        assert differences(story, other) == [f"only in production: {entries[0]}"]
        assert differences(other, story) == [f"only in simulation: {entries[0]}"]
