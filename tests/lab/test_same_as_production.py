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

from nurture.agreement import ConsentTerms
from nurture.facts import STAGES
from nurture.sheets.people import Ground
from tests.lab import simulation
from tests.lab.drawing import scenario_of
from tests.lab.material import IDS
from tests.lab.plans import Plan, plans
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
