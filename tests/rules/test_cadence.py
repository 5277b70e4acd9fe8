from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from nurture.agreement import Limits
from nurture.campaign import Campaign
from nurture.facts import Slot
from nurture.rules import cadence, calendar
from tests.rules.examples import days, make_agreement, make_campaign, utc

CHICAGO = "America/Chicago"
MONDAY = utc(2026, 3, 2, 12)


def slot(campaign: Campaign | None = None, step: int = 0, **changes: Any) -> Slot | None:
    """The next slot of a lead in Chicago that had its last mail on Tuesday, 24 February, asked on Monday, 2 March."""
    campaign = campaign or make_campaign()
    asked: dict[str, Any] = {
        "campaign": campaign,
        "step": campaign.steps[step],
        "limits": Limits(),
        "lead_key": "lead-1",
        "zone": CHICAGO,
        "holidays": "US",
        "now": MONDAY,
        "started_at": utc(2026, 2, 2, 12),
        "first": False,
        "slow": False,
        "last_mail_on": date(2026, 2, 24),
        "taken_on": (),
        "counted_on": (),
    }
    return cadence.next_slot(**asked | changes)


def day_of(campaign: Campaign | None = None, step: int = 0, **changes: Any) -> date:
    found = slot(campaign, step, **changes)
    assert found is not None
    return found.local_on


def held_by(campaign: Campaign | None = None, step: int = 0, **changes: Any) -> tuple[str, ...]:
    found = slot(campaign, step, **changes)
    assert found is not None
    return found.held_by


def new(campaign: Campaign | None = None, **changes: Any) -> Slot | None:
    """The slot of an enrollment's first mail; it began at noon UTC on Monday, 2 March."""
    return slot(campaign, **{"first": True, "last_mail_on": None, "started_at": MONDAY} | changes)


# Which day


def test_the_next_mail_goes_a_week_after_the_last() -> None:
    assert day_of() == date(2026, 3, 3)
    assert held_by() == ()


def test_days_are_the_leads_own_not_those_of_utc() -> None:
    midnight_in_utc = utc(2026, 3, 4, 1)
    every_day = make_campaign(days=["mon-sun"], hours="00:00-23:59")
    assert day_of(every_day, now=midnight_in_utc, zone=CHICAGO) == date(2026, 3, 3)
    assert day_of(every_day, now=midnight_in_utc, zone="Asia/Tokyo") == date(2026, 3, 4)


def test_a_steps_own_after_counts_where_it_is_longer() -> None:
    assert day_of(step=1) == date(2026, 3, 10)


def test_the_cadence_counts_where_a_steps_after_is_shorter() -> None:
    assert day_of(make_campaign(every="4 weeks", slow_down=None), step=1) == date(2026, 3, 24)


def test_a_slow_lead_waits_for_the_slow_rhythm() -> None:
    assert day_of(slow=True) == date(2026, 3, 24)


def test_without_a_slow_rhythm_a_slow_lead_keeps_the_usual_one() -> None:
    assert day_of(make_campaign(slow_down=None), slow=True) == date(2026, 3, 3)


def test_a_day_that_is_not_a_mail_day_moves_to_the_next_that_is() -> None:
    assert day_of(last_mail_on=date(2026, 2, 26)) == date(2026, 3, 5)
    assert day_of(last_mail_on=date(2026, 2, 27)) == date(2026, 3, 10)
    assert held_by(last_mail_on=date(2026, 2, 27)) == ("6 Mar is a Friday; mails go tue-thu",)


def test_a_holiday_moves_a_mail_and_is_named() -> None:
    friday = make_campaign(days=["fri"])
    asked: dict[str, Any] = {"last_mail_on": date(2026, 6, 26), "now": utc(2026, 6, 29)}
    assert day_of(friday, **asked) == date(2026, 7, 10)
    assert held_by(friday, **asked) == (
        "3 Jul is a holiday (US): Independence Day (observed)",
        "4 Jul is a Saturday; mails go fri",
    )
    assert day_of(friday, **asked, holidays=None) == date(2026, 7, 3)


def test_a_day_that_has_its_mail_gets_no_other() -> None:
    assert day_of(taken_on={date(2026, 3, 3)}) == date(2026, 3, 4)
    assert held_by(taken_on={date(2026, 3, 3)}) == ("a mail already goes on 3 Mar",)


