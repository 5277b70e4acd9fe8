"""What comes next: from the file as it is now and from what the lead has received."""

from dataclasses import replace

import pytest

from nurture.campaign import Step
from nurture.facts import DeliveryFact, LeadState
from nurture.rules import next_step
from nurture.rules.known import known
from tests.rules.examples import NOW
from tests.rules.lives import book_of, campaign_of, lead


def choice(campaign, state: LeadState, enrollment: int | None = 1):
    book = book_of(campaign)
    return next_step.choose(
        campaign, state, enrollment, lambda step: known(book, state, NOW, campaign=campaign, step=step)
    )


def got(step: str, state: str = "sent", *, cycle: int = 1, enrollment: int = 1, for_good: bool = False) -> DeliveryFact:
    return DeliveryFact("not-ready", step, cycle, enrollment, state, NOW.date(), NOW, for_good)  # type: ignore[arg-type]


def with_deliveries(*deliveries: DeliveryFact, **changes: object) -> LeadState:
    return lead(deliveries=deliveries, **changes)


def steps(*ids: str, **more: dict[str, object]) -> list[dict[str, object]]:
    return [{"id": name, "email": f"t/{name}", **more.get(name, {})} for name in ids]


def test_the_first_step_comes_first() -> None:
    assert choice(campaign_of(), lead()).step.id == "one"


@pytest.mark.parametrize("state", ["sending", "sent", "unknown"])
def test_a_step_that_left_or_may_have_left_is_received(state: str) -> None:
    assert choice(campaign_of(), with_deliveries(got("one", state))).step.id == "two"


@pytest.mark.parametrize("state", ["queued", "leased"])
def test_a_step_on_its_way_is_not_chosen_again(state: str) -> None:
    assert choice(campaign_of(), with_deliveries(got("one", state))).step.id == "two"


def test_a_cancelled_step_comes_again() -> None:
    assert choice(campaign_of(), with_deliveries(got("one", "cancelled"))).step.id == "one"


def test_a_step_that_failed_for_a_passing_reason_comes_again() -> None:
    assert choice(campaign_of(), with_deliveries(got("one", "failed"))).step.id == "one"


def test_a_step_that_failed_for_good_is_passed_over_in_its_cycle_only() -> None:
    failed = got("one", "failed", for_good=True)
    assert choice(campaign_of(), with_deliveries(failed)).step.id == "two"
    assert choice(campaign_of(), with_deliveries(failed, cycle=2), 2).step.id == "one"


def test_a_step_is_received_once_ever_over_all_cycles() -> None:
    state = with_deliveries(got("one"), got("two"), cycle=2)
    assert choice(campaign_of(), state, 2).step.id == "three"


def test_a_repeated_step_is_received_once_a_cycle() -> None:
    campaign = campaign_of(steps=steps("one", "two", one={"repeat": True}))
    assert choice(campaign, with_deliveries(got("one"), cycle=2), 2).step.id == "one"
    assert choice(campaign, with_deliveries(got("one"), cycle=1), 1).step.id == "two"


def test_in_sequence_steps_passed_over_stay_passed_over() -> None:
    only_large = {"two": {"when": "lead.employees >= 5000"}}
    campaign = campaign_of(steps=steps("one", "two", "three", "four", **only_large))
    state = with_deliveries(got("one"), got("three"))
    grown = replace(state, profile=replace(state.profile, employees=9000))
    assert choice(campaign, grown).step.id == "four"


def test_unseen_takes_the_first_one_left_wherever_it_stands() -> None:
    only_large = {"two": {"when": "lead.employees >= 5000"}}
    campaign = campaign_of(order="unseen", steps=steps("one", "two", "three", "four", **only_large))
    state = with_deliveries(got("one"), got("three"))
    grown = replace(state, profile=replace(state.profile, employees=9000))
    assert choice(campaign, state).step.id == "four"
    assert choice(campaign, grown).step.id == "two"


def test_a_new_enrollment_starts_at_the_top_and_skips_what_was_received() -> None:
    state = with_deliveries(got("two", enrollment=1))
    assert choice(campaign_of(), state, 2).step.id == "one"
    assert choice(campaign_of(), state, 1).step.id == "three"


def test_a_deleted_step_is_simply_gone() -> None:
    """Received: one, two. The file no longer holds two: what follows one that the file holds comes next."""
    campaign = campaign_of(steps=steps("one", "three"))
    assert choice(campaign, with_deliveries(got("one"), got("two"))).step.id == "three"


def test_a_renamed_step_is_a_new_one() -> None:
    campaign = campaign_of(steps=steps("one", "second", "three"))
    assert choice(campaign, with_deliveries(got("one"), got("two"))).step.id == "second"


def test_an_appended_step_reaches_leads_that_had_run_out() -> None:
    state = with_deliveries(got("one"), got("two"), got("three"))
    assert choice(campaign_of(), state).step is None
    assert choice(campaign_of(steps=steps("one", "two", "three", "four")), state).step.id == "four"


def test_a_condition_over_an_empty_field_passes_the_step_over_and_says_why() -> None:
    campaign = campaign_of(steps=steps("one", "two", one={"when": "lead.industry == 'manufacturing'"}))
    chosen = choice(campaign, lead())
    assert chosen.step.id == "two"
    assert chosen.passed[0][0] == "one"
    assert "lead.industry" in chosen.passed[0][1]


def test_variants_are_split_evenly_and_stay_for_ever() -> None:
    step = Step.model_validate({"id": "roi", "email": "t/roi", "variants": {"control": "t/roi", "short": "t/short"}})
    picked = [next_step.variant(step, f"lead{n}@buyer.example") for n in range(4000)]
    assert picked == [next_step.variant(step, f"lead{n}@buyer.example") for n in range(4000)]
    assert {template for _, template in picked} == {"t/roi", "t/short"}
    assert 1850 < sum(name == "control" for name, _ in picked) < 2150


def test_without_variants_the_step_has_its_own_template() -> None:
    assert next_step.variant(Step(id="a", email="t/a"), "k") == (None, "t/a")
