from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.rules.attempt_pace import next_attempt_at
from nurture.web.handoff_clock import distance, near, owed
from tests.rules.examples import make_agreement, utc

SLA = make_agreement().sla
CHICAGO = ZoneInfo("America/Chicago")
MONDAY = utc(2026, 11, 16, 15)  # 9:00 in Chicago


@pytest.mark.parametrize(
    ("now", "at", "said"),
    [
        (MONDAY, MONDAY + timedelta(minutes=15), "in 15 working minutes"),
        (MONDAY, MONDAY + timedelta(minutes=1), "in 1 working minute"),
        (MONDAY, MONDAY + timedelta(hours=2, minutes=50), "in 2 working hours"),
        (MONDAY, MONDAY + timedelta(days=1, hours=1), "in 9 working hours"),
        (MONDAY, MONDAY + timedelta(days=12), "in 12 days"),
        (MONDAY + timedelta(hours=3), MONDAY, "3 working hours ago"),
        (utc(2026, 11, 21, 15), utc(2026, 11, 21, 19), "in 4 hours"),
        (MONDAY, MONDAY, "in 1 minute"),
    ],
)
def test_how_far_off_it_is_is_said_in_working_time_when_it_is_near(now: datetime, at: datetime, said: str) -> None:
    assert distance(SLA, now, at) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (MONDAY + timedelta(hours=4), "today, 13:00"),
        (MONDAY + timedelta(days=1), "tomorrow, 09:00"),
        (MONDAY + timedelta(days=3), "Thu, 09:00"),
        (MONDAY + timedelta(days=7), "Mon 23 Nov, 09:00"),
        (MONDAY - timedelta(days=1), "Sun 15 Nov, 09:00"),
        (MONDAY + timedelta(days=60), "Fri 15 Jan 2027, 09:00"),
    ],
)
def test_when_it_is_is_said_as_people_say_it(at: datetime, said: str) -> None:
    assert near(at, MONDAY, CHICAGO) == said


def row(state: str, **changes: object) -> Any:
    due = {"accept_due_at": MONDAY, "attempt_due_at": MONDAY, "attempts_due_at": None, "outcome_due_at": None}
    return SimpleNamespace(state=state, accepted_at=MONDAY, **{**due, **changes})


def test_nothing_is_owed_on_what_is_closed() -> None:
    assert [owed(row(state), (), SLA, MONDAY) for state in ("won", "lost", "rejected", "returned", "merged")] == [
        ()
    ] * 5


def test_what_is_late_says_so() -> None:
    (due,) = owed(row("offered"), (), SLA, MONDAY + timedelta(hours=1))
    assert (due.late, due.said, due.distance) == (True, "Late: answer by", "60 working minutes ago")


@given(st.lists(st.integers(0, 14 * 24 * 60), max_size=12), st.integers(0, 400 * 24 * 60))
@settings(max_examples=60, deadline=None)
def test_attempts_made_by_each_next_ones_time_are_all_made_in_time(minutes: list[int], start: int) -> None:
    accepted_at = MONDAY + timedelta(minutes=start)
    due_at = accepted_at + timedelta(days=14)
    made = [accepted_at + timedelta(minutes=minute) for minute in minutes]
    next_at = next_attempt_at(SLA, accepted_at=accepted_at, first_due_at=MONDAY, due_at=due_at, made=made)
    if not made:
        assert next_at == MONDAY
    elif next_at is not None:
        assert accepted_at < next_at <= due_at
        more = next_attempt_at(
            SLA, accepted_at=accepted_at, first_due_at=MONDAY, due_at=due_at, made=[*made, next_at + timedelta(days=30)]
        )  # fmt: skip
        assert more is None or more >= next_at


def test_six_attempts_in_fourteen_days_keep_an_even_pace() -> None:
    made: list[datetime] = [MONDAY]
    local = []
    while True:
        at = next_attempt_at(
            SLA, accepted_at=MONDAY, first_due_at=None, due_at=MONDAY + timedelta(days=14), made=made
        )  # fmt: skip
        if at is None:
            break
        local.append(f"{at.astimezone(CHICAGO):%a %d %H:%M}")
        made.append(at)
    assert local == ["Mon 23 09:00", "Mon 23 09:00", "Wed 25 17:00", "Mon 30 09:00", "Mon 30 09:00"]
