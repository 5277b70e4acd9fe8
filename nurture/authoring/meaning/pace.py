"""How fast mails go: cadences that the limits slow down, hours that are too short, settings that change nothing."""

from collections.abc import Iterator

from nurture.agreement import Agreement, Limits
from nurture.authoring.meaning.telling import so_many, warning
from nurture.campaign import Cadence, Campaign
from nurture.errors import Problem
from nurture.rules.cadence import LATE
from nurture.workspace.codes import NO_EFFECT, OVER_THE_LIMITS, SHORT_HOURS
from nurture.workspace.document import Document

_SPANS = (("per_7_days", 7), ("per_30_days", 30))
_SHORTEST = int(LATE.total_seconds()) // 60
"""Minutes. A mail so late still goes, if its hours are not over; hours shorter than that leave no room for it."""


def hurried_cadence(campaign: Campaign, document: Document, agreement: Agreement) -> Iterator[Problem]:
    """A rhythm of which the agreement's limits let less through."""
    days = _days_of_mails(campaign.cadence)
    for key, span in _SPANS:
        most = getattr(agreement.limits, key)
        mails = _most_within(days, span)
        if most is not None and mails > most:
            said = (
                f"a mail every {campaign.cadence.every} would be {mails} in {span} days, and the agreement's "
                f"`limits` let {most} through: mails come more rarely than this says"
            )
            hint = f"write a longer `every`, or raise `{key}` in the agreement"
            yield warning(document, ("cadence", "every"), OVER_THE_LIMITS, said, hint)
            return


def short_hours(campaign: Campaign, document: Document) -> Iterator[Problem]:
    """Hours in which not even a mail that is a little late would go."""
    hours = campaign.cadence.hours
    minutes = (hours.end.hour - hours.start.hour) * 60 + hours.end.minute - hours.start.minute
    if minutes < _SHORTEST:
        said = (
            f"hours of {so_many(minutes, 'minute')} are too short: all mails of a day go within them, and what is a "
            "little late waits for the next allowed day"
        )
        yield warning(document, ("cadence", "hours"), SHORT_HOURS, said, f"at least {_SHORTEST} minutes; better hours")


def idle_pace(campaign: Campaign, document: Document) -> Iterator[Problem]:
    """An `after` shorter than the cadence, and a `slow_down` that no lead lives to see."""
    every, slow = campaign.cadence.every, campaign.cadence.slow_down
    for index, step in enumerate(campaign.steps):
        if step.after and step.after.days < every.days:
            said = f"`after` changes nothing: mails of this campaign are {every} apart already"
            hint = "it makes the wait before this step longer, never shorter"
            yield warning(document, ("steps", index, "after"), NO_EFFECT, said, hint)
    if slow and slow.after >= len(campaign.steps):
        said = f"this changes nothing: the campaign has {so_many(len(campaign.steps), 'step')}, none after {slow.after}"
        yield warning(document, ("cadence", "slow_down", "after"), NO_EFFECT, said)


def idle_limits(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Limits that another one is stricter than."""
    limits = agreement.limits
    for key, span in _SPANS:
        most = getattr(limits, key)
        if most is not None and most > span:
            said = f"this changes nothing: at most one mail goes a day, {span} in {span} days"
            yield warning(document, ("limits", key), NO_EFFECT, said)
    if _week_is_idle(limits):
        said = f"this changes nothing: `per_30_days` lets only {limits.per_30_days} through"
        yield warning(document, ("limits", "per_7_days"), NO_EFFECT, said)


def _week_is_idle(limits: Limits) -> bool:
    week, month = limits.per_7_days, limits.per_30_days
    return week is not None and month is not None and month <= week <= 7


def _days_of_mails(cadence: Cadence) -> list[list[int]]:
    """Days on which mails would go if nothing held them up, from a first mail on each of the allowed weekdays."""
    found = []
    for first in sorted(cadence.days):
        days = [first]
        while days[-1] < first + 60:
            day = days[-1] + cadence.every.days
            while day % 7 not in cadence.days:
                day += 1
            days.append(day)
        found.append(days)
    return found


def _most_within(runs: list[list[int]], span: int) -> int:
    return max(sum(start <= day < start + span for day in days) for days in runs for start in days)
