"""What a live enrollment does next: the step, its slot, or that it has run out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from nurture.campaign import Campaign, Step
from nurture.facts import TAKES_A_DAY, DeliveryFact, EnrollmentFact, LeadState, Slot
from nurture.rules import cadence, next_step
from nurture.rules.book import Rulebook
from nurture.rules.calendar import first_instant, local_date
from nurture.rules.known import known
from nurture.rules.next_step import Choice
from nurture.values import quick

NO_CHOICE = Choice(None)
_ANYWHERE = timedelta(days=4)


@quick
@dataclass(frozen=True, slots=True)
class Plan:
    """`step` in `slot`; or no step: exhausted, and `finish_at` is when the enrollment ends (None: it waits for ever).

    `slow` tells whether the slow-down rules. A step without a slot: no day within two years is allowed. `choice` has
    the steps that were passed over.
    """

    step: Step | None
    slot: Slot | None
    finish_at: datetime | None
    slow: bool
    choice: Choice = NO_CHOICE

    @property
    def passed(self) -> tuple[tuple[str, str], ...]:
        """Each step passed over, with why in plain words."""
        return self.choice.passed


def plan(
    book: Rulebook,
    campaign: Campaign,
    state: LeadState,
    enrollment: EnrollmentFact,
    now: datetime,
    *,
    tomorrow_at_the_earliest: bool = False,
) -> Plan:
    """The enrollment's next step and when, from the files as they are and what the lead has received."""
    slow = is_slow(campaign, state, enrollment)
    zone = cadence.zone_of(state.profile.timezone, book.agreement)
    choice = next_step.choose(
        campaign, state, enrollment.n, lambda step: known(book, state, now, campaign=campaign, step=step)
    )
    if choice.step is None:
        return Plan(None, None, _finish_at(campaign, state, enrollment, zone), slow, choice)
    counted = [delivery for delivery in state.deliveries if delivery.state in TAKES_A_DAY]
    slot = cadence.next_slot(
        campaign=campaign,
        step=choice.step,
        limits=book.agreement.limits,
        lead_key=state.profile.key,
        zone=zone,
        holidays=book.agreement.company.holidays,
        now=now,
        started_at=enrollment.started_at,
        first=not any(delivery.enrollment == enrollment.n for delivery in counted),
        slow=slow,
        last_mail_on=max((delivery.local_on for delivery in counted), default=None),
        taken_on=_taken_on(counted, zone, now),
        counted_on=[delivery.local_on for delivery in counted],
        not_before=state.mail_from,
        not_before_on=local_date(now, zone) + timedelta(days=1) if tomorrow_at_the_earliest else None,
    )
    return Plan(choice.step, slot, None, slow, choice)


def is_slow(campaign: Campaign, state: LeadState, enrollment: EnrollmentFact) -> bool:
    """Whether the lead has left so many of this enrollment's mails unanswered that the slow-down rules."""
    return cadence.is_slow(campaign.cadence, unanswered(state, enrollment))


def unanswered(state: LeadState, enrollment: EnrollmentFact) -> int:
    """This enrollment's mails since the lead's last human event other than an open."""
    n, engaged_at, count = enrollment.n, state.engaged_at, 0
    for delivery in state.deliveries:
        if delivery.enrollment == n and delivery.state in TAKES_A_DAY:
            count += engaged_at is None or delivery.at > engaged_at
    return count


def _taken_on(counted: Sequence[DeliveryFact], zone: str, now: datetime) -> set[date]:
    """Local days that have their mail: as they were counted when set, and as they are in the lead's zone of today.

    Days that are over everywhere are left out; two zones' dates of one instant are never more than two days apart.
    """
    over = now.date() - _ANYWHERE
    taken: set[date] = set()
    for delivery in counted:
        if delivery.local_on >= over:
            taken.add(delivery.local_on)
            taken.add(local_date(delivery.at, zone))
    return taken


def _finish_at(campaign: Campaign, state: LeadState, enrollment: EnrollmentFact, zone: str) -> datetime | None:
    """Start of the local day that is `finish.after` after the campaign's last mail (or the enrollment's start)."""
    if campaign.finish is None:
        return None
    last = max(
        (
            delivery.local_on
            for delivery in state.deliveries
            if delivery.campaign == campaign.id and delivery.state in TAKES_A_DAY
        ),
        default=None,
    )
    begun = local_date(enrollment.started_at, zone)
    last = begun if last is None else max(last, begun)
    return first_instant(last + timedelta(days=campaign.finish.after.days), time(), zone)
