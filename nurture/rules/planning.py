"""What a live enrollment does next: the step, its slot, or that it has run out."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from nurture.campaign import Campaign, Step
from nurture.facts import TAKES_A_DAY, EnrollmentFact, LeadState, Slot
from nurture.rules import alike, cadence, next_step
from nurture.rules.book import Rulebook
from nurture.rules.calendar import DAY, first_instant, local_date
from nurture.rules.known import known
from nurture.rules.next_step import Choice
from nurture.rules.slots import at_once, open_days
from nurture.values import quick

NO_CHOICE = Choice(None)
_ANYWHERE = timedelta(days=4)
"""A day so long ago is over in every zone, and two zones' dates of one instant are never so far apart."""


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
    planning = Planning(book, campaign, enrollment, now, state)
    return planning.plan(state, tomorrow_at_the_earliest=tomorrow_at_the_earliest)


class Planning:
    """One decision's plans: the lead's mails are walked once, though a decision that queues a mail plans twice."""

    __slots__ = ("_book", "_campaign", "_days", "_enrollment", "_mails", "_now", "_passed_to")

    def __init__(
        self, book: Rulebook, campaign: Campaign, enrollment: EnrollmentFact, now: datetime, state: LeadState
    ) -> None:
        """Look at what the lead has received."""
        self._book, self._campaign, self._enrollment, self._now = book, campaign, enrollment, now
        zone = cadence.zone_of(state.profile.timezone, book.agreement)
        self._days = open_days(campaign.cadence, zone, book.agreement.company.holidays)
        self._mails = _mails(state, enrollment, zone, now)
        self._passed_to: Step | None = None

    def is_for_today(self, slot: Slot) -> bool:
        """Whether a slot that was planned is one of the lead's local day that it is now."""
        return slot.local_on == self._days.today(self._now)

    def plan(self, state: LeadState, *, tomorrow_at_the_earliest: bool = False) -> Plan:
        """As the module's `plan`; `state` has the mails of the one looked at first, and those `queue` was told of."""
        book, campaign, enrollment, now = self._book, self._campaign, self._enrollment, self._now
        mails, zone = self._mails, self._days.zone
        slow = cadence.is_slow(campaign.cadence, mails.unanswered)
        choice = next_step.choose(
            campaign,
            state,
            enrollment.n,
            lambda step: known(book, state, now, campaign=campaign, step=step),
            after=self._passed_to,
            fits=alike.kinds(campaign).of(state).steps,
        )
        if choice.step is None:
            return Plan(None, None, _finish_at(campaign, state, enrollment, zone), slow, choice)
        slot = self._slot(choice.step, state, slow, tomorrow_at_the_earliest)
        return Plan(choice.step, slot, None, slow, choice)

    def _slot(self, step: Step, state: LeadState, slow: bool, tomorrow_at_the_earliest: bool) -> Slot | None:
        """When the step's mail may go. Most leads have had a mail, and wait for nothing: these are answered at once."""
        campaign, mails, days, now = self._campaign, self._mails, self._days, self._now
        limits, key = self._book.agreement.limits, state.profile.key
        if mails.of_enrollment and state.mail_from is None and not tomorrow_at_the_earliest:
            soonest = cadence.soonest(campaign.cadence, step, slow, mails.last)
            found = at_once(days, limits, key, step.id, now, soonest, mails.taken, mails.days, mails.last)
            if found is not None:
                return found
        return cadence.next_slot(
            campaign=campaign,
            step=step,
            limits=limits,
            lead_key=key,
            zone=days.zone,
            holidays=days.holidays,
            now=now,
            started_at=self._enrollment.started_at,
            first=not mails.of_enrollment,
            slow=slow,
            last_mail_on=mails.last,
            taken_on=mails.taken,
            counted_on=mails.days,
            not_before=state.mail_from,
            not_before_on=local_date(now, days.zone) + DAY if tomorrow_at_the_earliest else None,
            days=days,
        )

    def queue(self, step: Step, slot: Slot, engaged_at: datetime | None) -> None:
        """Add the mail of a step just planned, for a slot of today."""
        mails = self._mails
        mails.days.append(slot.local_on)
        mails.last = slot.local_on if mails.last is None else max(mails.last, slot.local_on)
        mails.taken.add(slot.local_on)
        mails.of_enrollment += 1
        mails.unanswered += engaged_at is None or slot.at > engaged_at
        self._passed_to = step


@dataclass(slots=True)
class _Mails:
    """What of a lead's mails sets the day of the next one.

    `days` has the local date of each, `last` the latest of them; `taken` has those that may be asked for again: as they
    were counted when set, and as they are in the lead's zone of today. `of_enrollment` and `unanswered` count this
    enrollment's.
    """

    days: list[date]
    last: date | None
    taken: set[date]
    of_enrollment: int
    unanswered: int


def _mails(state: LeadState, enrollment: EnrollmentFact, zone: str, now: datetime) -> _Mails:
    """One walk over the lead's mails, for it is walked whenever anything is planned."""
    days: list[date] = []
    taken: set[date] = set()
    here = unanswered = 0
    n, engaged_at, over = enrollment.n, state.engaged_at, now.date() - _ANYWHERE
    for delivery in state.deliveries:
        if delivery.state not in TAKES_A_DAY:
            continue
        day = delivery.local_on
        days.append(day)
        if day >= over:
            taken.add(day)
            taken.add(local_date(delivery.at, zone))
        if delivery.enrollment == n:
            here += 1
            unanswered += engaged_at is None or delivery.at > engaged_at
    return _Mails(days, max(days, default=None), taken, here, unanswered)


def unanswered(state: LeadState, enrollment: EnrollmentFact) -> int:
    """This enrollment's mails since the lead's last human event other than an open."""
    n, engaged_at, count = enrollment.n, state.engaged_at, 0
    for delivery in state.deliveries:
        if delivery.enrollment == n and delivery.state in TAKES_A_DAY:
            count += engaged_at is None or delivery.at > engaged_at
    return count


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
