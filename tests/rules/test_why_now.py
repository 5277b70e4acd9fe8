"""The sentence that a rep says on the phone."""

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nurture.rules.calendar import WEEKDAYS
from nurture.rules.why_now import LONGEST, Asked, Deed, why_now

TODAY = date(2026, 3, 12)  # a Thursday
PRICES, WEBINAR = "looked at our prices", "attended a webinar"


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def deed(says: str, *days: int, worth: float = 1.0) -> Deed:
    return Deed(says, len(days), ago(max(days)), ago(min(days)), worth)


@pytest.mark.parametrize(
    ("deeds", "sentence"),
    [
        (
            [deed(PRICES, 1, 3, worth=40), deed(WEBINAR, 2, worth=30)],
            "Maria looked at our prices twice this week and attended a webinar on Tuesday.",
        ),
        ([deed(PRICES, 0)], "Maria looked at our prices today."),
        ([deed(PRICES, 0, 0, 0)], "Maria looked at our prices 3 times today."),
        ([deed(PRICES, 1, 1)], "Maria looked at our prices twice yesterday."),
        ([deed(PRICES, 6)], "Maria looked at our prices on Friday."),
        ([deed(PRICES, 7)], "Maria looked at our prices on 5 Mar."),
        ([deed(PRICES, 80)], "Maria looked at our prices on 22 Dec 2025."),
        ([deed(PRICES, 1, 5)], "Maria looked at our prices twice since Saturday."),
        ([deed(PRICES, 1, 7)], "Maria looked at our prices twice in the last 7 days."),
        ([deed(PRICES, 1, 9, 16)], "Maria looked at our prices 3 times in the last 3 weeks."),
        ([deed(PRICES, -1)], "Maria looked at our prices today."),
        (
            [deed("a", 0, worth=1), deed("b", 0, worth=4), deed("c", 0, worth=3), deed("d", 0, worth=2)],
            "Maria b, c and d today.",
        ),
        ([deed(PRICES, 0), deed("looked for a job", 0, worth=-10)], "Maria looked at our prices today."),
    ],
)
def test_it_tells_what_was_worth_most_with_days_from_today(deeds: list[Deed], sentence: str) -> None:
    assert why_now("Maria", deeds, None, TODAY) == sentence


def test_of_a_raised_hand_it_says_what_was_asked_for_before_all_else() -> None:
    said = why_now("Maria", [deed(PRICES, 1, 3)], Asked("requested a demo", TODAY), TODAY)
    assert said == "Maria requested a demo today and looked at our prices twice this week."


@pytest.mark.parametrize(
    ("words", "end"),
    [("Yes, call me", "“Yes, call me”."), ("Call me!", "“Call me!”"), ("w" * 300, f"“{'w' * 159}…”")],
)
def test_of_a_reply_it_gives_the_words(words: str, end: str) -> None:
    said = why_now("Maria", [deed(PRICES, 1)], Asked("replied to your mail", ago(1), words), TODAY)
    assert said == f"Maria replied to your mail yesterday: {end}"


def test_nobody_has_a_name_and_nothing_can_be_said() -> None:
    assert why_now(None, [deed(PRICES, 0)], None, TODAY) == "They looked at our prices today."
    assert why_now("  ", [], None, TODAY, "imported by hand") == "Imported by hand."
    assert why_now("Maria", [], None, TODAY) == "Maria meets what we agreed on."


anything = st.text(max_size=600)
days = st.integers(-2, 400).map(ago)


@st.composite
def any_deeds(draw: st.DrawFn) -> Deed:
    first, last = sorted((draw(days), draw(days)))
    return Deed(draw(anything), draw(st.integers(1, 10**6)), first, last, draw(st.floats(-50, 50)))


@given(
    anything, st.lists(any_deeds(), max_size=6), st.none() | st.builds(Asked, anything, days, st.none() | anything),
    anything,
)  # fmt: skip
def test_whatever_a_lead_is_called_and_did_it_is_one_sentence_on_one_line(name, deeds, asked, otherwise) -> None:
    said = why_now(name, deeds, asked, TODAY, otherwise)
    assert 0 < len(said) <= LONGEST + 1
    assert said.rstrip("”").endswith((".", "!", "?", "…"))
    assert said[:1] == said[:1].upper()
    assert not any(unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"} for one in said)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(2, 50))
def test_days_are_told_from_today(first: int, last: int, count: int) -> None:
    assume(first >= last)
    said = why_now("Maria", [Deed(PRICES, count, ago(first), ago(last), 1.0)], None, TODAY)
    assert ("today" in said) == (first == last == 0)
    assert ("yesterday" in said) == (first == last == 1)
    if first == last:
        named = [day for day in WEEKDAYS if day in said]
        assert named == ([WEEKDAYS[ago(last).weekday()]] if 2 <= last < 7 else [])
    assert ("this week" in said) == (first != last and ago(first) >= date(2026, 3, 9))
