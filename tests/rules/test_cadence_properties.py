"""Whatever the zone, the day and the hours: what a slot must always keep to (design promises 3 and 6)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nurture.agreement import Limits
from nurture.campaign import Campaign
from nurture.facts import Slot
from nurture.grammar.windows import Hours
from nurture.grammar.zones import zone_names
from nurture.rules import cadence, calendar, slots
from tests.rules.clocks import FIRST, ODD_ZONES, hours_of_day, is_inside, zone_and_day, zones
from tests.rules.examples import make_campaign

DAY = timedelta(days=1)
limits_of_all_kinds = st.builds(
    Limits,
    per_7_days=st.none() | st.integers(1, 4),
    per_30_days=st.none() | st.integers(1, 10),
)


@st.composite
def asked(draw: st.DrawFn, zone: str | None = None, day: date | None = None) -> dict[str, Any]:
    """Arguments of `next_slot`, near a day on which clocks change."""
    if zone is None or day is None:
        zone, day = draw(zone_and_day())
    campaign = make_campaign(
        every=f"{draw(st.integers(1, 30))} days",
        days=sorted(draw(st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1))),
        hours=str(draw(hours_of_day())),
        slow_down={"after": 4, "every": "6 weeks"},
    )
    now = datetime.combine(day, time(), UTC) + timedelta(seconds=draw(st.integers(-2 * 86400, 2 * 86400)))
    mails = draw(st.lists(st.integers(-40, 10), max_size=12))
    mail_days = [day + DAY * n for n in mails]
    return {
        "campaign": campaign,
        "step": campaign.steps[draw(st.integers(0, 1))],
        "limits": draw(limits_of_all_kinds),
        "lead_key": draw(st.text(max_size=8)),
        "zone": zone,
        "holidays": draw(st.sampled_from([None, "US", "DE-BY"])),
        "now": now,
        "started_at": now - timedelta(hours=draw(st.integers(0, 400))),
        "first": draw(st.booleans()),
        "slow": draw(st.booleans()),
        "last_mail_on": draw(st.none() | st.sampled_from(mail_days)) if mail_days else None,
        "taken_on": frozenset(mail_days),
        "counted_on": mail_days,
        "not_before": draw(st.none() | st.just(now + timedelta(seconds=draw(st.integers(-86400, 20 * 86400))))),
        "not_before_on": draw(st.none() | st.just(day + DAY * draw(st.integers(-2, 5)))),
    }


def mails_in(days: Sequence[date], end: date, span: int) -> int:
    return sum(end - DAY * span < day <= end for day in days)


def assert_kept(slot: Slot, request: dict[str, Any]) -> None:
    hours: Hours = request["campaign"].cadence.hours
    zone, now = request["zone"], request["now"]
    tick = timedelta(microseconds=1)
    assert slot.zone == zone
    assert slot.at < slot.until
    assert slot.at.utcoffset() == timedelta()
    assert now < slot.until
    assert slot.at > now or now - slot.at <= cadence.LATE
    assert calendar.local_date(slot.until, zone) == slot.local_on
    for n in range(9):
        assert is_inside(slot.at + (slot.until - tick - slot.at) * n / 8, slot.local_on, hours, zone)
    if request["not_before"] is not None:
        assert slot.at >= request["not_before"]
    if request["not_before_on"] is not None:
        assert slot.local_on >= request["not_before_on"]


@settings(max_examples=80, deadline=None)
@given(request=asked())
def test_a_slot_is_always_inside_the_allowed_hours_of_an_allowed_day(request: dict[str, Any]) -> None:
    slot = cadence.next_slot(**request)
    assume(slot is not None)
    assert slot is not None
    assert_kept(slot, request)
    assert slot.local_on.weekday() in request["campaign"].cadence.days
    assert request["holidays"] is None or calendar.holiday(request["holidays"], slot.local_on) is None
    if request["first"]:
        assert slot.local_on > calendar.local_date(request["started_at"], request["zone"])


@settings(max_examples=60, deadline=None)
@given(request=asked())
def test_there_are_never_two_mails_on_one_day_nor_more_than_the_limits_in_any_span(request: dict[str, Any]) -> None:
    slot = cadence.next_slot(**request)
    assume(slot is not None)
    assert slot is not None
    assert slot.local_on not in request["taken_on"]
    with_it = [*request["counted_on"], slot.local_on]
    for span, most in ((7, request["limits"].per_7_days), (30, request["limits"].per_30_days)):
        for n in range(span if most is not None else 0):
            assert mails_in(with_it, slot.local_on + DAY * n, span) <= most


def is_allowed(day: date, request: dict[str, Any]) -> bool:
    """The rules for a day, said naively."""
    rhythm, holidays = request["campaign"].cadence, request["holidays"]
    with_it = [*request["counted_on"], day]
    soonest = max(request["now"], request["not_before"] or request["now"])
    open_hours = calendar.open_hours(day, rhythm.hours.start, rhythm.hours.end, request["zone"])
    return (
        day.weekday() in rhythm.days
        and (holidays is None or calendar.holiday(holidays, day) is None)
        and day not in request["taken_on"]
        and (request["not_before_on"] is None or day >= request["not_before_on"])
        and any(closed - timedelta(microseconds=1) > soonest for _, closed in open_hours)
        and all(
            mails_in(with_it, day + DAY * n, span) <= (most or 99)
            for span, most in ((7, request["limits"].per_7_days), (30, request["limits"].per_30_days))
            for n in range(span)
        )
    )


@settings(max_examples=40, deadline=None)
@given(request=asked())
def test_no_day_that_is_allowed_is_passed_over(request: dict[str, Any]) -> None:
    request["first"] = False
    slot = cadence.next_slot(**request)
    assume(slot is not None)
    assert slot is not None
    assert is_allowed(slot.local_on, request)
    day = max(calendar.local_date(request["now"], request["zone"]), rhythm_day(request))
    while day < slot.local_on:
        assert not is_allowed(day, request), day
        day += DAY
    assert len(set(slot.held_by)) == len(slot.held_by)


def rhythm_day(request: dict[str, Any]) -> date:
    """The day that the cadence and the step's `after` ask for."""
    if request["last_mail_on"] is None:
        return FIRST - 400 * DAY
    rhythm = request["campaign"].cadence
    every = rhythm.slow_down.every if request["slow"] else rhythm.every
    after = request["step"].after.days if request["step"].after else 0
    return cast("date", request["last_mail_on"] + DAY * max(every.days, after))


