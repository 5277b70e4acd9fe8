"""How far the demo's clock moves at once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.local.stepping import STRIDE, Due, next_stop

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
END = NOW + timedelta(weeks=1)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def test_with_nothing_due_it_goes_to_the_end() -> None:
    assert next_stop(NOW, [], END) == END
    assert next_stop(NOW, [Due(END + SECOND)], END) == END


def test_it_goes_a_stride_past_the_first_thing_due() -> None:
    assert next_stop(NOW, [Due(at(300)), Due(at(90))], END) == at(90) + STRIDE


def test_it_stops_while_a_window_on_the_way_is_open() -> None:
    assert next_stop(NOW, [Due(at(10), at(500)), Due(at(20), at(40))], END) == at(40) - SECOND


def test_a_window_that_begins_later_does_not_hold_it_up() -> None:
    assert next_stop(NOW, [Due(at(10), at(40)), Due(at(45), at(50))], END) == at(40) - SECOND


def test_a_window_that_is_over_does_not_hold_it_up() -> None:
    assert next_stop(at(60), [Due(at(10), at(20)), Due(at(70))], END) == at(70) + STRIDE


def test_a_lead_has_one_thing_at_a_time() -> None:
    stop = next_stop(NOW, [Due(at(10), who=1), Due(at(15), who=2), Due(at(30), who=1)], END)
    assert at(29) < stop < at(30)


def test_two_things_of_one_lead_at_the_same_instant_do_not_stop_it_for_ever() -> None:
    dues = [Due(at(10), who=1), Due(at(10), who=1)]
    assert next_stop(NOW, dues, END) == at(10)


dues = st.builds(
    lambda start, length, who: Due(at(start), None if length is None else at(start + length), who),
    st.integers(1, 2000),
    st.none() | st.integers(1, 200),
    st.none() | st.integers(1, 5),
)


@given(st.lists(dues, max_size=20), st.integers(1, 3000))
@settings(max_examples=80)
def test_it_always_moves_on_and_jumps_over_no_window(things: list[Due], until: int) -> None:
    stop = next_stop(NOW, things, at(until))
    assert NOW < stop <= at(until)
    for due in things:
        if due.at <= stop and due.until is not None:
            assert stop < due.until


@given(st.lists(dues, min_size=1, max_size=20))
@settings(max_examples=80)
def test_it_reaches_the_first_thing_due_and_one_of_each_lead(things: list[Due]) -> None:
    stop = next_stop(NOW, things, at(10_000))
    first = min(due.at for due in things)
    assert first <= stop <= first + STRIDE
    on_the_way = [due for due in things if first < due.at <= stop and due.who is not None]
    assert len({due.who for due in on_the_way}) == len(on_the_way)


@given(st.permutations([Due(at(n % 7 * 20), at(n % 7 * 20 + 50 + n), n % 3) for n in range(1, 9)]))
@settings(max_examples=30)
def test_the_order_of_what_is_due_does_not_matter(things: list[Due]) -> None:
    assert next_stop(NOW, things, END) == next_stop(NOW, sorted(things, key=repr), END)