def test_a_limit_of_seven_days_delays_and_says_so() -> None:
    asked: dict[str, Any] = {"limits": Limits(per_7_days=2), "counted_on": days("2026-02-25", "2026-02-26")}
    assert day_of(**asked) == date(2026, 3, 4)
    assert held_by(**asked) == ("2 mails already in the 7 days to 3 Mar",)


def test_today_is_one_of_the_seven_days() -> None:
    limits = Limits(per_7_days=1)
    assert day_of(limits=limits, counted_on=days("2026-02-25")) == date(2026, 3, 4)
    assert day_of(limits=limits, counted_on=days("2026-02-24")) == date(2026, 3, 3)


def test_a_limit_of_thirty_days_delays_and_is_told_of_once() -> None:
    found = slot(limits=Limits(per_30_days=3), counted_on=days("2026-02-03", "2026-02-10", "2026-02-24"))
    assert found is not None
    assert found.local_on == date(2026, 3, 5)
    assert found.held_by == ("3 mails already in the 30 days to 3 Mar",)


def test_a_mail_that_is_planned_for_later_counts_in_the_days_around_it() -> None:
    asked: dict[str, Any] = {"limits": Limits(per_7_days=1), "counted_on": days("2026-03-05")}
    assert day_of(**asked) == date(2026, 3, 12)
    assert held_by(**asked)[0] == "1 mail already in the 7 days to 5 Mar"


def test_mails_that_are_never_in_one_span_do_not_add_up() -> None:
    counted = days("2026-02-27", "2026-03-06")
    assert day_of(limits=Limits(per_7_days=2), counted_on=counted) == date(2026, 3, 3)


def test_two_mails_of_one_day_count_twice() -> None:
    assert day_of(limits=Limits(per_7_days=2), counted_on=days("2026-02-25", "2026-02-25")) == date(2026, 3, 4)


def test_nothing_goes_before_a_day_that_was_asked_for() -> None:
    assert day_of(not_before_on=date(2026, 3, 4)) == date(2026, 3, 4)
    assert held_by(not_before_on=date(2026, 3, 4)) == ("nothing may go before 4 Mar",)


def test_a_wait_that_ends_after_the_hours_moves_to_the_next_day() -> None:
    assert day_of(not_before=utc(2026, 3, 11, 20)) == date(2026, 3, 12)
    found = slot(not_before=utc(2026, 3, 11, 20))
    assert found is not None
    assert found.held_by == (
        "nothing may go before 11 Mar",
        "the hours of 11 Mar (09:00-11:30) are over",
    )


def test_a_wait_that_ends_within_the_hours_leaves_the_rest_of_them() -> None:
    waits_until = utc(2026, 3, 11, 16, 29)
    for n in range(50):
        found = slot(not_before=waits_until, lead_key=str(n))
        assert found is not None
        assert waits_until <= found.at < found.until == utc(2026, 3, 11, 16, 30)


def test_a_limit_never_skips_a_mail_but_two_years_without_a_day_are_told() -> None:
    every_third_day = [date(2026, 1, 1) + timedelta(days=3 * n) for n in range(400)]
    assert slot(limits=Limits(per_7_days=1), counted_on=every_third_day) is None


def test_a_mail_due_in_three_years_has_its_day() -> None:
    assert day_of(make_campaign(every="3 years", slow_down=None)) == date(2029, 2, 27)


def test_a_day_of_another_year_is_said_with_its_year() -> None:
    new_year = make_campaign(days=["thu", "fri"])
    asked: dict[str, Any] = {"last_mail_on": date(2026, 12, 25), "now": utc(2026, 12, 28, 12)}
    assert held_by(new_year, **asked)[0] == "1 Jan 2027 is a holiday (US): New Year's Day"


# The first mail


def test_the_first_mail_goes_after_the_enrollments_own_day() -> None:
    every_day = make_campaign(days=["mon-sun"])
    found = {day_of(every_day, first=True, last_mail_on=None, started_at=MONDAY, lead_key=str(n)) for n in range(200)}
    assert found == set(days(*(f"2026-03-{n:02}" for n in range(3, 10))))


def test_the_enrollments_own_day_is_the_leads_local_one() -> None:
    every_day = make_campaign(days=["mon-sun"])
    late_in_chicago = utc(2026, 3, 3, 4)  # still 2 March there
    found = {
        day_of(every_day, first=True, last_mail_on=None, started_at=late_in_chicago, lead_key=str(n))
        for n in range(200)
    }
    assert min(found) == date(2026, 3, 3)


