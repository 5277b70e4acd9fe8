"""Where each step of a campaign stands for a lead that is in it: had, next, still to come, or passed over, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nurture.campaign import Campaign, Step
from nurture.facts import ON_THE_WAY, RECEIVED, DeliveryFact, EnrollmentFact, LeadState
from nurture.rules import next_step
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.known import known
from nurture.rules.next_step import Choice
from nurture.rules.spoken_time import say_date

Place = Literal["received", "on_its_way", "failed", "passed_over", "does_not_fit", "next", "later"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One step: its place, and why in plain words. `fits` tells whether the step's own `when` lets it through now."""

    step: str
    place: Place
    because: str
    fits: bool = True


def standings(
    book: Rulebook, campaign: Campaign, state: LeadState, enrollment: EnrollmentFact, now: datetime
) -> tuple[Standing, ...]:
    """Every step of the campaign, in the order of the file, for a lead in this enrollment."""
    looking = _Looking(book, campaign, state, enrollment, now)
    choice = looking.choice(campaign)
    passed = dict(choice.passed)
    begin = _begin(campaign, choice)
    found = []
    for index, step in enumerate(campaign.steps):
        if choice.step is not None and step.id == choice.step.id:
            found.append(Standing(step.id, "next", _first_left(passed)))
        elif step.id in passed:
            found.append(looking.refused(step, passed[step.id]))
        else:
            found.append(looking.before(step, begin) if index < begin else looking.after(step))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Looking:
    book: Rulebook
    campaign: Campaign
    state: LeadState
    enrollment: EnrollmentFact
    now: datetime

    def choice(self, campaign: Campaign) -> Choice:
        """What comes next of a campaign's steps."""
        return next_step.choose(
            campaign,
            self.state,
            self.enrollment.n,
            lambda step: known(self.book, self.state, self.now, campaign=campaign, step=step),
        )

    def why_not(self, step: Step) -> str | None:
        """Why this step would not come, if the campaign had no other."""
        alone = self.campaign.model_copy(update={"steps": (step,), "order": "unseen"})
        return dict(self.choice(alone).passed).get(step.id)

    def refused(self, step: Step, why_not: str) -> Standing:
        mail = self._last_mail(step)
        if mail is not None and mail.state in RECEIVED:
            return Standing(step.id, "received", f"received already, on {self._day(mail)}")
        if mail is not None and mail.state in ON_THE_WAY:
            return Standing(step.id, "on_its_way", f"on its way, for {self._day(mail)}")
        if mail is not None and mail.state == "failed" and mail.for_good and mail.cycle == self.state.cycle:
            return Standing(step.id, "failed", "its mail could not be sent, and is not tried again in this cycle")
        return Standing(step.id, "does_not_fit", f"it is not for this lead: {why_not}", fits=False)

    def before(self, step: Step, begin: int) -> Standing:
        """A step above the point that the sequence has reached."""
        why_not = self.why_not(step)
        beyond = f"the sequence is beyond it: it has reached `{self.campaign.steps[begin - 1].id}`, further down"
        if why_not is None:
            return Standing(step.id, "passed_over", beyond)
        found = self.refused(step, why_not)
        if found.place != "does_not_fit":
            return found
        return Standing(step.id, "passed_over", f"{beyond}; and {why_not}", fits=False)

    def after(self, step: Step) -> Standing:
        """A step below the next one."""
        why_not = self.why_not(step)
        if why_not is None:
            return Standing(step.id, "later", "other steps come first")
        found = self.refused(step, why_not)
        if found.place != "does_not_fit":
            return found
        return Standing(step.id, "later", f"other steps come first; and as things stand, {why_not}", fits=False)

    def _last_mail(self, step: Step) -> DeliveryFact | None:
        """The mail that decides whether the lead has the step."""
        mine = [mail for mail in self.state.deliveries if (mail.campaign, mail.step) == (self.campaign.id, step.id)]
        if step.repeat:
            mine = [mail for mail in mine if mail.cycle == self.state.cycle]
        had = [mail for mail in mine if mail.state in RECEIVED or mail.state in ON_THE_WAY]
        return max(had or mine, key=lambda mail: mail.at, default=None)

    def _day(self, mail: DeliveryFact) -> str:
        zone = zone_of(self.state.profile.timezone, self.book.agreement)
        return say_date(mail.local_on, local_date(self.now, zone).year)


def _begin(campaign: Campaign, choice: Choice) -> int:
    """Index of the first step that was asked: all above it are behind the lead."""
    asked = {step for step, _ in choice.passed} | ({choice.step.id} if choice.step is not None else set())
    return next((index for index, step in enumerate(campaign.steps) if step.id in asked), len(campaign.steps))


def _first_left(passed: dict[str, str]) -> str:
    return "it is the first one left" if passed else "it is the next one in order"


def place_of(found: Sequence[Standing], step: str) -> Standing | None:
    """One step's standing."""
    return next((standing for standing in found if standing.step == step), None)
