"""When a step can go at the earliest: what nobody was sent because the time was too short is no mistake of the files.

A bound from below: leads that answer every mail, no limits, no holidays, and steps with a `when` passed over.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture.campaign import Campaign
from nurture.rules.book import Rulebook
from nurture.rules.refusing import reason_of

_HOURS = timedelta(days=1)
"""What hours of the day may make of a bound: mails go at another hour every time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a simulation has shown.

    Attributes:
        start, end: when it began and ended.
        first: for each campaign, when each of its steps first went.
        due: for each campaign, when somebody's next mail goes who is in it at the end.
        entered: campaigns that somebody entered.
        ripe: reasons of refusals whose `wait` was over for somebody.
        out: campaigns that had nothing left for somebody.
    """

    start: datetime
    end: datetime
    first: Mapping[str, Mapping[str, datetime]]
    due: Mapping[str, datetime]
    entered: Set[str]
    ripe: Set[str]
    out: Set[str] = frozenset()


def beyond(book: Rulebook, seen: Seen) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Campaigns that nobody can enter, and steps (campaign, step) that nobody can be sent, before the end."""
    begins = _begins(book, seen)
    late = {name for name, at in begins.items() if _is_late(at, seen) and name not in seen.entered}
    steps = {
        (name, step)
        for name, campaign in book.campaigns.items()
        for step, at in _walk(campaign, begins[name], seen)[0].items()
        if _is_late(at, seen)
    }
    return frozenset(late), frozenset(steps)


def _begins(book: Rulebook, seen: Seen) -> dict[str, datetime | None]:
    """When each campaign's first mail can go; None: nothing leads there. Who finishes one may go on to another."""
    begins = {name: _begin(book, campaign, seen) for name, campaign in book.campaigns.items()}
    for _ in book.campaigns:
        for name, campaign in book.campaigns.items():
            if campaign.finish is None or campaign.finish.then not in begins:
                continue
            following = campaign.finish.then
            over = _walk(campaign, begins[name], seen)[1]
            if over is None or following in seen.entered:
                continue
            at, known = over + timedelta(days=campaign.finish.after.days), begins[following]
            begins[following] = at if known is None else min(known, at)
    return begins


def _begin(book: Rulebook, campaign: Campaign, seen: Seen) -> datetime | None:
    """When the campaign's first mail can go to whoever does not come from another campaign's end."""
    if seen.first.get(campaign.id):
        return min(seen.first[campaign.id].values())
    if campaign.id in seen.entered:
        return seen.due.get(campaign.id, seen.start)
    ways = [seen.start] if campaign.enroll.unready else []
    for reason in campaign.enroll.reasons:
        said = reason_of(book, reason)
        wait = 0 if said is None or said.wait is None or reason in seen.ripe else said.wait.days
        ways.append(seen.start + timedelta(days=wait))
    return min(ways, default=None)


def _walk(campaign: Campaign, begin: datetime | None, seen: Seen) -> tuple[dict[str, datetime], datetime | None]:
    """When each step can go, and when the last one that everybody gets.

    A step with a `when` costs no time, for some leads pass it over; but while nobody has come any further, the way to
    what follows leads over it.
    """
    if begin is None:
        return {}, None
    first, at, mailed = seen.first.get(campaign.id, {}), begin, False
    last = None if campaign.id in seen.out else next((s.id for s in reversed(campaign.steps) if s.id in first), None)
    earliest = {}
    for step in campaign.steps:
        days = max(campaign.cadence.every.days, 0 if step.after is None else step.after.days)
        earliest[step.id] = first.get(step.id, at + timedelta(days=days) if mailed else at)
        if step.when is None or step.id == last:
            at, mailed = earliest[step.id], True
    return earliest, at


def _is_late(at: datetime | None, seen: Seen) -> bool:
    return at is not None and at - _HOURS >= seen.end
