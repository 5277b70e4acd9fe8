"""Make-believe leads."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.local.chance import Chance
from nurture.local.people import PEOPLE, make_people, write_csv

BEGINS_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
REASONS = {"not_ready": False, "no_budget": True, "wrong_person": False, "student": False, "competitor": False}


def test_the_same_seed_makes_the_same_people() -> None:
    assert make_people(7, REASONS, BEGINS_AT, 40) == make_people(7, REASONS, BEGINS_AT, 40)


def test_another_seed_makes_other_people() -> None:
    one, other = ({person.email for person in make_people(seed, REASONS, BEGINS_AT, 40)} for seed in (1, 2))
    assert len(one & other) < 5


def test_no_address_comes_twice_and_none_is_anybodys() -> None:
    people = make_people(1, REASONS, BEGINS_AT)
    assert len({person.email for person in people}) == len(people) == PEOPLE
    assert all(person.email.endswith(".example") and person.email.isascii() for person in people)


def test_people_are_of_all_kinds() -> None:
    people = make_people(1, REASONS, BEGINS_AT)
    reasons = Counter(person.reject_reason for person in people)
    assert reasons["not_ready"] > reasons["no_budget"] > 0
    assert 40 < reasons[""] < 110, "inquiries and customers were not refused"
    assert Counter(person.stage for person in people)["customer"] > 0
    assert {"US", "GB", "DE"} <= {person.country for person in people}
    assert any(not person.timezone for person in people)
    assert any(not person.employees for person in people)
    assert any(person.title == "Student" for person in people)


def test_zones_exist_and_refusals_are_past() -> None:
    for person in make_people(3, REASONS, BEGINS_AT):
        if person.timezone:
            ZoneInfo(person.timezone)
        if person.rejected_at:
            assert datetime.fromisoformat(person.rejected_at) < BEGINS_AT


def test_the_wait_of_those_without_budget_ends_during_the_demo() -> None:
    waits = [
        datetime.fromisoformat(person.rejected_at) + timedelta(days=90)
        for person in make_people(1, REASONS, BEGINS_AT)
        if person.reject_reason == "no_budget"
    ]
    assert waits
    assert all(BEGINS_AT < wait < BEGINS_AT + timedelta(weeks=12) for wait in waits)


def test_only_reasons_of_the_agreement_are_given() -> None:
    people = make_people(1, {"too_early": False}, BEGINS_AT, 60)
    assert {person.reject_reason for person in people} == {"", "too_early"}


def test_without_reasons_nobody_was_refused() -> None:
    assert {person.reject_reason for person in make_people(1, {}, BEGINS_AT, 30)} == {""}


def test_the_csv_has_every_person_in_the_columns_of_the_import(tmp_path: Path) -> None:
    people = make_people(1, REASONS, BEGINS_AT, 50)
    write_csv(people, tmp_path / "leads.csv")
    with (tmp_path / "leads.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["email"] for row in rows] == [person.email for person in people]
    assert [row["reject_reason"] for row in rows] == [person.reject_reason for person in people]


@given(seed=st.integers(0, 2**40), words=st.lists(st.text(), min_size=1, max_size=3))
@settings(max_examples=30)
def test_chance_depends_on_its_arguments_alone(seed: int, words: list[str]) -> None:
    assert 0 <= Chance(seed).share(*words) < 1
    assert Chance(seed).share(*words) == Chance(seed).share(*words)
    assert Chance(seed).number(5, *words) in range(5)


def test_chance_is_as_likely_as_it_says() -> None:
    drawn = Counter(Chance(1).weighed({"often": 3, "seldom": 1, "never": 0}, n) for n in range(4000))
    assert drawn["never"] == 0
    assert drawn["often"] / 4000 == pytest.approx(0.75, abs=0.03)


def test_chance_refuses_to_choose_from_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        Chance(1).weighed({"never": 0.0}, "x")
