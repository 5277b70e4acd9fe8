"""How many at once, and when somebody is away."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nurture.grammar.mistakes import Mistake
from nurture.grammar.reps import Absence, AbsenceMistake, Absences, CapacityMistake, parse_absence, parse_open

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(("value", "count"), [("20 open", 20), ("1open", 1), (" 7  OPEN ", 7), (3, 3)])
def test_so_many_open(value, count):
    assert parse_open(value) == count


@pytest.mark.parametrize("value", ["0 open", "-1 open", "20", "20 closed", "open", "", 0, -1, 1.5, True, None, []])
def test_what_is_no_number_of_open_handoffs_is_refused(value):
    with pytest.raises(CapacityMistake):
        parse_open(value)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2026-12-21 to 2027-01-02", date(2026, 12, 21), date(2027, 1, 2)),
        (" 2026-12-21  to  2026-12-21 ", date(2026, 12, 21), date(2026, 12, 21)),
        ("2026-12-24", date(2026, 12, 24), date(2026, 12, 24)),
        (date(2026, 12, 24), date(2026, 12, 24), date(2026, 12, 24)),
        ("from 2027-03-01", date(2027, 3, 1), None),
    ],
)
def test_absences(value, first, last):
    assert parse_absence(value) == Absence(first, last)


@pytest.mark.parametrize(
    "value",
    ["", "Christmas", "21 to 28 December", "2026-12-21 to", "to 2026-12-21", "2026-02-30", "2026-12-21 2026-12-22",
     "2026-12-21 - 2026-12-22", None, 7, True, ["2026-12-21"]],
)  # fmt: skip
def test_what_is_no_absence_is_refused(value):
    with pytest.raises(AbsenceMistake):
        parse_absence(value)


def test_an_absence_that_ends_before_it_begins_says_the_other_way_round():
    with pytest.raises(Mistake) as caught:
        parse_absence("2027-01-02 to 2026-12-21")
    assert caught.value.hint == "`2026-12-21 to 2027-01-02`?"


def test_a_list_says_which_one_is_wrong():
    with pytest.raises(Exception, match="no day") as caught:
        TypeAdapter(Absences).validate_python(["2026-12-24", "soon"])
    assert caught.value.errors()[0]["ctx"]["error"].path == (1,)


@given(first=DAYS, days=st.one_of(st.none(), st.integers(0, 400)))
def test_what_is_written_back_means_the_same(first, days):
    absence = Absence(first, None if days is None else first + timedelta(days=days))
    assert parse_absence(str(absence)) == absence
    adapter = TypeAdapter(Absences)
    assert adapter.validate_python(adapter.dump_python((absence,))) == (absence,)


@given(first=DAYS, days=st.integers(0, 30), day=DAYS)
def test_both_ends_belong_to_it(first, days, day):
    absence = Absence(first, first + timedelta(days=days))
    assert first in absence
    assert first + timedelta(days=days) in absence
    assert (day in absence) == (first <= day <= first + timedelta(days=days))
    assert (day in Absence(first)) == (first <= day)
