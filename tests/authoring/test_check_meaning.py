"""What can never happen, at its place; and no alarm where it can."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from nurture.agreement import Agreement
from nurture.authoring.check import check
from nurture.authoring.meaning.grades import possible_grades, possible_points
from nurture.authoring.meaning.scores import highest_score
from nurture.facts import MICRO, SignalCount
from nurture.rules.scoring import score
from nurture.workspace import load_agreement
from tests.authoring.examples import WORKSPACE, Example, examples, said_of

A = "campaigns/agreement.yaml"
MORE = list(examples(Path(__file__).parent / "more_checks.md"))


@pytest.mark.parametrize("example", MORE, ids=lambda example: f"{example.code} {example.title}")
def test_each_example_gives_what_is_said_and_no_more(tmp_path: Path, example: Example):
    example.write(tmp_path)
    found = [one for one in check([tmp_path]) if one.code.startswith("N1")]
    told = [(one.file, one.line, one.column, one.severity, said_of(one)) for one in found]
    assert sorted(told) == example.placed()
    assert example.code == "N000" or example.code in {one.code for one in found}


def agreement(tmp_path, text) -> Agreement:
    Example("", "", {A: text}).write(tmp_path)
    return load_agreement(tmp_path / A)


def test_the_highest_score_is_that_of_a_lead_which_does_everything_every_day(tmp_path):
    signals = """signals:
  pricing: {when: {page: "/p*"}, points: 20, at_most: 2 per day, half_life: 3 days}
  prices: {when: {page: "/P*"}, points: -5, at_most: 4 per day}
  webinar: {when: {track: W}, points: 30, at_most: 1 per day}
  jobs: {when: {page: "/jobs"}, points: -10}
horizon: 9 days
"""
    found = agreement(tmp_path, signals)
    day = date(2026, 11, 2)
    matchers = {name: signal.when.fingerprint for name, signal in found.signals.items()}
    days = [day - timedelta(days=age) for age in range(10)]

    def best(name):
        return max(
            (tuple(SignalCount(matchers[name], one, n) for one in days) for n in range(6)),
            key=lambda counts: score(found, counts, day).micro,
        )

    # On each day by itself: what is best today is not what is best a week ago.
    per_day = 0
    for one in days:
        per_day += max(score(found, [SignalCount(matchers["pricing"], one, n)], day).micro for n in range(6))
        per_day += max(score(found, [SignalCount(matchers["webinar"], one, n)], day).micro for n in range(6))
    assert highest_score(found) == per_day
    assert per_day >= score(found, (*best("pricing"), *best("webinar")), day).micro


def test_without_a_cap_there_is_no_highest_score(tmp_path):
    assert highest_score(agreement(tmp_path, 'signals:\n  a: {when: {page: "/a"}, points: 1}\n')) is None


def test_only_capped_points_count_towards_the_highest_score(tmp_path):
    text = """signals:
  a: {when: {page: "/a"}, points: 7, at_most: 3 per day}
  b: {when: {page: "/b"}, points: -7}
horizon: 1 day
half_life: 1 day
"""
    assert highest_score(agreement(tmp_path, text)) == (21 + 10.5) * MICRO


def test_criteria_that_exclude_each_other_do_not_add_up(tmp_path):
    text = """fit:
  - {name: Here, when: "lead.country == 'US'", points: 40}
  - {name: There, when: "lead.country == 'GB'", points: 30}
  - {name: Big, when: "lead.employees >= 100", points: 20}
  - {name: Small, when: "lead.employees < 20", points: -20}
grades: {A: 61, B: 30, C: 10, unknown: D}
"""
    found = agreement(tmp_path, text)
    assert possible_points(found) == {40, 30, 0, 60, 50, 20, 10, -20}
    assert possible_grades(found) == {"B", "C", "D"}


def test_a_grade_of_its_own_can_be_given(tmp_path):
    text = """fit:
  - {name: Boss, when: "lead.title | matches('ceo')", grade: A}
grades: {A: 60, B: 30, C: 10, unknown: C}
"""
    assert possible_grades(agreement(tmp_path, text)) == {"A", "C", "D"}


def test_the_example_that_we_ship_has_neither_error_nor_warning():
    assert [str(problem) for problem in check([WORKSPACE.parents[2]]) if problem.code.startswith("N1")] == []
