"""What becomes of two leads that turn out to be one."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.merging import Round, Side, goes_on, kept, profile, rounds, stage, wish
from tests.rules.examples import NOW

DAY = timedelta(days=1)
NOBODY = dict.fromkeys(
    ("first_name", "last_name", "title", "company", "country", "timezone", "locale", "industry", "employees", "source",
     "owner")
)  # fmt: skip


def test_who_is_furthest_with_sales_is_kept_then_who_was_mailed_then_the_older_one() -> None:
    old, new = Side(1, "nurture", NOW), Side(2, "nurture", NOW + DAY)
    assert kept([new, old]) == 1
    assert kept([old, Side(2, "nurture", NOW + DAY, mailed=True)]) == 2
    assert kept([Side(1, "nurture", NOW, mailed=True), Side(2, "mql", NOW + DAY, "offered")]) == 2
    assert kept([Side(1, "sal", NOW, "accepted"), Side(2, "mql", NOW, "offered")]) == 1
    assert kept([Side(1, "inquiry", NOW), Side(2, "customer", NOW + DAY)]) == 2


def test_of_two_handoffs_the_further_goes_on_and_of_equals_the_older() -> None:
    assert goes_on(("accepted", NOW), ("offered", NOW - DAY))
    assert not goes_on(("offered", NOW), ("qualified", NOW))
    assert goes_on(("offered", NOW - DAY), ("offered", NOW))


def test_the_stage_is_where_the_handoff_is_else_the_further_one() -> None:
    assert stage("nurture", "customer", handoff="offered") == "mql"
    assert stage("nurture", "inquiry", handoff=None) == "nurture"
    assert stage("disqualified", "nurture", handoff=None) == "disqualified"
    assert stage("disqualified", "customer", handoff=None) == "customer"


def test_the_strictest_wish_holds_and_a_bounce_is_none() -> None:
    assert wish(["unsubscribed", "complained"]) == "complained"
    assert wish(["bounced"]) is None


def test_what_is_empty_is_filled_and_told() -> None:
    mine = {**NOBODY, "title": "VP", "attributes": {"plan": "pro", "seats": None}}
    others = {**NOBODY, "title": "Clerk", "company": "Buyer", "attributes": {"plan": "free", "seats": 4, "x": None}}
    values, changes = profile(mine, others)
    assert (values["title"], values["company"]) == ("VP", "Buyer")
    assert values["attributes"]["seats"] == 4
    assert changes == {"company": [None, "Buyer"], "seats": [None, 4]}


starts = st.integers(0, 100).map(lambda day: NOW + day * DAY)


@st.composite
def lives(draw: st.DrawFn) -> list[Round]:
    """A lead's cycles: a beginning, and refusals after it."""
    first = draw(st.integers(0, 1))
    at = sorted(draw(st.lists(starts, min_size=1, max_size=5)))
    return [Round(first + n, start, f"reason {n}" if n else None) for n, start in enumerate(at)]


@given(lives(), lives())
def test_every_refusal_is_a_cycle_in_the_order_of_time(mine: list[Round], others: list[Round]) -> None:
    found = rounds(mine, others)
    cycles = found.cycles
    assert [one.n for one in cycles] == list(range(cycles[0].n, cycles[0].n + len(cycles)))
    assert [one.started_at for one in cycles] == sorted(one.started_at for one in cycles)
    assert len(cycles) == len(mine) + len(others) - 1
    by_number = {one.n: one for one in cycles}
    for old, numbers in ((mine, found.of_kept), (others, found.of_other)):
        assert set(numbers) == {one.n for one in old}
        assert len(set(numbers.values())) == len(old)
        assert all(by_number[numbers[one.n]].reason == one.reason for one in old)
        assert all(by_number[numbers[one.n]].started_at == one.started_at for one in old[1:])


def test_cycles_that_do_not_begin_at_the_beginning_are_kept_as_they_are() -> None:
    odd = [Round(1, NOW, "not_ready"), Round(2, NOW + DAY)]
    found = rounds(odd, odd)
    assert [(one.n, one.reason) for one in found.cycles] == [(1, "not_ready"), (2, "not_ready"), (3, None), (4, None)]
    assert (found.of_kept, found.of_other) == ({1: 1, 2: 3}, {1: 2, 2: 4})
