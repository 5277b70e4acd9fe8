from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nurture.agreement import Agreement, Digest, WorkingHours
from nurture.grammar.windows import DAYS
from nurture.rules import calendar
from nurture.rules.digest import Issue, end_of_working_days, is_working_day, issue_after, issue_due
from tests.rules.clocks import zone_and_day
from tests.rules.examples import make_agreement, utc

CHICAGO = "America/Chicago"


def terms(day: str = "mon", at: str = "08:00", zone: str = CHICAGO, **hours: Any) -> Agreement:
    """The example's agreement with a digest."""
    given_hours = {"days": "mon-fri", "from": "09:00", "to": "17:00", "timezone": zone, "holidays": "US", **hours}
    shipped = make_agreement()
    sla = shipped.sla.model_copy(update={"hours": WorkingHours.model_validate(given_hours)})
    digest = Digest.model_validate({"day": day, "at": at, "sales": ["a@acme.example"]})
    return shipped.model_copy(update={"sla": sla, "digest": digest})


def due(terms: Agreement, now: datetime) -> Issue:
    issue = issue_due(terms, now)
    assert issue is not None
    return issue


def test_it_goes_on_its_day_at_its_time_and_tells_of_the_seven_days_before() -> None:
    before, at = due(terms(), utc(2026, 11, 16, 13, 59)), due(terms(), utc(2026, 11, 16, 14))
    assert (before.week, at.week) == ("2026-W46", "2026-W47")
    assert at.due_at == utc(2026, 11, 16, 14)
    assert (at.since, at.until) == (date(2026, 11, 9), date(2026, 11, 16))
    assert (at.since_at, at.until_at) == (utc(2026, 11, 9, 6), utc(2026, 11, 16, 6))


def test_none_is_due_where_the_agreement_has_none() -> None:
    without = terms().model_copy(update={"digest": None})
    assert issue_due(without, utc(2026, 11, 16, 15)) is None
    assert issue_after(without, utc(2026, 11, 16, 15)) is None


@pytest.mark.parametrize(
    ("day", "now", "due_at", "week"),
    [
        pytest.param("thu", utc(2026, 11, 27, 13), utc(2026, 11, 19, 14), "2026-W47", id="thanksgiving-is-off"),
        pytest.param("thu", utc(2026, 11, 27, 14), utc(2026, 11, 27, 14), "2026-W48", id="thanksgiving-goes-on-friday"),
        pytest.param("fri", utc(2026, 12, 28, 14), utc(2026, 12, 28, 14), "2026-W52", id="christmas-goes-on-monday"),
        pytest.param("sat", utc(2026, 11, 21, 15), utc(2026, 11, 21, 14), "2026-W47", id="a-saturday-if-you-say-so"),
        pytest.param("sun", utc(2027, 1, 3, 14), utc(2027, 1, 3, 14), "2026-W53", id="week-53"),
    ],
)  # fmt: skip
def test_a_holiday_puts_it_off_to_the_next_working_day(day: str, now: datetime, due_at: datetime, week: str) -> None:
    issue = due(terms(day), now)
    assert (issue.due_at, issue.week) == (due_at, week)


def test_what_two_holidays_put_off_to_one_moment_goes_once_and_is_the_newer_one() -> None:
    """Only Fridays are worked; Christmas 2026 and New Year 2027 are both Fridays."""
    fridays = terms("fri", days="fri")
    assert due(fridays, utc(2027, 1, 8, 13)).week == "2026-W51"
    assert due(fridays, utc(2027, 1, 8, 14)).week == "2027-W01"
    after = issue_after(fridays, utc(2027, 1, 8, 13))
    assert after is not None
    assert after.week == "2027-W01"


def test_after_three_weeks_of_downtime_one_is_due() -> None:
    assert due(terms(), utc(2026, 11, 18)).week == "2026-W47"


@given(zone_and_day(), st.sampled_from(DAYS), st.times(), st.sampled_from(("US", "DE-BY", None)), st.integers(0, 1439))
@settings(max_examples=60, deadline=None)
def test_whatever_the_clocks_do_each_week_has_one_issue_in_order(
    zoned: tuple[str, date], day: str, at: time, holidays: str | None, minute: int
) -> None:
    zone, around = zoned
    agreed = terms(day, f"{at:%H:%M}", zone, holidays=holidays)
    now = datetime.combine(around, time.min, UTC) + timedelta(minutes=minute)
    issue = due(agreed, now)
    assert issue.due_at <= now < issue.due_at + timedelta(days=7 + 20)
    assert issue.until - issue.since == timedelta(days=7)
    assert DAYS[issue.until.weekday()] == day
    local = issue.due_at.astimezone(calendar.zone_info(zone))
    assert (local.date() - issue.until).days >= 0
    if local.date() != issue.until and local.time() >= at:  # put off; a day that clocks skip is the other way
        assert is_working_day(agreed.sla.hours, local.date())
    following = issue_after(agreed, now)
    assert following is not None
    assert now < following.due_at
    assert following.week > issue.week
    assert due(agreed, following.due_at) == following
    assert due(agreed, following.due_at - timedelta(microseconds=1)) == issue


@given(st.lists(st.integers(0, 70 * 24 * 60), min_size=1, max_size=40), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_whenever_it_is_looked_at_no_week_goes_twice(looks: list[int], day: int) -> None:
    """The clock looks at any instants, however far apart: each issue that it sees is new or the one that went."""
    agreed, first = terms(DAYS[day]), utc(2026, 10, 20)
    seen = [due(agreed, first + timedelta(minutes=look)) for look in sorted(looks)]
    weeks = [issue.until for issue in seen]
    assert weeks == sorted(weeks)
    assert len({issue.week for issue in seen}) == len({issue.due_at for issue in seen})


@pytest.mark.parametrize(
    ("now", "end"),
    [
        pytest.param(utc(2026, 11, 16, 14), utc(2026, 11, 17, 23), id="monday-morning-counts-as-the-first"),
        pytest.param(utc(2026, 11, 16, 23), utc(2026, 11, 18, 23), id="the-day-is-over"),
        pytest.param(utc(2026, 11, 25, 15), utc(2026, 11, 27, 23), id="over-thanksgiving"),
        pytest.param(utc(2026, 11, 21, 15), utc(2026, 11, 24, 23), id="from-a-saturday"),
    ],
)
def test_the_next_two_working_days_end_with_the_hours_of_the_second(now: datetime, end: datetime) -> None:
    assert end_of_working_days(terms().sla.hours, now, 2) == end


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digest": {"day": "mon", "at": "08:00"}}, "nobody gets it"),
        ({"digest": {"day": "mon", "at": "08:00", "sales": ["a@b.example", "A@b.example"]}}, "stands here twice"),
        ({"digest": {"day": "mon", "at": "08:00", "sales": ["a@b.example"]}, "notify": ["slack"]}, "goes by e-mail"),
    ],
)
def test_one_that_could_reach_nobody_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        make_agreement(**changes)
