"""What editors are told of a value is what is read: the same texts, where a pattern can say it."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import TypeAdapter, ValidationError

from nurture.grammar.addresses import Address, Mailbox
from nurture.grammar.assignees import Assignees
from nurture.grammar.durations import CalendarDuration, Duration
from nurture.grammar.matchers import Matcher
from nurture.grammar.patterns import BLANK, any_case
from nurture.grammar.quantities import Identifier, Percent, PerDay, Truth
from nurture.grammar.windows import Again, ClockTime, Hours, Weekdays
from nurture.grammar.zones import HolidayCalendar, Zone, zone_names


class _Told:
    """A type of the grammar, and what editors are told of it."""

    def __init__(self, kind: Any) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)
        self._validator = Draft7Validator(self._adapter.json_schema())

    def reads(self, value: object) -> bool:
        try:
            self._adapter.validate_python(value)
        except ValidationError:
            return False
        return True

    def shows(self, value: object) -> bool:
        return bool(self._validator.is_valid(value))


blanks = st.sampled_from(["", "", "", " ", "  ", "\t", "\n", "\xa0", "\u2003", "\x1c", "\x85", "\ufeff"])


def said(*choices: Iterable[str]) -> st.SearchStrategy[str]:
    """One of each in order, in any case and with blanks between them; or any of them in any order."""
    cased = [
        st.sampled_from(sorted(words)).flatmap(lambda word: st.sampled_from([word, word.upper(), word.title()]))
        for words in choices
    ]
    ordered = st.tuples(blanks, *(part for word in cased for part in (word, blanks))).map("".join)
    return ordered | st.lists(st.one_of(cased), max_size=5).map("".join)


AMOUNT = ("1", "02", "0", "+3", "-4", "12", "1.5", "1234567890", "one")
UNIT = ("day", "days", "week", "weeks", "month", "years", "hours", "minute", "d", "wee\u212as")
CLOCK = ("9:30", "09:00", "17:05", "23:59", "24:00", "9", "10:60", "9am")
DAY = ("mon", "tues", "wednesday", "thurs", "fri", "sun", "wek")
DASH = ("-", "–", "—", "--")
TRUTH = ("true", "false", "yes", "off", "y", "t", "1", "maybe")


def _is_short(text: str) -> bool:
    """Whether no number in it is beyond what a duration can be, of which patterns know nothing."""
    return all(len(number) > 9 or int(number) <= 100 for number in re.findall("[0-9]+", text))


durations = said(AMOUNT, UNIT).filter(_is_short)

# Python's `$` also stands before a last line break, and JavaScript's, which editors use, does not.
EXACT: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "calendar durations": (CalendarDuration, durations),
    "durations": (Duration, durations),
    "weekdays": (
        Weekdays,
        said(DAY) | said(DAY, DASH, DAY) | said(DAY, (",", "-"), DAY, (",", "-"), DAY) | st.lists(said(DAY)),
    ),
    "times": (ClockTime, said(CLOCK)),
    "again": (
        Again,
        said(("never", "ever", "after")) | said(("after ", "after", "in "), AMOUNT, UNIT).filter(_is_short),
    ),
    "so many a day": (
        PerDay,
        said(("2", "0", "007", "two"), ("per ", "a ", "per", "by "), ("day", "days"))
        | st.integers(-2, 3)
        | st.booleans(),
    ),
    "shares": (
        Percent,
        said(("5", "050", "100", "101", "0", "1000", ".5"), ("%", "")) | st.integers(-1, 102) | st.booleans(),
    ),
    "truths": (Truth, said(TRUTH).filter(lambda text: text[-1:] != "\n") | st.integers(-1, 2) | st.booleans()),
    "ids": (
        Identifier,
        said(("a", "not-ready", "_", "-", "B2", "ä")).filter(lambda text: text[-1:] != "\n")
        | st.text("ab-_", min_size=60, max_size=66),
    ),
}
TOLD = {name: _Told(kind) for name, (kind, _) in EXACT.items()}


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data())
def test_editors_are_told_just_what_is_read(name: str, data: st.DataObject) -> None:
    value = data.draw(EXACT[name][1])
    assert TOLD[name].reads(value) == TOLD[name].shows(value)


LOCAL = ("ada", "Ada.Lovelace", "o'brien", "a+b", ".a", "a..b", "", "ä", "a b", "{x}")
DOMAIN = (
    "acme.example", "acme", "a-b.example", "-a.example", "münchen.example", "a.b.c", "x.123", "x.1a", "1.example",
    "a..b",
)  # fmt: skip
addresses = st.tuples(st.sampled_from(["", " ", "\ufeff"]), st.sampled_from(LOCAL), st.sampled_from(DOMAIN)).map(
    lambda parts: f"{parts[0]}{parts[1]}@{parts[2]}"
)
names = st.sampled_from(["", "Ada", "Ada at Acme ", '"Ada, of Acme" ', "Zoë <3 ", "a\nb ", "\n"])

LOOSE: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "addresses": (Address, addresses | st.text()),
    "senders": (Mailbox, addresses | st.tuples(names, addresses).map(lambda parts: f"{parts[0]}<{parts[1]}>")),
    "assignees": (
        Assignees,
        addresses | st.lists(addresses, max_size=3) | st.sampled_from(["previous", "owner", "colleague", "Owner"]),
    ),
    "hours": (Hours, said(CLOCK, DASH, CLOCK) | st.sampled_from(["09:00-11:30", " 9:00 – 17:05\n"])),
    "zones": (Zone, st.sampled_from(sorted(zone_names())) | st.text()),
    "holidays": (HolidayCalendar, said(("us", "de-by", "GB-ENG", "USA", "ıe", "ß", "-"))),
}
TOLD_LOOSELY = {name: _Told(kind) for name, (kind, _) in LOOSE.items()}


@pytest.mark.parametrize("name", LOOSE)
@given(data=st.data())
def test_editors_take_whatever_is_read(name: str, data: st.DataObject) -> None:
    value = data.draw(LOOSE[name][1])
    assert TOLD_LOOSELY[name].shows(value) or not TOLD_LOOSELY[name].reads(value)


@pytest.mark.parametrize("address", ["ada@acme", "ada acme@x.example", "ada@x..example", "@x.example", "a@b@c.example"])
def test_what_is_no_address_is_not_shown_as_one(address: str) -> None:
    assert not TOLD_LOOSELY["addresses"].shows(address)
    assert not TOLD_LOOSELY["senders"].shows(f"Ada <{address}>")


MATCHER = _Told(Matcher)


@given(said(("clicked", "opened", "replied", "click")))
def test_the_words_for_mail_are_shown_as_they_are_read(word: str) -> None:
    assert MATCHER.reads(word) == MATCHER.shows(word)


@given(
    said(
        ("/pricing*", "*", "/", "pricing", "https://a.example/b"),
        ("", "?x=1", "#top", "/ü", "\u2003", "a" * 495),
    )
)
def test_pages_are_shown_as_they_are_read(page: str) -> None:
    assert MATCHER.reads({"page": page}) == MATCHER.shows({"page": page})


@given(said(("timing", "", "a" * 120), ("=", "", " = "), ("now", "", "=", "a" * 120)))
def test_answers_are_shown_as_they_are_read(answer: str) -> None:
    assert MATCHER.reads({"answer": answer}) == MATCHER.shows({"answer": answer})
    assert MATCHER.reads({"track": answer}) == MATCHER.shows({"track": answer})


def test_a_blank_is_what_python_strips_and_any_case_what_it_lowers() -> None:
    every = [chr(number) for number in range(0x3100)]
    text = "".join(every)
    assert re.findall(BLANK, text) == [character for character in every if not character.strip()]
    letters = "abcdefghijklmnopqrstuvwxyz"
    found = re.findall("|".join(map(any_case, letters)), text)
    assert found == [character for character in every if character.lower() in letters]
    assert all(re.fullmatch(any_case(character.lower()), character) for character in found)