def test_first_mails_are_spread_over_the_mail_days_of_the_first_week() -> None:
    found = Counter(day_of(first=True, last_mail_on=None, started_at=MONDAY, lead_key=f"lead-{n}") for n in range(3000))
    assert set(found) == set(days("2026-03-03", "2026-03-04", "2026-03-05"))
    assert all(900 < count < 1100 for count in found.values())


def test_first_mails_are_spread_over_the_days_that_are_no_holidays() -> None:
    thanksgiving = utc(2026, 11, 23, 12)  # Thursday, 26 November
    found = Counter(
        day_of(first=True, last_mail_on=None, started_at=thanksgiving, now=thanksgiving, lead_key=f"lead-{n}")
        for n in range(2000)
    )
    assert set(found) == set(days("2026-11-24", "2026-11-25"))
    assert all(900 < count < 1100 for count in found.values())


def test_a_first_week_without_a_mail_day_leads_to_the_first_day_after_it() -> None:
    christmas = make_campaign(days=["fri"])
    found = new(christmas, started_at=utc(2026, 12, 24, 12), now=utc(2026, 12, 24, 12))
    assert found is not None
    assert found.local_on == date(2027, 1, 8)


def test_the_first_mail_keeps_its_distance_from_the_last_of_another_campaign() -> None:
    found = new(last_mail_on=date(2026, 3, 1))
    assert found is not None
    assert found.local_on == date(2026, 3, 10)


def test_first_mails_after_a_wait_are_spread_over_the_week_after_it() -> None:
    waits_until = utc(2026, 6, 1, 12)
    found = Counter(
        day_of(first=True, last_mail_on=None, started_at=MONDAY, not_before=waits_until, lead_key=f"lead-{n}")
        for n in range(900)
    )
    assert set(found) == set(days("2026-06-02", "2026-06-03", "2026-06-04"))
    assert all(count > 200 for count in found.values())


# The minute


def test_the_minute_is_the_same_every_week() -> None:
    first, second = slot(), slot(last_mail_on=date(2026, 3, 3))
    assert first is not None
    assert second is not None
    assert second.at - first.at == timedelta(days=7, hours=-1)  # the clocks change on 8 March
    assert first.until == utc(2026, 3, 3, 17, 30)


