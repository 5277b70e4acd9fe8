"""A rule that is another one in simulation, or in production, does not stay hidden from the comparison.

Each test changes one rule on one side only, and lets the scenarios that have everything find it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pkgutil import resolve_name
from typing import Any

import pytest

from nurture.campaign import Step
from nurture.facts import MICRO
from nurture.rules.bots import Judgement
from tests.lab import simulation
from tests.lab.drawing import scenario_of
from tests.lab.stage import SEEDS, Stage, full
from tests.lab.stories import differences

Change = Callable[[Any], Any]
"""Makes the changed rule of the sound one."""


def never(answer: Any) -> Change:
    """The rule always says the same."""
    return lambda _: lambda *_args, **_more: answer


def another_hash(pick: Any) -> Any:
    return lambda choices, purpose, *parts: pick(choices, f"another {purpose}", *parts)


def two_days_more(full_span: Any) -> Any:
    return lambda day, span, most, counted: full_span(day, span + timedelta(days=2), most, counted)


def without_wait(wait_then_ask: Any) -> Any:
    return lambda draft, at, said: wait_then_ask(draft, at, said and said.model_copy(update={"wait": None}))


def without_after(soonest: Any) -> Any:
    def plain(step: Step) -> Step:
        return step.model_copy(update={"after": None})

    return lambda cadence, step, slow, last: soonest(cadence, plain(step), slow, last)


def a_day_later(finish_at: Any) -> Any:
    def later(*args: Any) -> Any:
        at = finish_at(*args)
        return at if at is None else at + timedelta(days=1)

    return later


def everybody_human(judge: Any) -> Any:
    return lambda hits, **more: {number: Judgement("human") for number in judge(hits, **more)}


def without_decay(_: Any) -> Any:
    return lambda half_life, horizon: (MICRO,) * (horizon + 1)


def with_old_counts(next_cycle: Any) -> Any:
    def begin(draft: Any, happening: Any) -> None:
        counts = draft.state.counts
        next_cycle(draft, happening)
        draft.state = replace(draft.state, counts=counts)

    return begin


RULES: dict[str, tuple[str, Change]] = {
    "slow-down": ("nurture.rules.cadence.is_slow", never(False)),
    "limits": ("nurture.rules.slots._full_span", two_days_more),
    "the minute's hash": ("nurture.rules.slots.pick", another_hash),
    "a variant's hash": ("nurture.rules.next_step.pick", another_hash),
    "a lead's zone": ("nurture.rules.cadence.zone_of", never("Asia/Tokyo")),
    "holidays": ("nurture.rules.calendar.holiday", never(None)),
    "a step's `after`": ("nurture.rules.cadence.soonest", without_after),
    "the order of steps": ("nurture.rules.next_step._position", never(-1)),
    "a reason's `wait`": ("nurture.rules.refusing._wait_then_ask", without_wait),
    "`again`": ("nurture.rules.taking.again_at", never(None)),
    "whom a campaign takes": ("nurture.rules.taking._unfit", never(None)),
    "`finish`": ("nurture.rules.planning._finish_at", a_day_later),
    "decay": ("nurture.rules.scoring.decay_table", without_decay),
    "a cycle's counts": ("nurture.rules.refusing._next_cycle", with_old_counts),
    "the cycle of an event": ("nurture.rules.counting.cycle_at", lambda _: lambda cycles, at: cycles[-1][0]),
    "what is history": ("nurture.rules.history.LONG_AGO", lambda _: timedelta(days=400)),
    "what is news": ("nurture.rules.history.LONG_AGO", lambda _: timedelta(0)),
    "what history counts": ("nurture.rules.life._remember", never(None)),
    "that nothing is done at night": ("nurture.rules.sla.at_work", lambda _: lambda hours, at: at),
    "programs' hits": ("nurture.rules.bots.judge", everybody_human),
    "the minute until hits are judged": ("nurture.lab.living.SETTLE", lambda _: timedelta(0)),
    "tries of a mail": ("nurture.lab.living.TRIES", lambda _: 1),
}


IN_PRODUCTION: dict[str, tuple[int, str, Change]] = {
    "slow-down": (43, *RULES["slow-down"]),
    "the minute until hits are judged": (118, "nurture.flows.hit.SETTLE", lambda _: timedelta(minutes=5)),
    "tries of a mail": (43, "nurture.flows.noting.TRIES", lambda _: 1),
    "what is counted": (43, "nurture.store.outcomes_lead.save_counts", never(None)),
    "what is history": (18, *RULES["what is history"]),
    "what people say of themselves": (43, "nurture.flows.identify.merge_traits", never(None)),
}
"""With the scenario that finds it: production takes its time."""


def change(patch: pytest.MonkeyPatch, where: str, how: Change) -> None:
    """Put the changed rule in the place of the one that this dotted name names."""
    patch.setattr(where, how(resolve_name(where)))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_another_in_simulation_shows(stage: Stage, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    played = [stage.played(seed) for seed in SEEDS]
    change(monkeypatch, *RULES[rule])
    # Scenarios are made anew: what rules have worked out once of a file's parts, they keep.
    simulated = (simulation.live(scenario_of(full(seed))) for seed in SEEDS)
    assert any(differences(*stories) for stories in zip(played, simulated, strict=True))


@pytest.mark.parametrize("rule", IN_PRODUCTION)
def test_a_rule_that_is_another_in_production_shows(stage: Stage, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    seed, *changed = IN_PRODUCTION[rule]
    simulated = simulation.live(scenario_of(full(seed)))
    change(monkeypatch, *changed)
    assert differences(stage.production(scenario_of(full(seed))), simulated)
