from datetime import date

import pytest

from nurture.facts import MICRO, Grade, Score, ScoreRow
from nurture.rules import qualification
from nurture.rules.grading import Grading
from nurture.rules.qualification import Decision
from tests.rules.examples import known_of, make_agreement

AGREED = make_agreement()
TODAY = date(2026, 3, 2)


def graded(grade: Grade, *, decided_alone: bool = False) -> Grading:
    return Grading(grade, 0, (), decided_alone)


def scored(points: float, signals: int = 2) -> Score:
    return Score(TODAY, round(points * MICRO), (), signals)


def decide(grade: Grade, points: float, signals: int = 2, raised: str | None = None) -> Decision:
    return qualification.decide(AGREED, graded(grade), scored(points, signals), raised, barred=False)


@pytest.mark.parametrize(
    ("grade", "points", "signals", "rule"),
    [
        ("A", 50, 2, 0),
        ("A", 49.999_999, 2, None),
        ("A", 50, 1, None),
        ("B", 79.9, 3, None),
        ("B", 80, 2, 1),
        ("C", 300, 2, 1),
        ("D", 300, 5, None),
    ],
)
def test_the_first_line_that_fits_hands_over(grade: Grade, points: float, signals: int, rule: int | None) -> None:
    decision = decide(grade, points, signals)
    assert (decision.qualifies, decision.rule) == (rule is not None, rule)


def test_a_raised_hand_skips_the_threshold() -> None:
    decision = decide("C", 0, 0, raised="demo_request")
    assert decision == Decision(True, "it raised its hand: demo request")


def test_a_reply_is_a_raised_hand() -> None:
    assert decide("D", 0, 0, raised="replied") == Decision(True, "it replied to a mail")


def test_a_raised_hand_does_not_skip_a_criterions_own_grade_d() -> None:
    decision = qualification.decide(
        AGREED, graded("D", decided_alone=True), scored(500, 5), "demo_request", barred=False
    )
    assert not decision.qualifies
    assert decision.because.startswith("it raised its hand: demo request, but ")


def test_the_criterion_that_forbids_is_named() -> None:
    from nurture.rules import grading

    student = grading.grade(AGREED, known_of(title="Student"))
    decision = qualification.decide(AGREED, student, scored(500, 5), "demo_request", barred=False)
    assert decision.because == "it raised its hand: demo request, but “Student” alone makes it grade D"


def test_a_raised_hand_skips_an_own_grade_that_is_not_d() -> None:
    decision = qualification.decide(AGREED, graded("C", decided_alone=True), scored(0), "demo_request", barred=False)
    assert decision.qualifies


def test_a_lead_that_is_barred_never_qualifies() -> None:
    for raised in (None, "demo_request", "replied"):
        decision = qualification.decide(AGREED, graded("A"), scored(500, 5), raised, barred=True)
        assert not decision.qualifies


def test_why_a_lead_qualifies_names_its_best_signals() -> None:
    rows = (
        ScoreRow("mail_click", TODAY, 1, 1, 5, 0, 5 * MICRO),
        ScoreRow("pricing_page", TODAY, 3, 2, 20, 0, 40 * MICRO),
        ScoreRow("pricing_page", TODAY, 3, 2, 20, 10, 20 * MICRO),
        ScoreRow("careers_page", TODAY, 1, 1, -10, 0, -10 * MICRO),
    )
    decision = qualification.decide(AGREED, graded("A"), Score(TODAY, 55 * MICRO, rows, 2), None, barred=False)
    assert decision.because == (
        "grade A with 55 points (pricing page 60, mail click 5); grade A goes to sales from 50 with 2 kinds of signal"
    )


@pytest.mark.parametrize(
    ("grade", "points", "signals", "missing"),
    [
        ("A", 49.99, 2, ("0.1 points (it has 49.9 of 50)",)),
        ("A", 50, 1, ("1 more kind of signal (it has 1 of 2)",)),
        ("A", 20, 0, ("30 points (it has 20 of 50)", "2 more kinds of signal (it has 0 of 2)")),
        ("B", 70, 2, ("10 points (it has 70 of 80)",)),
        ("D", 60, 2, ("grade A (it is D)",)),
        ("A", -12.34, 2, ("62.4 points (it has -12.4 of 50)",)),
    ],
)
def test_what_is_missing_for_the_nearest_line_is_said(
    grade: Grade, points: float, signals: int, missing: tuple[str, ...]
) -> None:
    decision = decide(grade, points, signals)
    assert decision.missing == missing
    assert decision.because == f"not ready: it lacks {', and '.join(missing)}"


def test_the_grades_that_would_do_are_said() -> None:
    agreed = make_agreement(qualify=[{"grades": ["A", "B", "C"], "score": 10}])
    decision = qualification.decide(agreed, graded("D"), scored(10), None, barred=False)
    assert decision.missing == ("grade A, B or C (it is D)",)


@pytest.mark.parametrize(
    ("micro", "said"), [(50 * MICRO, "50"), (49_999_999, "49.9"), (0, "0"), (-1, "-0.1"), (-10 * MICRO, "-10")]
)
def test_points_are_never_rounded_up(micro: int, said: str) -> None:
    assert qualification.say_points(micro) == said
