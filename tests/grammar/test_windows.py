from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from nurture.grammar.windows import (
    Again,
    AgainMistake,
    ClockTime,
    Hours,
    TimeMistake,
    Weekdays,
    WeekdaysMistake,
    parse_again,
    parse_hours,
    parse_time,
    parse_weekdays,
    say_time,
    say_weekdays,
)
from tests.grammar.asking import mistake_in

minutes = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("tue", {1}),
        (["tue", "wed", "thu"], {1, 2, 3}),
        ("sat-mon", {5, 6, 0}),
        ("mon-sun", set(range(7))),
        ("sun-sat", set(range(7))),
        ("mon-mon", {0}),
        ("Monday", {0}),
        ("TUESDAY – Thursday", {1, 2, 3}),
        ("mon, wed", {0, 2}),
        (["mon-wed", "fri"], {0, 1, 2, 4}),
        (("tue", "tue"), {1}),
        ("thurs", {3}),
    ],
)
def test_weekdays_as_people_write_them(value, days):
    assert parse_weekdays(value) == days


@given(st.sets(st.integers(0, 6), min_size=1))
def test_weekdays_written_out_read_as_the_same(days):
    assert parse_weekdays(say_weekdays(days)) == days
    assert parse_weekdays(frozenset(days)) == days


def test_weekdays_are_written_in_the_shortest_way():
    assert say_weekdays({0, 1, 2, 3, 4}) == "mon-fri"
    assert say_weekdays({2, 1}) == "tue, wed"
    assert say_weekdays({6}) == "sun"


@pytest.mark.parametrize(
    ("value", "words", "path"),
    [
        ("tusday", "they are `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun` (did you mean `tuesday`?)", ()),
        (["tue", "wendesday"], "did you mean `wednesday`?", (1,)),
        (["tue", 3], "`3` is not a weekday", (1,)),
        ("", "is not a weekday", ()),
        ([], "at least one weekday is needed", ()),
        ("mon-wed-fri", "more than two ends", ()),
        ("mon-", "is not a weekday", ()),
        (3, "is not a weekday", ()),
        ({}, "is not a weekday", ()),
    ],
)
def test_what_is_no_weekday_is_refused(value, words, path):
    with pytest.raises(WeekdaysMistake) as caught:
        parse_weekdays(value)
    assert words in str(caught.value)
    assert caught.value.path == path


@given(minutes)
def test_times_written_out_read_as_the_same(moment):
    assert parse_time(say_time(moment)) == moment
    assert parse_time(moment) == moment


@pytest.mark.parametrize(
    "text", ["24:00", "25:00", "12:60", "9", "9am", "", "12:3", "12:30:00", 900, None, "１２:00", "-1:00"]
)
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(TimeMistake):
        parse_time(text)


def test_an_hour_may_have_one_digit():
    assert parse_time("9:05") == time(9, 5)


@given(minutes, minutes)
def test_hours_written_out_read_as_the_same(one, other):
    if one == other:
        with pytest.raises(TimeMistake, match="is no time at all"):
            Hours(one, other)
        return
    hours = Hours(min(one, other), max(one, other))
    assert parse_hours(str(hours)) == hours
    with pytest.raises(TimeMistake, match="ends before it begins"):
        Hours(max(one, other), min(one, other))


@pytest.mark.parametrize("text", ["09:00-11:30", "9:00 - 11:30", "09:00–11:30", " 09:00—11:30 "])
def test_hours_take_any_dash(text):
    assert parse_hours(text) == Hours(time(9), time(11, 30))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("17:00-09:00", "`17:00-09:00` ends before it begins (hours do not run over midnight)"),
        ("18:00-24:00", "the latest is `23:59`"),
        ("09:00", "are no hours"),
        ("09:00-10:00-11:00", "are no hours"),
        ("9-5", "`9` is not a time of day"),
        (900, "are no hours"),
        (None, "are no hours"),
    ],
)
def test_what_are_no_hours_is_refused(text, words):
    with pytest.raises(TimeMistake) as caught:
        parse_hours(text)
    assert words in str(caught.value)


@given(st.integers(1, 1000))
def test_again_written_out_reads_as_the_same(days):
    assert parse_again(str(Again(days=days))) == Again(days=days)
    assert parse_again(str(Again(never=True))) == Again(never=True)


def test_again_takes_any_calendar_duration():
    assert parse_again("after 2 weeks") == Again(days=14)
    assert parse_again("Never") == Again(never=True)


@pytest.mark.parametrize("text", ["", "30 days", "after", "after never", "after 3 hours", "sometimes", 30, None, True])
def test_what_is_no_again_is_refused(text):
    with pytest.raises(AgainMistake):
        parse_again(text)


def test_fields_take_text_and_give_it_back():
    class Model(BaseModel):
        days: Weekdays
        at: ClockTime
        hours: Hours
        again: Again

    said = {"days": "mon-fri", "at": "09:00", "hours": "09:00-11:30", "again": "after 30 days"}
    assert Model.model_validate(said).model_dump() == said
    assert set(Model.model_json_schema()["properties"]) == set(said)


@given(st.text() | st.integers() | st.none() | st.lists(st.text() | st.none()))
def test_anything_else_is_a_mistake_and_nothing_worse(value):
    for parse in (parse_weekdays, parse_time, parse_hours, parse_again):
        assert "\n" not in str(mistake_in(parse, value))
