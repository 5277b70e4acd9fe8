"""Whose a browser is at which time follows from who was seen there, in whatever order that is heard."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nurture.segment.ownership import Claim, Span, changed, owner, stretches

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def claim(minute: int, lead: str, *, moves: bool = True, place: int = -1) -> Claim[str]:
    return Claim(at(minute), lead, moves, place)


claims = st.lists(
    st.builds(claim, st.integers(0, 30), st.sampled_from("ABC"), moves=st.booleans()),
    max_size=8,
    unique_by=lambda one: one.at,
)


def whose(found, minute: int) -> str | None:
    return owner(found, at(minute), 0)


def test_what_was_done_before_anybody_was_seen_is_the_first_ones() -> None:
    found = stretches([claim(10, "A"), claim(20, "B")])
    assert [whose(found, minute) for minute in (0, 10, 19, 20, 99)] == ["A", "A", "A", "B", "B"]
    assert whose(stretches([]), 0) is None


def test_a_tracked_link_ties_a_browser_that_is_nobodys_and_never_moves_one() -> None:
    assert whose(stretches([claim(10, "A", moves=False)]), 0) == "A"
    assert whose(stretches([claim(10, "A"), claim(20, "B", moves=False)]), 30) == "A"
    assert whose(stretches([claim(10, "B", moves=False), claim(20, "A")]), 15) == "B"
    assert whose(stretches([claim(10, "B", moves=False), claim(5, "A")]), 15) == "A"


def test_of_two_at_one_instant_the_one_that_was_heard_first_comes_first() -> None:
    found = stretches([claim(10, "A", place=0), claim(10, "B", place=2)])
    assert [owner(found, at(10), place) for place in (0, 1, 2, 3)] == ["A", "A", "B", "B"]


def test_what_changes_is_told_by_the_times_in_which_it_does() -> None:
    tick = timedelta(microseconds=1)
    first = stretches([claim(10, "B")])
    assert changed((), first) == [Span("B", None, None)]
    both = stretches([claim(10, "B"), claim(5, "A")])
    assert changed(first, both) == [Span("A", None, at(10))]
    assert changed(first, stretches([claim(10, "B"), claim(15, "A")])) == [Span("A", at(15) + tick, None)]
    assert changed(first, first) == []


@given(claims, st.randoms(), st.integers(0, 30))
def test_the_order_in_which_it_is_heard_makes_no_difference(heard, random, minute) -> None:
    shuffled = list(heard)
    random.shuffle(shuffled)
    assert whose(stretches(shuffled), minute) == whose(stretches(heard), minute)


@given(claims, st.integers(0, 8), st.integers(0, 30))
def test_events_moved_by_what_changed_end_with_whose_the_browser_was(heard, cut, minute) -> None:
    """Claims come in two portions; an event stored before the second ends where it would be if all had been known."""
    before, after = stretches(heard[:cut]), stretches(heard)
    moment = at(minute) + timedelta(seconds=30)
    mine = owner(before, moment, 0)
    for span in changed(before, after):
        if (span.since is None or moment >= span.since) and (span.until is None or moment < span.until):
            mine = span.lead
    assert mine == owner(after, moment, 0)
