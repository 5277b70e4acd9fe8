import pytest
from pydantic import BaseModel, ValidationError

from nurture.grammar.quantities import (
    Identifier,
    Percent,
    PerDay,
    Points,
    QuantityMistake,
    Whole,
    parse_per_day,
    parse_percent,
)


@pytest.mark.parametrize(("value", "count"), [("2 per day", 2), ("1 a day", 1), (" 10  PER day", 10), (3, 3)])
def test_so_many_a_day(value, count):
    assert parse_per_day(value) == count


@pytest.mark.parametrize(
    "value", ["0 per day", "-1 per day", "2", "2 per week", "per day", "", 0, -1, 1.5, True, None, []]
)
def test_what_is_no_number_a_day_is_refused(value):
    with pytest.raises(QuantityMistake):
        parse_per_day(value)


@pytest.mark.parametrize(("value", "share"), [("50%", 50), ("0 %", 0), ("100%", 100), (90, 90)])
def test_shares(value, share):
    assert parse_percent(value) == share


@pytest.mark.parametrize("value", ["101%", "-1%", "50", "half", "12.5%", "", 101, -1, 0.5, True, None])
def test_what_is_no_share_is_refused(value):
    with pytest.raises(QuantityMistake):
        parse_percent(value)


class Model(BaseModel):
    at_most: PerDay = 1
    share: Percent = 1
    points: Points = 1
    whole: Whole = 1
    id: Identifier = "x"


def test_fields_give_back_what_they_take():
    said = {"at_most": "2 per day", "share": "50%", "points": -20, "whole": 7, "id": "not-ready_2"}
    assert Model.model_validate(said).model_dump() == said


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", "20"),
        ("points", True),
        ("points", 1.0),
        ("points", 10_001),
        ("whole", "1"),
        ("id", ""),
        ("id", "a b"),
        ("id", "-a"),
        ("id", "é"),
        ("id", "a" * 65),
        ("id", "a\n"),
    ],
)
def test_values_that_only_look_right_are_refused(field, value):
    with pytest.raises(ValidationError):
        Model.model_validate({field: value})
