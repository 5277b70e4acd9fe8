"""What people are going to do, by when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

from nurture.local.agenda import Agenda

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Plan:
    at: datetime
    email: str
    what: str = ""


def plan(minutes: int, email: str, what: str = "") -> Plan:
    return Plan(NOW + timedelta(minutes=minutes), email, what)


def test_what_is_due_is_taken_and_nothing_else() -> None:
    agenda = Agenda[Plan]()
    agenda.add(plan(10, "b"))
    agenda.add(plan(-5, "a"))
    assert agenda.next_at == NOW - timedelta(minutes=5)
    assert agenda.take(NOW) == [plan(-5, "a")]
    assert agenda.take(NOW) == []
    assert agenda.next_at == NOW + timedelta(minutes=10)


def test_one_lead_does_one_thing_at_a_time_in_order() -> None:
    agenda = Agenda[Plan]()
    for item in (plan(2, "a", "later"), plan(1, "a", "first"), plan(1, "a", "second"), plan(3, "b")):
        agenda.add(item)
    late = NOW + timedelta(hours=1)
    assert agenda.take(late) == [plan(1, "a", "first"), plan(3, "b")]
    assert agenda.take(late) == [plan(1, "a", "second")]
    assert agenda.take(late) == [plan(2, "a", "later")]
    assert agenda.next_at is None


def test_leads_that_have_to_wait_keep_their_place() -> None:
    agenda = Agenda[Plan]()
    for item in (plan(1, "a", "first"), plan(2, "a", "second"), plan(3, "b")):
        agenda.add(item)
    late = NOW + timedelta(hours=1)
    assert agenda.take(late, but={"a"}) == [plan(3, "b")]
    assert agenda.take(late) == [plan(1, "a", "first")]
    assert agenda.take(late) == [plan(2, "a", "second")]


def test_who_plans_first_does_not_matter() -> None:
    plans = [plan(1, "a"), plan(1, "b"), plan(0, "c"), plan(2, "a")]
    taken = set()
    for order in permutations(plans):
        agenda = Agenda[Plan]()
        for item in order:
            agenda.add(item)
        taken.add(tuple(agenda.take(NOW + timedelta(hours=1))))
    assert len(taken) == 1
