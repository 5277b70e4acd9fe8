from typing import Any

import pytest

from nurture.rules import grading
from tests.rules.examples import AGREEMENT, known_of, make_agreement

AGREED = make_agreement()
BUYER: dict[str, Any] = {"title": "VP Sales", "country": "US", "employees": 500}


def test_points_of_the_criteria_that_hold_add_up_to_a_grade() -> None:
    graded = grading.grade(AGREED, known_of(**BUYER))
    assert (graded.grade, graded.points, graded.decided_alone) == ("A", 80, False)
    assert {row.name: row.holds for row in graded.rows} == {
        "Decision maker": True,
        "Served country": True,
        "Big enough": True,
        "Free mail": False,
        "Student": False,
    }


@pytest.mark.parametrize(
    ("points", "grade"), [(60, "A"), (59, "B"), (35, "B"), (34, "C"), (10, "C"), (9, "D"), (0, "D"), (-20, "D")]
)
def test_a_grade_begins_at_its_points(points: int, grade: str) -> None:
    fit = [{"name": "Worth it", "when": "lead.title == 'x'", "points": points}]
    assert grading.grade(make_agreement(fit=fit), known_of(title="x")).grade == grade


def test_negative_points_count() -> None:
    assert grading.grade(AGREED, known_of(**BUYER) ).points - grading.grade(
        AGREED, known_of(**BUYER | {"email": "jo@gmail.com"})
    ).points == 20  # fmt: skip


def test_a_criterions_own_grade_decides_alone() -> None:
    graded = grading.grade(AGREED, known_of(**BUYER | {"title": "Student, head of the debating club"}))
    assert (graded.grade, graded.points, graded.decided_alone) == ("D", 80, True)


def test_of_several_own_grades_the_worst_decides() -> None:
    fit = [
        {"name": "Partner", "when": "lead.title == 'x'", "grade": "B"},
        {"name": "Student", "when": "lead.title == 'x'", "grade": "D"},
        {"name": "Friend", "when": "lead.title == 'x'", "grade": "A"},
    ]
    graded = grading.grade(make_agreement(fit=fit), known_of(title="x"))
    assert (graded.grade, graded.decided_alone) == ("D", True)


def test_a_lead_of_which_only_the_address_is_known_is_unknown() -> None:
    ours = {"stage": "inquiry", "cycle": 1, "score": 0.0, "grade": None}
    empty = dict.fromkeys(("first_name", "title", "country", "employees", "source"))
    assert grading.grade(AGREED, known_of(**ours, **empty)).grade == "C"
    assert grading.grade(AGREED, known_of(title="  ")).grade == "C"


def test_what_follows_from_the_address_alone_does_not_make_a_lead_known() -> None:
    graded = grading.grade(AGREED, known_of(email="jo@gmail.com"))
    assert (graded.grade, graded.points) == ("C", -20)


def test_an_own_grade_decides_even_where_only_the_address_is_known() -> None:
    fit = [{"name": "Ours", "when": "lead.email | matches('acme')", "grade": "D"}]
    assert grading.grade(make_agreement(fit=fit), known_of(email="jo@acme.example")).grade == "D"


@pytest.mark.parametrize("known", [{"first_name": "Jo"}, {"title": "Clerk"}, {"employees": 0}, {"plan": "free"}])
def test_a_lead_of_which_more_is_known_is_graded_by_points(known: dict[str, Any]) -> None:
    assert grading.grade(AGREED, known_of(**known)).grade == "D"


def test_how_a_lead_came_makes_it_known_only_where_the_fit_asks() -> None:
    came: dict[str, Any] = {
        "source": "website",
        "timezone": "Europe/Berlin",
        "locale": "de",
        "owner": "rep@acme.example",
    }
    assert grading.grade(AGREED, known_of(**came)).grade == "C"
    fit = [*AGREEMENT["fit"], {"name": "Came to us", "when": "lead.source == 'website'", "points": 40}]
    assert grading.grade(make_agreement(fit=fit), known_of(**came)).grade == "B"


def test_a_criterion_over_an_empty_field_does_not_hold_and_says_so() -> None:
    (big,) = (row for row in grading.grade(AGREED, known_of(title="VP")).rows if row.name == "Big enough")
    assert not big.holds
    assert "lead.employees" in big.because


def test_a_stale_grade_or_score_changes_nothing() -> None:
    assert grading.grade(AGREED, known_of(**BUYER, grade="D", score=3)) == grading.grade(AGREED, known_of(**BUYER))
