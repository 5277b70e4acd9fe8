"""Which of two matchers of a signal rules, and what is counted meanwhile. Without a database."""

from typing import Any

import pytest

from nurture.agreement import Agreement
from nurture.rules import succession
from nurture.rules.succession import Counted, adopted, finished, ruling
from tests.rules.examples import make_agreement

A, B, C = "/a*", "/b*", "/c*"


def agreed(points: int = 5, **pages: str) -> Agreement:
    """Signals by name, each for one page."""
    return make_agreement(
        signals={
            name: {"when": {"page": path}, "points": points, "hand_raise": not points} for name, path in pages.items()
        }
    )


def of(agreement: Agreement, name: str = "s") -> str:
    return agreement.signals[name].when.fingerprint


def rules(agreement: Agreement, counted: Counted, name: str = "s") -> str | None:
    """The page of the signal that decides."""
    return ruling(agreement, {}, counted).agreement.signals[name].when.pattern


def ready(agreement: Agreement) -> Counted:
    return adopted(agreement, Counted(), nothing_to_count=True)


def test_a_changed_when_waits_until_it_is_counted() -> None:
    first, second = agreed(s=A), agreed(s=B)
    counted = adopted(second, ready(first))
    assert counted.counting == {of(second)}
    assert rules(second, counted) == A
    assert rules(first, counted) == A
    assert (
        set(ruling(second, {}, counted).matchers) == set(ruling(first, {}, counted).matchers) == {of(first), of(second)}
    )
    done = finished(counted, counted.counting)
    assert rules(second, done) == B
    assert set(done.matchers) == {of(second)}


def test_files_that_are_not_adopted_yet_go_by_what_is_counted() -> None:
    first, second = agreed(s=A), agreed(s=B)
    assert rules(second, ready(first)) == A
    assert of(second) in ruling(second, {}, ready(first)).matchers
    assert rules(second, Counted()) == B


def test_the_matcher_that_rules_stays_over_a_second_change() -> None:
    counted = adopted(agreed(s=C), adopted(agreed(s=B), ready(agreed(s=A))))
    assert rules(agreed(s=C), counted) == A
    assert set(counted.matchers) == {of(agreed(s=A)), of(agreed(s=C))}


def test_what_is_taken_back_rules_at_once() -> None:
    first = agreed(s=A)
    assert adopted(first, adopted(agreed(s=B), ready(first))) == ready(first)


def test_what_another_signal_counts_already_rules_at_once() -> None:
    before, after = agreed(s=A, t=B), agreed(s=B, t=B)
    counted = adopted(after, ready(before))
    assert counted.counting == frozenset()
    assert rules(after, counted) == B


def test_a_signal_without_points_goes_by_its_new_when() -> None:
    first, second = agreed(0, s=A), agreed(0, s=B)
    assert rules(second, adopted(second, ready(first))) == B


def test_a_new_name_rules_at_once_and_is_counted() -> None:
    first, second = agreed(s=A), agreed(s=A, t=B)
    counted = adopted(second, ready(first))
    assert counted.counting == {of(second, "t")}
    assert rules(second, counted, "t") == B


@pytest.mark.parametrize(
    ("change", "fit", "worth"),
    [
        ({}, False, False),
        ({"qualify": [{"grades": ["A"], "score": 1}]}, False, False),
        ({"horizon": "91 days"}, False, True),
        ({"half_life": "15 days"}, False, True),
        ({"grades": {"A": 61}}, True, False),
        ({"fit": []}, True, False),
        ({"signals": {"s": {"when": "clicked", "points": 1}}}, False, True),
    ],
)
def test_what_grades_and_scores_rest_on(change: dict[str, Any], fit: bool, worth: bool) -> None:
    before, after = make_agreement(), make_agreement(**change)
    assert (succession.fit_basis(before) != succession.fit_basis(after)) is fit
    assert (succession.worth_basis(before) != succession.worth_basis(after)) is worth