@settings(max_examples=32, deadline=None)
@given(request=asked())
def test_the_rhythm_is_kept(request: dict[str, Any]) -> None:
    slot = cadence.next_slot(**request)
    assume(slot is not None and request["last_mail_on"] is not None)
    assert slot is not None
    assert slot.local_on >= rhythm_day(request)


@settings(max_examples=32, deadline=None)
@given(request=asked(), data=st.data())
def test_the_same_inputs_give_the_same_slot_whatever_was_asked_before(
    request: dict[str, Any], data: st.DataObject
) -> None:
    before = cadence.next_slot(**request)
    slots._window.cache_clear()
    calendar._holidays.cache_clear()
    shuffled = request | {
        "counted_on": data.draw(st.permutations(request["counted_on"])),
        "taken_on": list(request["taken_on"]),
    }
    assert cadence.next_slot(**shuffled) == before


@settings(max_examples=32, deadline=None)
@given(request=asked(), data=st.data())
def test_asking_again_before_the_slot_changes_nothing(request: dict[str, Any], data: st.DataObject) -> None:
    request["first"], request["not_before"] = False, None
    slot = cadence.next_slot(**request)
    assume(slot is not None and slot.at > request["now"] and not slot.at.second)
    assert slot is not None
    again = request | {"now": data.draw(st.datetimes(*map(naive, (request["now"], slot.at)), timezones=st.just(UTC)))}
    found = cadence.next_slot(**again)
    assert found is not None
    assert (found.at, found.until, found.local_on) == (slot.at, slot.until, slot.local_on)


