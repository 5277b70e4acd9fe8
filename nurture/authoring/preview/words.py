"""Campaigns and dates in words, as a colleague would read them out."""

from collections.abc import Iterable
from datetime import datetime

from nurture.agreement import Agreement
from nurture.campaign import Campaign, Step
from nurture.grammar.windows import say_time
from nurture.rules.calendar import zone_info

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {"1 day": "day", "1 week": "week", "1 month": "month", "1 year": "year"}


def whom(campaign: Campaign, agreement: Agreement | None) -> str:
    """Whom the campaign takes."""
    enroll = campaign.enroll
    ways = []
    if enroll.reasons:
        ways.append(f"leads that sales refused: {_listed(_label(reason, agreement) for reason in enroll.reasons)}")
    if enroll.unready:
        ways.append("inquiries that do not qualify yet")
    said = "; ".join(ways) or "nobody by itself: leads come from another campaign, or by hand"
    if enroll.stages != ("inquiry", "nurture"):
        said += f"; in stage {_listed(enroll.stages, 'or')}"
    if enroll.again is not None:
        said += "; nobody twice" if enroll.again.never else f"; again {enroll.again}"
    return said[0].upper() + said[1:]


def cadence(campaign: Campaign) -> str:
    """How often, on which days, at what hours."""
    rhythm = campaign.cadence
    said = (
        f"One mail every {_UNITS.get(str(rhythm.every), str(rhythm.every))}, {_weekdays(rhythm.days)}, "
        f"{say_time(rhythm.hours.start)} to {say_time(rhythm.hours.end)} where the lead is"
    )
    if rhythm.slow_down is not None:
        said += f"; after {rhythm.slow_down.after} unanswered in a row, every {rhythm.slow_down.every}"
    return said


def ending(campaign: Campaign, campaigns: Iterable[Campaign]) -> str:
    """What follows when the steps are used up."""
    if campaign.finish is None:
        return "Waits for new steps"
    names = {other.id: other.name for other in campaigns}
    then = campaign.finish.then
    where = "the lead rests" if then == "rest" else f"on to {names.get(then, then)}"
    return f"{campaign.finish.after} after its last mail, {where}"


def step_notes(step: Step) -> list[str]:
    """What is special about a step."""
    notes = []
    if step.survey is not None:
        notes.append("survey")
    if step.when is not None:
        notes.append(f"only when {step.when}")
    if step.after is not None:
        notes.append(f"at least {step.after} after the mail before")
    if step.repeat:
        notes.append("once in every cycle")
    return notes


def moment(at: datetime, zone: str, this_year: int | None = None) -> str:
    """`Tue 24 Nov 09:41 America/Chicago`, the year where it is not this one."""
    return f"{day(at, zone, this_year)} {clock(at, zone)} {zone}"


def day(at: datetime, zone: str, this_year: int | None = None) -> str:
    """`Tue 24 Nov`, the year where it is not this one."""
    local = at.astimezone(zone_info(zone))
    year = "" if local.year == this_year else f" {local.year}"
    return f"{_SHORT[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}{year}"


def clock(at: datetime, zone: str) -> str:
    """`09:41`."""
    return say_time(at.astimezone(zone_info(zone)).time())


def count(number: int, one: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _label(reason: str, agreement: Agreement | None) -> str:
    known = None if agreement is None else agreement.reject_reasons.get(reason)
    return f"“{known.label}”" if known is not None else f"“{reason.replace('_', ' ').capitalize()}”"


def _weekdays(days: Iterable[int]) -> str:
    chosen = sorted(days)
    if len(chosen) == 7:
        return "any day"
    if len(chosen) > 2 and chosen[-1] - chosen[0] == len(chosen) - 1:
        return f"{_DAYS[chosen[0]]} to {_DAYS[chosen[-1]]}"
    return _listed((_DAYS[number] for number in chosen), "or")


def _listed(words: Iterable[str], last: str = "and") -> str:
    *first, end = list(words)
    return f"{', '.join(first)} {last} {end}" if first else end
