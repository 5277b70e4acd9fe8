"""When a mail may go (docs/campaigns.md: *Due*, *Slow-down*, *Limits*).

The day: counted in the lead's local days from its last nurture mail, then the first one that weekdays, holidays, limits
and the lead's other mails allow. The minute: one of the minutes of `hours`, picked by a hash of the lead's key and the
step's id (`hashing.pick`), so that a thousand leads are not written to all at once. What is late is spread anew over
what is left of the hours, in whole seconds, by another such hash. Nothing goes outside the hours, ever.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from nurture.agreement import Agreement, Limits
from nurture.campaign import Cadence, Campaign, Step
from nurture.facts import Slot
from nurture.rules import calendar
from nurture.rules.once import once
from nurture.rules.slots import LATE, OpenDays, Search, at_once, first_day, later, open_days

__all__ = ["LATE", "is_slow", "next_slot", "soonest", "zone_of"]


def is_slow(cadence: Cadence, mails_since_engaged: int) -> bool:
    """Whether the lead left so many of this enrollment's mails in a row unanswered that mails come more rarely."""
    return cadence.slow_down is not None and mails_since_engaged >= cadence.slow_down.after


def zone_of(profile_timezone: str | None, agreement: Agreement) -> str:
    """The zone a lead's days and hours are counted in: its own, or the company's where that is unknown or no zone."""
    return calendar.zone_named(profile_timezone) or agreement.company.timezone


def next_slot(
    *,
    campaign: Campaign,
    step: Step,
    limits: Limits,
    lead_key: str,
    zone: str,
    holidays: str | None,
    now: datetime,
    started_at: datetime,
    first: bool,
    slow: bool,
    last_mail_on: date | None,
    taken_on: Collection[date],
    counted_on: Collection[date],
    not_before: datetime | None = None,
    not_before_on: date | None = None,
    days: OpenDays | None = None,
) -> Slot | None:
    """When the step's mail may go: the next slot that is not over at `now`.

    `slot.at` may have passed, by `LATE` at most: then the mail goes now. `slot.until` is exclusive. Both are on
    `slot.local_on` in `zone`, and `at < until`. A slot that is to be kept must be written down: asked again after its
    minute, this gives another one.

    Args:
        campaign: whose cadence rules.
        step: what is to go; its `after` counts where it is longer than the cadence.
        limits: of the agreement, over all campaigns.
        lead_key: never changes; hashed.
        zone: the lead's, from `zone_of`.
        holidays: the calendar in which nothing goes on holidays; None: all days are ordinary.
        now: the instant of the decision.
        started_at: when the enrollment began.
        first: whether the enrollment has had no mail yet. The first goes after the enrollment's own local day, spread
            over the allowed days of the first week by the hash.
        slow: whether the slowed-down cadence rules, see `is_slow`.
        last_mail_on: local date of the lead's last nurture mail of any campaign.
        taken_on: local dates on which the lead has a mail already, or one on its way.
        counted_on: local dates of all mails that count towards the limits, repeated as often as there are mails.
        not_before: the instant before which nothing goes (a refusal's `wait`).
        not_before_on: the local date before which nothing goes.
        days: what `open_days` gives for this cadence, zone and these holidays, for who has it at hand.

    Returns:
        The slot, or None if no day is allowed within two years of the first thinkable one.
    """
    if days is None:
        days = open_days(campaign.cadence, zone, holidays)
    thinkable = soonest(campaign.cadence, step, slow, last_mail_on)
    if first:
        day = first_day(days, calendar.local_date(started_at, zone), not_before, lead_key, step.id)
        thinkable = later(thinkable, day)
    if not_before is None and not_before_on is None:
        found = at_once(days, limits, lead_key, step.id, now, thinkable, taken_on, counted_on)
        if found is not None:
            return found
    search = Search(campaign, step, limits, lead_key, days, now, taken_on, counted_on, not_before)
    return search.from_day(thinkable, not_before_on)


def soonest(cadence: Cadence, step: Step, slow: bool, last_mail_on: date | None) -> date | None:
    """The day that the rhythm asks for: the last mail's, plus the larger of the cadence and the step's own `after`."""
    if last_mail_on is None:
        return None
    every, after = _paces(cadence)[slow], _after(step)
    return last_mail_on + (every if every > after else after)


@once
def _paces(cadence: Cadence) -> tuple[timedelta, timedelta]:
    """How long from mail to mail: as a rule, and slowed down."""
    slowed = cadence.every if cadence.slow_down is None else cadence.slow_down.every
    return timedelta(days=cadence.every.days), timedelta(days=slowed.days)


@once
def _after(step: Step) -> timedelta:
    """How long the step itself waits after the mail before it."""
    return timedelta() if step.after is None else timedelta(days=step.after.days)
