import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from nurture.grammar.durations import (
    CalendarDuration,
    Duration,
    DurationMistake,
    parse_calendar_duration,
    parse_duration,
)
from tests.grammar.asking import mistake_in

CALENDAR = {"day": 1, "week": 7, "month": 30, "year": 365}


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("15 minutes", 15, "minute"),
        ("1 minute", 1, "minute"),
        ("4 hours", 4, "hour"),
        ("10 days", 10, "day"),
        ("2 weeks", 2, "week"),
        ("1 week", 1, "week"),
        ("3 months", 3, "month"),
        ("1 year", 1, "year"),
        (" 2  Weeks ", 2, "week"),
        ("2weeks", 2, "week"),
    ],
)
def test_durations_as_people_say_them(text, amount, unit):
    assert parse_duration(text) == Duration(amount, unit)


@given(st.integers(1, 100), st.sampled_from(["minute", "hour", *CALENDAR]))
def test_a_duration_written_out_reads_as_the_same(amount, unit):
    duration = Duration(amount, unit)
    assert parse_duration(str(duration)) == duration
    assert parse_duration(duration) is duration


@given(st.integers(1, 100), st.sampled_from(sorted(CALENDAR)))
def test_calendar_durations_count_days(amount, unit):
    duration = Duration(amount, unit)
    assert duration.is_calendar
    assert duration.days == amount * CALENDAR[unit]
    with pytest.raises(ValueError, match="not working minutes"):
        _ = duration.minutes


def test_working_durations_count_minutes():
    assert Duration(4, "hour").minutes == 240
    assert Duration(15, "minute").minutes == 15
    assert not Duration(4, "hour").is_calendar
    with pytest.raises(ValueError, match="not days"):
        _ = Duration(4, "hour").days


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 days", "more than nothing"),
        ("-1 week", "more than nothing"),
        ("ten days", "`ten days` is not a duration (write it like `10 days` or `4 hours`)"),
        ("", "is not a duration"),
        ("1.5 weeks", "is not a duration"),
        ("2 wekks", "they are `minutes`, `hours`, `days`, `weeks`, `months` or `years` (did you mean `weeks`?)"),
        ("2w", "write `2 weeks`"),
        ("1 hr", "write `1 hour`"),
        ("9999 years", "`9999 years` is too long; the most is 36500 days"),
        ("999999999 minutes", "too long"),
        (14, "`14` has no unit (write `14 days`)"),
        ("14", "`14` has no unit (write `14 days`)"),
        (1, "`1` has no unit (write `1 day`)"),
        (1.5, "`1.5` has no unit (write a whole number and a unit, like `10 days`)"),
        (-3, "`-3` has no unit (write a whole number and a unit, like `10 days`)"),
        (True, "is not a duration"),
        (None, "is not a duration"),
        (["2 days"], "is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_a_reason(text, words):
    with pytest.raises(DurationMistake) as caught:
        parse_duration(text)
    assert words in str(caught.value)


def test_hours_are_too_fine_where_days_are_counted():
    assert parse_calendar_duration("2 weeks") == Duration(2, "week")
    with pytest.raises(DurationMistake, match="`4 hours` is too fine here"):
        parse_calendar_duration("4 hours")


def test_a_field_takes_text_and_gives_it_back():
    class Model(BaseModel):
        any: Duration
        calendar: CalendarDuration

    model = Model.model_validate({"any": "4 hours", "calendar": "2 weeks"})
    assert model.any.minutes == 240
    assert model.calendar.days == 14
    assert model.model_dump() == {"any": "4 hours", "calendar": "2 weeks"}
    assert set(Model.model_json_schema()["properties"]) == {"any", "calendar"}
    with pytest.raises(ValidationError):
        Model.model_validate({"any": "4 hours", "calendar": "4 hours"})


@given(st.text() | st.integers() | st.none() | st.lists(st.text()))
def test_anything_else_is_a_mistake_and_nothing_worse(value):
    assert "\n" not in str(mistake_in(parse_duration, value))