@settings(max_examples=40, deadline=None)
@given(zone=st.sampled_from(ODD_ZONES) | zones, data=st.data())
def test_a_year_of_weekly_mails_never_breaks_a_rule(zone: str, data: st.DataObject) -> None:
    """Sends every mail at its slot, as a worker would, through a year with all its changes of clocks."""
    request = data.draw(asked(zone, data.draw(st.dates(date(2005, 1, 1), date(2036, 1, 1)))))
    request |= {"taken_on": [], "counted_on": [], "last_mail_on": None, "first": True, "slow": False}
    request |= {"not_before": None, "not_before_on": None}
    sent: list[date] = []
    for _ in range(30):
        slot = cadence.next_slot(**request)
        if slot is None:
            break
        assert_kept(slot, request)
        assert not sent or slot.local_on > sent[-1]
        sent.append(slot.local_on)
        request |= {"taken_on": sent, "counted_on": sent, "last_mail_on": slot.local_on, "first": False}
        request |= {"now": max(slot.at, request["now"])}
    for end in sent:
        for span, most in ((7, request["limits"].per_7_days), (30, request["limits"].per_30_days)):
            assert most is None or mails_in(sent, end, span) <= most


def naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def test_every_zone_keeps_its_hours_on_every_day_of_a_year_on_which_its_clocks_change() -> None:
    campaigns = [
        make_campaign(every="1 day", slow_down=None, days=["mon-sun"], hours=hours)
        for hours in ("00:00-03:30", "01:59-02:31", "22:30-23:59")
    ]
    for zone in sorted(zone_names()):
        for day in change_days_of(2026, zone):
            for campaign in campaigns:
                request = asked_plainly(campaign, zone, datetime.combine(day - DAY, time(), UTC))
                for _ in range(4):
                    slot = cadence.next_slot(**request)
                    assert slot is not None
                    assert_kept(slot, request)
                    request |= {"now": slot.until, "last_mail_on": slot.local_on, "taken_on": [slot.local_on]}


def change_days_of(year: int, zone: str) -> list[date]:
    info = calendar.zone_info(zone)
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + DAY * n for n in range(366)]
    return [
        noon.date()
        for noon, before in zip(noons[1:], noons, strict=False)
        if noon.astimezone(info).utcoffset() != before.astimezone(info).utcoffset()
    ]


def asked_plainly(campaign: Campaign, zone: str, now: datetime) -> dict[str, Any]:
    """A plain request of a lead that has had no mail yet and may have one at once."""
    return {
        "campaign": campaign,
        "step": campaign.steps[0],
        "limits": Limits(),
        "lead_key": zone,
        "zone": zone,
        "holidays": None,
        "now": now,
        "started_at": now,
        "first": False,
        "slow": False,
        "last_mail_on": None,
        "taken_on": [],
        "counted_on": [],
        "not_before": None,
        "not_before_on": None,
    }


@settings(max_examples=200, deadline=None)
@given(
    request=asked(),
    into=st.floats(0, 1),
    ahead=st.sampled_from([None, -2, 0, 1, 8]),
    since=st.lists(st.integers(0, 9), max_size=4),
)
def test_what_is_found_at_once_is_what_a_search_finds(
    request: dict[str, Any], into: float, ahead: int | None, since: list[int]
) -> None:
    campaign, step, limits, key = (request[name] for name in ("campaign", "step", "limits", "lead_key"))
    days = slots.open_days(campaign.cadence, request["zone"], request["holidays"])
    day = next(DAY * n + days.today(request["now"]) for n in range(30) if days[DAY * n + days.today(request["now"])][1])
    opened, until = days[day][1][0]
    now = opened + into * (until - opened)  # within the hours: late mails are spread over what is left of them
    soonest = None if ahead is None else day + DAY * ahead
    mails = [(soonest or day) - DAY * n for n in since]
    taken_on = set(mails[1:])
    searched = slots.Search(campaign, step, limits, key, days, now, taken_on, mails, None).from_day(soonest, None)
    for last in (None, max(mails, default=None)):
        found = slots.at_once(days, limits, key, step.id, now, soonest, taken_on, mails, last)
        assert found is None or found == searched
