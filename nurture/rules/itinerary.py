"""The road ahead of a lead to whom nothing else happens: every mail with its day, and what is passed over on the way.

It is `life.apply` in a loop: the lead is enrolled, is decided again whenever it comes due, and every mail is taken to
leave in its slot. So it says what production would do, for it asks what production asks.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nurture.facts import ON_THE_WAY, TAKES_A_DAY, DeliveryFact, EnrollmentFact, LeadState, Slot
from nurture.rules import life
from nurture.rules.book import Rulebook
from nurture.rules.effects import Effect, Enrolled, LeftCampaign, Queued
from nurture.rules.happenings import CameDue, EnrolledByHand, Happening
from nurture.rules.planning import Plan, plan

HORIZON = timedelta(days=2 * 365)
MOST_STOPS = 200


@dataclass(frozen=True, slots=True)
class Entered:
    """A campaign takes the lead, by hand or because it follows another."""

    at: datetime
    campaign: str


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail goes. `held_by` are the rules that moved its day; `slow` tells that the slow-down counted its days.

    `variant` is the one that this lead gets, for ever the same; None where the step has none.
    """

    at: datetime
    campaign: str
    step: str
    template: str
    variant: str | None
    slot: Slot
    held_by: tuple[str, ...]
    slow: bool


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A step does not go to this lead, as things stand then, and why."""

    at: datetime
    campaign: str
    step: str
    because: str


@dataclass(frozen=True, slots=True)
class RanOut:
    """Nothing is left of the campaign; `until` is when it ends the enrollment, None where it waits for new steps."""

    at: datetime
    campaign: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Left:
    """The campaign ends for the lead, with its word."""

    at: datetime
    campaign: str
    word: str


Stop = Entered | Mailed | PassedOver | RanOut | Left


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Everything in order, and in a few words why it ends there."""

    stops: tuple[Stop, ...]
    because: str

    @property
    def mails(self) -> tuple[Mailed, ...]:
        """The mails alone."""
        return tuple(stop for stop in self.stops if isinstance(stop, Mailed))


def itinerary(
    book: Rulebook, state: LeadState, now: datetime, *, campaign: str | None = None, within: timedelta = HORIZON
) -> Itinerary:
    """Follow a lead that does nothing.

    Args:
        book: the files as they are.
        state: the lead as it stands. Nobody looks at whether it may be mailed at all: that is `why`'s to say.
        now: the instant from which on nothing happens.
        campaign: puts the lead into this campaign first, unless it is there already; None: as it stands.
        within: how far to look.
    """
    journey = _Journey(book, state, now)
    live = state.enrollment
    if campaign is not None and (live is None or live.campaign != campaign):
        journey.happens(EnrolledByHand(campaign), now)
    because = journey.run(now + within)
    return Itinerary(tuple(journey.stops), because)


@dataclass(slots=True)
class _Journey:
    book: Rulebook
    state: LeadState
    now: datetime
    stops: list[Stop] = field(default_factory=list)
    _plan: Plan | None = None
    _said: set[tuple[int, str]] = field(default_factory=set)

    def run(self, end: datetime) -> str:
        """Let time pass until nothing more comes due; gives why."""
        while len(self.stops) < MOST_STOPS:
            self._look_ahead()
            enrollment = self.state.enrollment
            due = self.state.ask_at if enrollment is None else enrollment.due_at
            if due is None:
                return self._rest(enrollment)
            if max(due, self.now) > end:
                return f"what comes after {end:%d %b %Y} is not looked at"
            before = self.state
            self.happens(CameDue(), max(due, self.now))
            if self.state == before:
                return "nothing more comes of it"
        return f"only the first {MOST_STOPS} stops are shown"

    def happens(self, happening: Happening, now: datetime) -> None:
        """Apply it, note what followed, and let the mails leave."""
        planned, self.now = self._plan, now
        outcome = life.apply(self.book, self.state, happening, now)
        self.state = replace(
            outcome.state,
            deliveries=tuple(
                replace(delivery, state="sent") if delivery.state in ON_THE_WAY else delivery
                for delivery in outcome.state.deliveries
            ),
        )
        for effect in outcome.effects:
            self._note(effect, planned)

    def _note(self, effect: Effect, planned: Plan | None) -> None:
        if isinstance(effect, Enrolled):
            self.stops.append(Entered(self.now, effect.enrollment.campaign))
        elif isinstance(effect, LeftCampaign):
            self.stops.append(Left(self.now, effect.campaign, effect.word))
        elif isinstance(effect, Queued):
            slot = effect.slot
            held_by = () if planned is None or planned.slot is None else planned.slot.held_by
            slow = planned is not None and planned.slow
            self.stops.append(
                Mailed(slot.at, effect.campaign, effect.step, effect.template, effect.variant, slot, held_by, slow)
            )

    def _look_ahead(self) -> None:
        """Ask what was planned, for what the decision itself does not tell: what it passed over, what moved the day."""
        enrollment = self.state.enrollment
        campaign = None if enrollment is None else self.book.campaigns.get(enrollment.campaign)
        self._plan = None
        if enrollment is None or campaign is None or campaign.status != "live":
            return
        planned = self._plan = plan(self.book, campaign, self.state, enrollment, self.now)
        had = {delivery.step for delivery in self.state.deliveries if _is_news_no_more(delivery, campaign.id)}
        for step, because in planned.passed:
            if step not in had and (enrollment.n, step) not in self._said:
                self._said.add((enrollment.n, step))
                self.stops.append(PassedOver(self.now, campaign.id, step, because))
        if planned.step is None and (enrollment.n, "") not in self._said:
            self._said.add((enrollment.n, ""))
            self.stops.append(RanOut(self.now, campaign.id, planned.finish_at))

    def _rest(self, enrollment: EnrollmentFact | None) -> str:
        if enrollment is None:
            return "the lead rests: no mail, and its signals count"
        campaign = self.book.campaigns.get(enrollment.campaign)
        if campaign is None or campaign.status != "live":
            return "the campaign does not run"
        if enrollment.status == "active":
            return "no day within two years is allowed"
        return "the campaign has nothing left for this lead, and waits for new steps"


def _is_news_no_more(delivery: DeliveryFact, campaign: str) -> bool:
    """Whether the lead has this mail, so that nobody asks why it does not come."""
    return delivery.campaign == campaign and delivery.state in TAKES_A_DAY