def test_ten_thousand_leads_are_spread_evenly_over_the_hours() -> None:
    counts = [0] * 150
    for n in range(10_000):
        found = slot(lead_key=f"lead-{n}")
        assert found is not None
        counts[(found.at - utc(2026, 3, 3, 15)) // timedelta(minutes=1)] += 1
    expected = 10_000 / 150
    assert sum((count - expected) ** 2 / expected for count in counts) < 149 + 5 * 298**0.5


def planned() -> datetime:
    found = slot()
    assert found is not None
    return found.at


def test_a_mail_up_to_a_quarter_of_an_hour_late_goes_now() -> None:
    for late in (timedelta(), timedelta(minutes=1), timedelta(minutes=15)):
        found = slot(now=planned() + late)
        assert found is not None
        assert found.at == planned()
        assert found.until == utc(2026, 3, 3, 17, 30)


def test_late_mails_are_spread_evenly_over_what_is_left_of_the_hours() -> None:
    now = utc(2026, 3, 3, 16, 30)  # 10:30 there; an hour is left
    late = [
        found for n in range(10_000) if (found := slot(lead_key=f"lead-{n}", now=now)) and found.local_on == now.date()
    ]
    late = [found for found in late if found.at.second]  # planned minutes are whole
    counts = [0] * 10
    for found in late:
        assert now <= found.at < found.until == utc(2026, 3, 3, 17, 30)
        counts[(found.at - now) // timedelta(minutes=6)] += 1
    expected = len(late) / 10
    assert len(late) > 4000
    assert sum((count - expected) ** 2 / expected for count in counts) < 9 + 5 * 18**0.5


def test_when_the_hours_are_over_the_mail_goes_on_the_next_mail_day() -> None:
    now = utc(2026, 3, 3, 17, 30)
    assert day_of(now=now) == date(2026, 3, 4)
    assert held_by(now=now) == ("the hours of 3 Mar (09:00-11:30) are over",)


def test_a_planned_minute_in_the_last_of_the_hours_is_not_late_into_the_night() -> None:
    campaign = make_campaign(hours="09:00-09:05")
    now = utc(2026, 3, 3, 15, 5)  # the hours are over, though no minute of them is 15 minutes ago
    assert day_of(campaign, now=now) == date(2026, 3, 4)


def test_after_a_long_downtime_mails_wait_for_the_next_hours() -> None:
    three_in_the_morning = utc(2026, 5, 5, 8)
    found = slot(now=three_in_the_morning)
    assert found is not None
    assert found.local_on == date(2026, 5, 5)
    assert utc(2026, 5, 5, 14) <= found.at < utc(2026, 5, 5, 16, 30)


# When clocks change


def test_a_minute_that_the_clocks_skip_moves_to_the_first_one_there_is() -> None:
    campaign = make_campaign(days=["sun"], hours="02:00-03:10")
    asked: dict[str, Any] = {"last_mail_on": date(2026, 3, 1), "holidays": None}
    found = [slot(campaign, lead_key=str(n), **asked) for n in range(100)]
    assert {one.local_on for one in found if one} == {date(2026, 3, 8)}
    assert min(one.at for one in found if one) == utc(2026, 3, 8, 8)
    assert max(one.at for one in found if one) < utc(2026, 3, 8, 8, 10)


def test_a_skipped_minute_with_nothing_after_it_moves_to_the_beginning_of_the_hours() -> None:
    campaign = make_campaign(days=["sun"], hours="01:59-02:59")
    found = [slot(campaign, lead_key=str(n), last_mail_on=date(2026, 3, 1)) for n in range(20)]
    assert {(one.at, one.until) for one in found if one} == {(utc(2026, 3, 8, 7, 59), utc(2026, 3, 8, 8))}


def test_a_minute_that_comes_twice_is_its_first() -> None:
    campaign = make_campaign(days=["sun"], hours="01:00-02:00")
    found = [
        slot(campaign, lead_key=str(n), last_mail_on=date(2026, 10, 25), now=utc(2026, 10, 30)) for n in range(100)
    ]
    assert all(one and utc(2026, 11, 1, 6) <= one.at < utc(2026, 11, 1, 7) for one in found)
    assert {one.until for one in found if one} == {utc(2026, 11, 1, 8)}


def test_a_day_whose_hours_the_clocks_skip_is_not_allowed() -> None:
    campaign = make_campaign(days=["mon-sun"], hours="02:15-02:45")
    found = slot(campaign, last_mail_on=date(2026, 3, 1))
    assert found is not None
    assert found.local_on == date(2026, 3, 9)
    assert found.held_by == ("the clocks skip 02:15-02:45 on 8 Mar",)


def test_a_day_that_does_not_exist_has_no_mail() -> None:
    campaign = make_campaign(days=["mon-sun"])
    found = slot(campaign, last_mail_on=date(2011, 12, 23), now=utc(2011, 12, 27), zone="Pacific/Apia", holidays=None)
    assert found is not None
    assert found.local_on == date(2011, 12, 31)


def test_hours_that_end_with_the_day_end_on_it() -> None:
    campaign = make_campaign(days=["sat"], hours="22:00-23:30")  # Nuuk goes from 23:00 to midnight on 28 March
    found = slot(campaign, last_mail_on=date(2026, 3, 21), zone="America/Nuuk", holidays=None)
    assert found is not None
    assert calendar.local_date(found.until, "America/Nuuk") == found.local_on == date(2026, 3, 28)


# Slow-down and zones


@pytest.mark.parametrize(("unanswered", "slow"), [(0, False), (3, False), (4, True), (9, True)])
def test_the_rhythm_slows_down_after_so_many_unanswered_mails(unanswered: int, slow: bool) -> None:
    assert cadence.is_slow(make_campaign().cadence, unanswered) is slow


def test_a_cadence_without_slow_down_never_slows_down() -> None:
    assert not cadence.is_slow(make_campaign(slow_down=None).cadence, 99)


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Europe/London", "Europe/London"),
        ("europe/london", "Europe/London"),
        ("London", CHICAGO),
        ("", CHICAGO),
        (None, CHICAGO),
    ],
)
def test_a_lead_without_a_zone_has_the_companys(said: str | None, zone: str) -> None:
    assert cadence.zone_of(said, make_agreement()) == zone
